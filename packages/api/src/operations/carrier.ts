import type { FunctionRef } from "@millrace/operators";
import type { Partitioning } from "@millrace/plan";
import type { JobContext } from "../job/job-context.ts";
import type { ShuffleOptions } from "../partition/partitioner.ts";
import type { MergeStep, Step } from "./steps.ts";

/**
 * The target of an operation: an RDD's lineage (`Dataset`) or a stream of the graph (`GraphStream`). An operation that
 * both have is written once, for any carrier: it checks its arguments and makes a step; the carrier takes the step.
 *
 * @typeParam R The result of an operation: a `Lineage`, or a `StreamNode`.
 */
export interface Carrier<R> {
  readonly context: JobContext;
  /** Makes a function of the author shippable. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE */
  ship(fn: unknown, operator: string): FunctionRef;
  /** `undefined` if the author leaves the partitioning to the engine. @throws BAD_ARGUMENT, CAPTURE_NOT_SHIPPABLE */
  partitioning<K>(options: ShuffleOptions<K> | undefined, operator: string): Partitioning | undefined;
  /** Takes a step: an RDD at once, a stream in each batch. `label` names the result: `map at job.ts:4:6`. */
  take(step: Step, label: string): R;
  /** Takes a step with others of the same kind as further parents. @throws BAD_ARGUMENT, OTHER_CONTEXT */
  merge(others: readonly unknown[], step: MergeStep, operator: string): R;
}
