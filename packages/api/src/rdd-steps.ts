import { naming } from "@millrace/base";
import { encodeValue } from "@millrace/codec";
import { type FunctionRef, type JobFunction, operators } from "@millrace/operators";
import { dependency, type Lineage, type ShuffleUse } from "@millrace/plan";
import { otherContext } from "./errors.ts";
import { CONTEXT, LINEAGE } from "./internals.ts";
import type { JobContext } from "./job-context.ts";
import { notGiven } from "./not-given.ts";
import type { Partitioner } from "./partitioner.ts";
import type { StepContext } from "./steps.ts";

/** What a function of partitions may give back. */
export type PartitionResult<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U> | AsyncIterable<U>>;

/** Options of `combineByKey` beyond those of every shuffle. */
export interface CombineOptions<K> {
  /** How many partitions there shall be, 1 to 4096. */
  readonly numPartitions?: number | undefined;
  /** Where each key goes; by its hash if this is left out. */
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

/**
 * What `aggregateByKey` does with its shuffle: each key begins with a copy of its own of `zero`.
 *
 * @throws RECORD_NOT_ENCODABLE `zero` is no value that a record may have.
 */
export function aggregateUse(
  context: JobContext,
  zero: unknown,
  [fold, merge]: readonly [fold: JobFunction<[total: unknown, value: unknown]>, merge: unknown],
  operator: string,
): ShuffleUse {
  const encoded = encodedZero(context, zero, operator);
  const mergeValue = context.ship(fold, operator);
  return {
    kind: "combine",
    mapSide: true,
    create: operators.foldFirst.ref(() => [encoded, fold], mergeValue.site),
    mergeValue,
    mergeCombiners: context.ship(merge, operator),
  };
}

/** What a fold begins with, to make copies of. @throws RECORD_NOT_ENCODABLE */
export function encodedZero(context: JobContext, zero: unknown, operator: string): Uint8Array {
  return naming(operator, () => encodeValue(zero, context.registry.classes));
}

/** Steps of RDDs: what says nothing of its partitions has as many as its largest parent (features RT-9). */
export function rddSteps(context: JobContext): StepContext {
  // Steps that have to wait for something are taken later: what lasts is decided now.
  const lasting = context.phase === "building";
  return {
    dependency: (parent) => dependency(parent, lasting),
    defaultPartitioning: () => ({ kind: "hash", partitions: "upstream" }),
  };
}

export function isRdd(value: unknown): boolean {
  return typeof value === "object" && value !== null && LINEAGE in value && CONTEXT in value;
}

/** @throws BAD_ARGUMENT It is no RDD. @throws OTHER_CONTEXT It is one of another job. */
export function lineageIn(context: JobContext, rdd: unknown, operator: string): Lineage {
  if (typeof rdd !== "object" || rdd === null || !(LINEAGE in rdd) || !(CONTEXT in rdd)) {
    throw notGiven("RDDs", rdd, operator);
  }
  if (rdd[CONTEXT] === context) return rdd[LINEAGE] as Lineage; // only RDD has these members
  throw otherContext(`${operator} was given an RDD of another job. Use RDDs that come from one StreamingContext.`);
}
