import { describeThrown, EngineError, type EpochMs, located, thrownMessage, warningOf } from "@millrace/base";
import { operators } from "@millrace/operators";
import type { Lineage, OutputInfo, SinkWrites } from "@millrace/plan";
import { runAction } from "../action/action.ts";
import type { BatchScope } from "../batch/batch-scope.ts";
import { badArgument, sinkCommitFailed } from "../errors.ts";
import type { OutputOperation, OutputSink } from "../graph/graph-builder.ts";
import { STREAM } from "../internals.ts";
import { runAuthorCode } from "../job/author-code.ts";
import type { JobContext } from "../job/job-context.ts";
import { checkAll } from "../refusal/check-all.ts";
import { kindOf } from "../refusal/not-given.ts";
import { decodeRecords } from "../source/collection.ts";
import type { DStream } from "../stream/dstream.ts";

/**
 * The batch, partition and attempt that a writer belongs to. The three together are unique within one start of the job;
 * a batch that runs again after a kill may have them again, so a writer replaces what it finds under them.
 */
export interface SinkTask {
  /** The batch time, in epoch ms. */
  readonly time: number;
  /** The partition of the stream, from 0. */
  readonly partition: number;
  /** The number of the attempt. Several may write at the same time; one of them counts, not necessarily the last. */
  readonly attempt: number;
}

/** Takes the records of one attempt. Its methods are called one after the other. */
export interface SinkWriter<T, Written> {
  /** Takes some of the records, in order. Later ones wait for it. */
  write(records: readonly T[]): void | Promise<void>;
  /**
   * Called after all records. The written data is then complete, and not visible yet.
   *
   * @returns A description of it, as plain data, for `commit` and `abort` of the sink: a name, an offset, the number of
   *   a transaction.
   */
  close(): Written | Promise<Written>;
  /** The attempt has failed or was cancelled. A lost executor calls nothing. */
  abort?(): void | Promise<void>;
}

/**
 * A sink that tasks write to, for packages. Pass it to {@link saveExternal}.
 *
 * Not final: after a restart, a sink will be told which writes of a batch it must finish or discard.
 *
 * @typeParam T The records.
 * @typeParam Written The result of a writer's `close`: plain data.
 * @typeParam Options Parameters of writing, such as addresses and secrets. Sent only to executors.
 */
export interface ExternalSink<T, Written, Options = undefined> {
  /** Its name for the operator: `kafka totals`. */
  readonly label: string;
  /** Sent to executors with `open`: any value that a function may capture. */
  readonly options: Options;
  /**
   * Called in a task, once for each attempt at each partition, including empty ones. A function of the job, or one that
   * a package has named with {@link shipPackage}.
   */
  readonly open: (task: SinkTask, options: Options) => SinkWriter<T, Written> | Promise<SinkWriter<T, Written>>;
  /**
   * Publishes what a batch has written. Called on the driver when every output of the batch is done, with those of the
   * batch's outputs that save files. If it throws it is retried, `task.attempts.max` times in all and with the pauses
   * of a task's retries; then the output has failed. An earlier call may have done its work already, so it must be
   * idempotent.
   *
   * @param time The batch's time, in epoch ms.
   * @param written The results of `close` of the attempts that count, in partition order.
   */
  commit?(time: number, written: readonly Written[]): void | Promise<void>;
  /**
   * Discards what a batch has written: it is not committed, because a task of this output failed, because the batch
   * failed or was cut off, or because `commit` was refused for good. Called on the driver. An error is reported as a
   * warning.
   *
   * @param time The batch's time, in epoch ms.
   * @param written The argument that `commit` was or would have been called with; empty if a task failed.
   */
  abort?(time: number, written: readonly Written[]): void | Promise<void>;
}

/**
 * Declares an output operation that writes a stream to a sink of a package.
 *
 * @throws BAD_ARGUMENT
 * @throws FUNCTION_NOT_SHIPPABLE Executors would not find `open`.
 */
export function saveExternal<T, Written, Options>(
  stream: DStream<T>,
  to: ExternalSink<T, Written, Options>,
): OutputOperation {
  const operator = "saveExternal";
  const { context, graph, node } = stream[STREAM];
  context.requireBuilding(operator);
  checkAll(operator, {
    label: () => {
      if (typeof to?.label !== "string" || to.label === "")
        throw badArgument(`${operator} takes a sink with a label and a function open. Give it those.`);
    },
    commit: () => checkMethod(to, "commit"),
    abort: () => checkMethod(to, "abort"),
  });
  const { label } = to;
  const { site } = context.ship(to.open, `open of ${label}`);
  const open = context.checked(operators.openExternal.ref(() => [to.open, to.options], site));
  const sink = outputSink<Written>(context, to);
  const body = async (target: Lineage, scope: BatchScope, output: OutputInfo): Promise<void> => {
    try {
      const written = await runAction(context, { name: operator, target, sink: { kind: "external", open, label } });
      if (to.commit !== undefined || to.abort !== undefined) scope.addPrepared({ kind: "sink", output, written });
    } catch (error) {
      await sink.abort(scope.time, []); // the first error is the one to report
      throw error;
    }
  };
  return graph.output(`${operator} to ${label}`, node, body, sink);
}

type Commits<Written> = Pick<ExternalSink<never, Written, unknown>, "label" | "commit" | "abort">;

/** @throws BAD_ARGUMENT */
function checkMethod(to: Commits<never> | undefined, method: "commit" | "abort"): void {
  const given = to?.[method];
  if (given === undefined || typeof given === "function") return;
  throw badArgument(`${method} of the sink given to saveExternal is ${kindOf(given)}. It must be a function.`);
}

function outputSink<Written>(context: JobContext, to: Commits<Written>): OutputSink {
  const decoded = (written: SinkWrites["written"]): Written[] =>
    written.flatMap((block) => decodeRecords<Written>(context, block)); // one of each partition, from its writer
  return {
    commit: async (time, written) => {
      try {
        await to.commit?.(time, decoded(written));
      } catch (error) {
        throw commitFailed(to.label, time, error);
      }
    },
    abort: async (time, written) => {
      const what = `abort of ${to.label}`;
      try {
        const outcome = "What the batch has written stays where it is.";
        await runAuthorCode({ what, outcome }, () => to.abort?.(time, decoded(written)));
      } catch (error) {
        context.port.warn(warningOf(thrownMessage(error), { subject: what }));
      }
    },
  };
}

/** An error of the engine is passed on: it knows whether a retry is useful. */
function commitFailed(label: string, time: EpochMs, error: unknown): EngineError {
  if (error instanceof EngineError) return located(error);
  return sinkCommitFailed(
    `commit of ${label} threw ${describeThrown(error)} for batch ${time}. It is called again, task.attempts.max times in all; ` +
      "then the output has failed, and its writes are discarded. Check the system that the sink writes to.",
    { cause: error },
  );
}
