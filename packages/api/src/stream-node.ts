import type { Lineage } from "@millrace/plan";
import type { BatchScope } from "./batch-scope.ts";

/** A stream in the job's graph: what makes its RDD, batch by batch. */
export interface StreamNode {
  /** `map at job.ts:4:6`. */
  readonly label: string;
  readonly parents: readonly StreamNode[];
  /** Makes the RDD of a batch. Called once a batch at most, through {@link BatchScope.lineageOf}. */
  compute(scope: BatchScope): Lineage | Promise<Lineage>;
}

/** Applies a step to what may be at hand already, without an idle turn of the event loop when it is. */
export function whenReady<T, U>(value: T | Promise<T>, step: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(step) : step(value);
}
