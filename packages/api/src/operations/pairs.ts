import { naming } from "@millrace/base";
import { encodeValue } from "@millrace/codec";
import { type JobFunction, operators } from "@millrace/operators";
import type { Partitioning, ShuffleUse } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import { type Partitioner, SHUFFLE_OPTIONS, type ShuffleOptions } from "../partition/partitioner.ts";
import { checkFlag, checkOptions } from "../refusal/check-all.ts";
import type { Carrier } from "./carrier.ts";
import { type DistinctPrecision, sketchUse } from "./sketches.ts";
import { chained, labelOf, narrowStep, plainStep, reduceByKeyStep, shuffleStep } from "./steps.ts";

// Operations on pairs by key.

/** Options of `combineByKey` beyond those of every shuffle. */
export interface CombineOptions<K> {
  /** Number of partitions, 1 to 4096. */
  readonly numPartitions?: number | undefined;
  /** Partitioner of the keys; by hash if absent. */
  readonly partitioner?: Partitioner<K> | undefined;
  /** False: combine only after the shuffle, if combining earlier saves nothing. */
  readonly mapSideCombine?: boolean | undefined;
}

/** Shuffles pairs by key and processes the values of each key. */
export function shuffleBy<R, K>(
  on: Carrier<R>,
  use: ShuffleUse,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): R {
  return on.take(shuffleStep(use, on.partitioning(options, operator), operator), operator);
}

export function keys<R>(on: Carrier<R>): R {
  return on.take(plainStep("keys"), "keys");
}

export function values<R>(on: Carrier<R>): R {
  return on.take(plainStep("values"), "values");
}

export function groupByKey<R, K>(on: Carrier<R>, options: ShuffleOptions<K> | undefined): R {
  return shuffleBy(on, { kind: "group" }, options, "groupByKey");
}

export function reduceByKey<R, K>(on: Carrier<R>, fn: unknown, options: ShuffleOptions<K> | undefined): R {
  const operator = "reduceByKey";
  const ref = on.ship(fn, operator);
  return on.take(reduceByKeyStep(ref, on.partitioning(options, operator), operator), labelOf(operator, ref));
}

const COMBINE_OPTIONS: readonly string[] = [...SHUFFLE_OPTIONS, "mapSideCombine"];

export function combineByKey<R, K>(
  on: Carrier<R>,
  [create, mergeValue, mergeCombiners]: readonly [unknown, unknown, unknown],
  options: number | CombineOptions<K> | undefined,
): R {
  const operator = "combineByKey";
  const { mapSideCombine = true, ...placing } =
    typeof options === "object" ? checkOptions(options, COMBINE_OPTIONS, operator) : { numPartitions: options };
  const use: ShuffleUse = {
    kind: "combine",
    mapSide: checkFlag(mapSideCombine, `mapSideCombine of ${operator}`),
    create: on.ship(create, operator),
    mergeValue: on.ship(mergeValue, operator),
    mergeCombiners: on.ship(mergeCombiners, operator),
  };
  return shuffleBy(on, use, placing, operator);
}

/** @throws RECORD_NOT_ENCODABLE `zero` is not a valid record. */
export function aggregateByKey<R, K>(
  on: Carrier<R>,
  zero: unknown,
  functions: readonly [fold: Fold, merge: unknown],
  options: ShuffleOptions<K> | undefined,
): R {
  return foldedByKey(on, zero, functions, options, "aggregateByKey");
}

/** @throws RECORD_NOT_ENCODABLE `zero` is not a valid record. */
export function foldByKey<R, K>(on: Carrier<R>, zero: unknown, fn: Fold, options: ShuffleOptions<K> | undefined): R {
  return foldedByKey(on, zero, [fn, fn], options, "foldByKey");
}

/** A function of the author, whose types have been checked by its method. */
export type Fold = JobFunction<[total: unknown, value: unknown]>;

/** Each key starts with its own copy of `zero`. */
function foldedByKey<R, K>(
  on: Carrier<R>,
  zero: unknown,
  [fold, merge]: readonly [fold: Fold, merge: unknown],
  options: ShuffleOptions<K> | undefined,
  operator: string,
): R {
  const encoded = encodedZero(on.context, zero, operator);
  const mergeValue = on.ship(fold, operator);
  const use: ShuffleUse = {
    kind: "combine",
    mapSide: true,
    create: operators.foldFirst.ref(() => [encoded, fold], mergeValue.site),
    mergeValue,
    mergeCombiners: on.ship(merge, operator),
  };
  return shuffleBy(on, use, options, operator);
}

/** The initial value of a fold, encoded so that it can be copied. @throws RECORD_NOT_ENCODABLE */
export function encodedZero(context: JobContext, zero: unknown, operator: string): Uint8Array {
  return naming(operator, () => encodeValue(zero, context.registry.classes));
}

/** @throws BAD_PRECISION */
export function countApproxDistinctByKey<R, K>(
  on: Carrier<R>,
  precision: DistinctPrecision,
  options: ShuffleOptions<K> | undefined,
): R {
  const operator = "countApproxDistinctByKey";
  const sketches = shuffleStep(sketchUse(precision), on.partitioning(options, operator), operator);
  const estimate = narrowStep("mapValues", operators.estimateDistinct.ref(), true, operator);
  return on.take(chained(sketches, estimate), operator);
}

export function partitionBy<R, K>(on: Carrier<R>, options: ShuffleOptions<K>): R {
  const operator = "partitionBy";
  return on.take(shuffleStep({ kind: "none" }, placementOf(on, options, operator), operator), operator);
}

/** A partitioning that the author must give. @throws BAD_ARGUMENT */
export function placementOf<K>(on: Carrier<unknown>, options: ShuffleOptions<K>, operator: string): Partitioning {
  const placed = on.partitioning(options, operator);
  if (placed !== undefined) return placed;
  throw badArgument(`${operator} takes a number of partitions or a partitioner.`);
}
