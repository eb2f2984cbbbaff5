import { operators } from "@millrace/operators";
import type { Lineage } from "@millrace/plan";
import { runAction } from "../action/action.ts";
import type { BatchScope } from "../batch/batch-scope.ts";
import { badArgument } from "../errors.ts";
import { STREAM } from "../internals.ts";
import { runAuthorCode } from "../job/author-code.ts";
import { checkAll } from "../refusal/check-all.ts";
import { kindOf } from "../refusal/not-given.ts";
import { decodeRecords } from "../source/collection.ts";
import type { DStream } from "../stream/dstream.ts";

/** Which attempt at which partition of a batch a writer is for: nothing else ever has the same three. */
export interface SinkTask {
  /** The batch's time, in epoch ms. */
  readonly time: number;
  /** Of the stream, from 0. */
  readonly partition: number;
  /** Only one attempt's result counts, which need not be the last one. Several may write at the same time. */
  readonly attempt: number;
}

/** Takes the records of one attempt. Its methods are called one after the other. */
export interface SinkWriter<T, Written> {
  /** Takes some of the records, in their order. Those that follow wait for it. */
  write(records: readonly T[]): void | Promise<void>;
  /**
   * All records are there.
   *
   * @returns What was written, as plain data, for `commit` of the sink: a name, an offset, the number of a transaction.
   */
  close(): Written | Promise<Written>;
  /** The attempt has failed or was cancelled. An executor that is lost calls nothing. */
  abort?(): void | Promise<void>;
}

/**
 * A sink that tasks write to, for packages. Hand it to {@link saveExternal}.
 *
 * What will still change: a batch will be committed when all of its outputs are done, with a log before it, and a sink
 * will be told after a restart what of a batch it has to finish or take back.
 *
 * @typeParam T The records.
 * @typeParam Written What `close` of a writer tells: plain data.
 * @typeParam Options What writing takes, such as addresses and secrets. It goes to the executors only.
 */
export interface ExternalSink<T, Written, Options = undefined> {
  /** What the operator calls it: `kafka totals`. */
  readonly label: string;
  /** Sent with the opening function: whatever a function may capture. */
  readonly options: Options;
  /**
   * Called in a task, once for each attempt at each partition, also for empty ones. A function of the job, or one that a package
   * has named with {@link shipPackage}.
   */
  readonly open: (task: SinkTask, options: Options) => SinkWriter<T, Written> | Promise<SinkWriter<T, Written>>;
  /**
   * Called on the driver when all tasks of the batch's output are done. When it throws, the output has failed.
   *
   * @param time The batch's time, in epoch ms.
   * @param written What the attempts that count have told, in partition order.
   */
  commit?(time: number, written: readonly Written[]): void | Promise<void>;
}

/**
 * Declares an output operation that writes what a stream has to a sink that a package brings.
 *
 * @throws BAD_ARGUMENT
 * @throws FUNCTION_NOT_SHIPPABLE Executors would not find `open`.
 */
export function saveExternal<T, Written, Options>(stream: DStream<T>, to: ExternalSink<T, Written, Options>): void {
  const operator = "saveExternal";
  const { context, graph, node } = stream[STREAM];
  context.requireBuilding(operator);
  checkAll(operator, {
    label: () => {
      if (typeof to?.label !== "string" || to.label === "")
        throw badArgument(`${operator} takes a sink with a label and a function open. Give it those.`);
    },
    commit: () => {
      if (to?.commit !== undefined && typeof to.commit !== "function")
        throw badArgument(`commit of the sink given to ${operator} is ${kindOf(to.commit)}. It must be a function.`);
    },
  });
  const { label } = to;
  const { site } = context.ship(to.open, `open of ${label}`);
  const open = context.checked(operators.openExternal.ref(() => [to.open, to.options], site));
  graph.output(`${operator} to ${label}`, node, async (target: Lineage, { time }: BatchScope) => {
    const blocks = await runAction(context, { name: operator, target, sink: { kind: "external", open, label } });
    const written = blocks.flatMap((block) => decodeRecords(context, block) as Written[]); // one of each partition, from its writer
    const about = { what: `commit of ${label}`, outcome: "The output fails." };
    await runAuthorCode(about, () => to.commit?.(time, written));
  });
}
