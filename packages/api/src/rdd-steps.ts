import type { FunctionRef, Lineage, ShuffleUse } from "@millrace/plan";
import { badArgument, otherContext } from "./errors.ts";
import { CONTEXT, LINEAGE } from "./internals.ts";
import type { JobContext } from "./job-context.ts";
import type { Partitioner, StepContext } from "./steps.ts";

/** What a function of partitions may give back. */
export type PartitionResult<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U> | AsyncIterable<U>>;

/** Options of `combineByKey` beyond those of every shuffle. */
export interface CombineOptions<K> {
  readonly numPartitions?: number | undefined;
  readonly partitioner?: Partitioner<K> | undefined;
  /** False: combine after the shuffle only, when combining saves nothing. */
  readonly mapSideCombine?: boolean | undefined;
}

/** What `combineByKey` does with its shuffle. */
export function combineUse(
  ship: (fn: unknown, operator: string) => FunctionRef,
  [create, mergeValue, mergeCombiners]: readonly [unknown, unknown, unknown],
  options: number | { readonly mapSideCombine?: boolean | undefined } | undefined,
): ShuffleUse {
  return {
    kind: "combine",
    mapSide: typeof options === "object" ? (options.mapSideCombine ?? true) : true,
    create: ship(create, "combineByKey"),
    mergeValue: ship(mergeValue, "combineByKey"),
    mergeCombiners: ship(mergeCombiners, "combineByKey"),
  };
}

/** Steps of RDDs: what says nothing of its partitions has as many as its largest parent (features RT-9). */
export function rddSteps(context: JobContext): StepContext {
  return {
    dependency: (parent) => context.dependency(parent),
    defaultPartitioning: () => ({ kind: "hash", partitions: "upstream" }),
  };
}

/** @throws BAD_ARGUMENT It is no RDD. @throws OTHER_CONTEXT It is one of another job. */
export function lineageIn(context: JobContext, rdd: unknown, operator: string): Lineage {
  if (typeof rdd !== "object" || rdd === null || !(LINEAGE in rdd) || !(CONTEXT in rdd)) {
    throw badArgument(`${operator} takes RDDs, and was given ${rdd === null ? "null" : typeof rdd}.`);
  }
  if (rdd[CONTEXT] === context) return rdd[LINEAGE] as Lineage; // only RDD has these members
  throw otherContext(`${operator} was given an RDD of another job. Use RDDs that come from one StreamingContext.`);
}
