import { describeThrown, EngineError, epochMs, located, thrownMessage, warningOf } from "@millrace/base";
import { operators } from "@millrace/operators";
import type { Lineage, OutputInfo, SinkWrites } from "@millrace/plan";
import { runAction } from "../action/action.ts";
import type { BatchScope } from "../batch/batch-scope.ts";
import { badArgument, sinkCommitFailed } from "../errors.ts";
import type { OutputBatch, OutputOperation, OutputSink } from "../graph/graph-builder.ts";
import { STREAM } from "../internals.ts";
import { runAuthorCode } from "../job/author-code.ts";
import type { JobContext } from "../job/job-context.ts";
import { checkAll } from "../refusal/check-all.ts";
import { kindOf } from "../refusal/not-given.ts";
import { decodeRecords } from "../source/collection.ts";
import type { DStream } from "../stream/dstream.ts";

/** One output of one batch, as a sink sees it. */
export interface SinkBatch {
  /**
   * `JOB.ID/OUTPUT/TIME`: the same whenever this batch runs or is committed, in whatever process and by whatever version
   * of the job's code, and of no other output, batch or job. ID is drawn by lot when the job's checkpoint begins; a fork
   * has another. For names of transactions and rows.
   */
  readonly id: string;
  /** The batch time, in epoch ms. */
  readonly time: number;
  /** The name of the output: that given with `named`, otherwise `saveExternal-0`, `saveExternal-1`, … */
  readonly output: string;
  /**
   * The job's owner that asks: each start of a job that names its checkpoint directory has a higher one than all before.
   * 0 of other jobs.
   */
  readonly epoch: number;
}

/**
 * The batch, partition and attempt that a writer belongs to. Epoch and attempt together are used once for a partition of
 * a batch. Several may write at the same time, even attempts of an earlier epoch whose process was only cut off; one of
 * them counts, not necessarily the last.
 */
export interface SinkTask extends SinkBatch {
  /** The partition of the stream, from 0. */
  readonly partition: number;
  /** The number of the attempt. */
  readonly attempt: number;
}

/** Takes the records of one attempt. Its methods are called one after the other. */
export interface SinkWriter<T, Prepared> {
  /** Takes some of the records, in order. Later ones wait for it. */
  write(records: readonly T[]): void | Promise<void>;
  /**
   * Called after all records. What was written is then complete and durable, and not visible yet.
   *
   * @returns A description of it, as plain data, for `commit` and `abort` of the sink, in this process or another: a
   *   name, an offset, the number of a transaction.
   */
  prepare(): Prepared | Promise<Prepared>;
  /** The attempt has failed or was cancelled. A lost executor calls nothing. */
  abort?(): void | Promise<void>;
}

/** What a job finds when it starts, for a sink that has to put its system in order. */
export interface SinkStart<Prepared> {
  /** `JOB.ID/OUTPUT`: what the ids of all batches of this output begin with. */
  readonly id: string;
  /** The name of the output. */
  readonly output: string;
  /** Of this start. Whatever bears a lower one was left by an earlier start. */
  readonly epoch: number;
  /** The last batch that was committed, in epoch ms; `undefined` if none was. */
  readonly committed: number | undefined;
  /** The batch that was begun and is not committed, if there is one. */
  readonly pending:
    | {
        /** Which it is. */
        readonly batch: SinkBatch;
        /**
         * What it has prepared: `commit` follows with the same. `undefined`: the batch runs again, and nothing that was
         * written for it counts.
         */
        readonly prepared: readonly Prepared[] | undefined;
      }
    | undefined;
}

/**
 * A sink whose writes become visible once, with their batch: tasks prepare them, the driver commits those that count. It
 * is for packages, and for anybody whose system can hide what is written until it is told. Pass it to
 * {@link saveExternal}; `sinkContract` of `millrace/testing` checks that it keeps its promises.
 *
 * @typeParam T The records.
 * @typeParam Prepared The result of a writer's `prepare`: plain data.
 * @typeParam Options Parameters of writing, such as addresses and secrets. Sent only to executors.
 */
export interface Sink<T, Prepared, Options = undefined> {
  /** Its name for the operator: `kafka totals`. */
  readonly label: string;
  /** Sent to executors with `open`: any value that a function may capture. */
  readonly options: Options;
  /**
   * Called in a task, once for each attempt at each partition, including empty ones. A function of the job, or one that
   * a package has named with {@link shipPackage}.
   */
  readonly open: (task: SinkTask, options: Options) => SinkWriter<T, Prepared> | Promise<SinkWriter<T, Prepared>>;
  /**
   * Tries once to reach where records go: `millrace check --connect` calls it, on the driver, and nothing else does. It changes
   * nothing, waits for nothing, closes what it has opened, and throws what is wrong, with a remedy.
   */
  probe?(): void | Promise<void>;
  /**
   * Called on the driver once, before the first batch, which waits for it, when a job that names its checkpoint directory
   * starts. Discards what earlier starts have left, except what `pending` says is to be committed. An error ends the job.
   */
  recover?(start: SinkStart<Prepared>): void | Promise<void>;
  /**
   * Makes visible what a batch has prepared, and discards what other attempts have prepared for it. Called on the driver
   * when every output of the batch is done, with those of the batch's outputs that save files. If it throws it is
   * retried, `task.attempts.max` times in all and with the pauses of a task's retries; then the output has failed.
   *
   * An earlier call may have done its work already, in this process or in one that was killed: it must be idempotent, by
   * the batch's id.
   *
   * @param prepared The results of `prepare` of the attempts that count, in partition order.
   */
  commit?(batch: SinkBatch, prepared: readonly Prepared[]): void | Promise<void>;
  /**
   * Discards whatever was prepared for a batch: it is not committed, because a task of this output failed, because the
   * batch failed or was cut off, or because `commit` was refused for good. Called on the driver. An error is reported as
   * a warning. The batch may run again later, under the same id.
   *
   * @param prepared The argument that `commit` was or would have been called with; empty if a task failed.
   */
  abort?(batch: SinkBatch, prepared: readonly Prepared[]): void | Promise<void>;
}

/**
 * Declares an output operation that writes a stream to a sink of a package.
 *
 * @throws BAD_ARGUMENT
 * @throws FUNCTION_NOT_SHIPPABLE Executors would not find `open`.
 */
export function saveExternal<T, Prepared, Options>(
  stream: DStream<T>,
  to: Sink<T, Prepared, Options>,
): OutputOperation {
  const operator = "saveExternal";
  const { context, graph, node } = stream[STREAM];
  context.requireBuilding(operator);
  checkAll(operator, {
    label: () => {
      if (typeof to?.label !== "string" || to.label === "")
        throw badArgument(`${operator} takes a sink with a label and a function open. Give it those.`);
    },
    probe: () => checkMethod(to, "probe"),
    recover: () => checkMethod(to, "recover"),
    commit: () => checkMethod(to, "commit"),
    abort: () => checkMethod(to, "abort"),
  });
  const { label } = to;
  context.addOutside({ name: label, use: "output", probe: to.probe?.bind(to) });
  const { site } = context.ship(to.open, `open of ${label}`);
  /** Of the batch that runs: captured by its tasks. */
  let running: OutputBatch = { id: "", time: epochMs(0), output: "", epoch: 0 };
  const open = context.checked(operators.openExternal.ref(() => [to.open, to.options, running], site));
  const sink = outputSink<Prepared>(context, to);
  const body = async (target: Lineage, scope: BatchScope, output: OutputInfo, batch: OutputBatch): Promise<void> => {
    running = batch;
    try {
      const written = await runAction(context, { name: operator, target, sink: { kind: "external", open, label } });
      if (to.commit !== undefined || to.abort !== undefined) scope.addPrepared({ kind: "sink", output, written });
    } catch (error) {
      await sink.abort(batch, []); // the first error is the one to report
      throw error;
    }
  };
  return graph.output(`${operator} to ${label}`, node, body, sink);
}

type OnDriver<Prepared> = Pick<Sink<never, Prepared, unknown>, "label" | "probe" | "recover" | "commit" | "abort">;

/** @throws BAD_ARGUMENT */
function checkMethod(to: OnDriver<never> | undefined, method: "probe" | "recover" | "commit" | "abort"): void {
  const given = to?.[method];
  if (given === undefined || typeof given === "function") return;
  throw badArgument(`${method} of the sink given to saveExternal is ${kindOf(given)}. It must be a function.`);
}

function outputSink<Prepared>(context: JobContext, to: OnDriver<Prepared>): OutputSink {
  const decoded = (written: SinkWrites["written"]): Prepared[] =>
    written.flatMap((block) => decodeRecords<Prepared>(context, block)); // one of each partition, from its writer
  return {
    recover: async ({ pending, ...start }) => {
      const prepared = pending?.written && decoded(pending.written);
      const left = pending && { batch: pending.batch, prepared };
      await runAuthorCode({ what: `recover of ${to.label}`, outcome: "The job ends." }, () =>
        to.recover?.({ ...start, pending: left }),
      );
    },
    commit: async (batch, written) => {
      try {
        await to.commit?.(batch, decoded(written));
      } catch (error) {
        throw commitFailed(to.label, batch.time, error);
      }
    },
    abort: async (batch, written) => {
      const what = `abort of ${to.label}`;
      try {
        const outcome = "What the batch has written stays where it is.";
        await runAuthorCode({ what, outcome }, () => to.abort?.(batch, decoded(written)));
      } catch (error) {
        context.port.warn(warningOf(thrownMessage(error), { subject: what }));
      }
    },
  };
}

/** An error of the engine is passed on: it knows whether a retry is useful. */
function commitFailed(label: string, time: number, error: unknown): EngineError {
  if (error instanceof EngineError) return located(error);
  return sinkCommitFailed(
    `commit of ${label} threw ${describeThrown(error)} for batch ${time}. It is called again, task.attempts.max times in all; ` +
      "then the output has failed, and its writes are discarded. Check the system that the sink writes to.",
    { cause: error },
  );
}
