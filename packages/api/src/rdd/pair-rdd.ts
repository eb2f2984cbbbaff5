import { operators } from "@millrace/operators";
import { badArgument } from "../errors.ts";
import { CONTEXT, OF } from "../internals.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import type { ShuffleOptions } from "../partitioner.ts";
import type { RDD } from "../rdd.ts";
import { aggregateUse, type CombineOptions, combineUse } from "../rdd-steps.ts";
import { checkFractions, type Fractions, sampleByKeyStep, seedOf } from "../sample-steps.ts";
import { type DistinctPrecision, sketchUse } from "../sketch-steps.ts";
import { narrowStep, partitionByStep, plainStep, reduceByKeyStep } from "../steps.ts";
import { exactSample } from "./exact-sample.ts";
import { narrowed, partitioning, ship, shuffledBy, stepped } from "./rdd-core.ts";
import { SetRdd } from "./set-rdd.ts";

/** The transformations of RDDs of two-tuples. */
export abstract class PairRdd<out T> extends SetRdd<T> {
  /** Applies `fn` to each value; keys stay where they are. */
  mapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => U): RDD<[KeyOf<T>, U]> {
    return narrowed(this, "mapValues", fn);
  }

  /** Applies `fn` to each value and makes a pair of each thing it gives; keys stay where they are. */
  flatMapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => Iterable<U>): RDD<[KeyOf<T>, U]> {
    return narrowed(this, "flatMapValues", fn);
  }

  /** The key of each pair. */
  keys(this: RDD<Pair>): RDD<KeyOf<T>> {
    return stepped(this, plainStep("keys"));
  }

  /** The value of each pair. */
  values(this: RDD<Pair>): RDD<ValueOf<T>> {
    return stepped(this, plainStep("values"));
  }

  /** `[key, values]`, values in the order of the partitions that they come from. To reduce them, `reduceByKey` sends far less. */
  groupByKey(this: RDD<Pair>, options?: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>[]]> {
    return shuffledBy(this, { kind: "group" }, options, "groupByKey");
  }

  /** Reduces the values of each key to one, first within each partition. `fn` must be associative. */
  reduceByKey(
    this: RDD<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, Widened<ValueOf<T>>]> {
    const placed = partitioning(this, options, "reduceByKey");
    return stepped(this, reduceByKeyStep(ship(this, fn, "reduceByKey"), placed));
  }

  /** Combines the values of each key into a `C`: `create` of the first, `mergeValue` of each further one. */
  combineByKey<C>(
    this: RDD<Pair>,
    create: (value: Widened<ValueOf<T>>) => C,
    mergeValue: (combined: C, value: Widened<ValueOf<T>>) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: number | CombineOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, C]> {
    const use = combineUse(this[CONTEXT].shipFn, [create, mergeValue, mergeCombiners], options);
    return shuffledBy(this, use, options, "combineByKey");
  }

  /**
   * Folds the values of each key into a total, which begins as a copy of `zero`: in each partition by `fold`, then the
   * totals of partitions by `merge`.
   *
   * @param zero Once for each key and partition, so it should change nothing. `fold` may change the total that it is given.
   */
  aggregateByKey<C>(
    this: RDD<Pair>,
    zero: C,
    fold: (total: C, value: ValueOf<T>) => C,
    merge: (a: C, b: C) => C,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, C]> {
    const operator = "aggregateByKey";
    return shuffledBy(this, aggregateUse(this[CONTEXT], zero, [fold, merge], operator), options, operator);
  }

  /** Reduces the values of each key to one, beginning with a copy of `zero` for each key and partition. */
  foldByKey(
    this: RDD<Pair>,
    zero: Widened<ValueOf<T>>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, Widened<ValueOf<T>>]> {
    const operator = "foldByKey";
    return shuffledBy(this, aggregateUse(this[CONTEXT], zero, [fn, fn], operator), options, operator);
  }

  /**
   * About how many different values each key has, by HyperLogLog.
   *
   * @param precision The relative standard deviation, 0.05 if it is left out; or the bits `p` of a hash that choose one of
   *   2^p registers, and `sp` bits for small counts.
   * @throws BAD_PRECISION
   */
  countApproxDistinctByKey(
    this: RDD<Pair>,
    precision: DistinctPrecision = 0.05,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, number]> {
    const operator = "countApproxDistinctByKey";
    const sketches = shuffledBy<unknown, KeyOf<T>>(this, sketchUse(precision), options, operator);
    return stepped(sketches, narrowStep("mapValues", operators.estimateDistinct.ref(), true, operator));
  }

  /** Places pairs by their key, without changing them. */
  partitionBy(this: RDD<Pair>, options: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>]> {
    const placed = partitioning(this, options, "partitionBy");
    if (placed === undefined) throw badArgument("partitionBy takes a number of partitions or a partitioner.");
    return stepped(this, partitionByStep(placed));
  }

  // ---- chance

  /**
   * A part of the pairs, each drawn by itself with the fraction of its key; see `sample`.
   *
   * @param fractions For every key that there is.
   * @throws FRACTION_MISSING (from actions) A pair has another key.
   */
  sampleByKey(
    this: RDD<Pair>,
    withReplacement: boolean,
    fractions: Fractions<KeyOf<T>>,
    seed?: number,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    const checked = checkFractions<KeyOf<T>>(fractions, withReplacement, "sampleByKey");
    return stepped(this, sampleByKeyStep(withReplacement, checked, seedOf(this[CONTEXT], seed, "sampleByKey")));
  }

  /**
   * As `sampleByKey`, but exactly the fraction of each key's pairs, rounded up. Takes a job that counts each key's pairs in
   * each partition, when the result is first needed; the pairs must be the same when they are computed again.
   */
  sampleByKeyExact(
    this: RDD<Pair>,
    withReplacement: boolean,
    fractions: Fractions<KeyOf<T>>,
    seed?: number,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    const checked = checkFractions<KeyOf<T>>(fractions, withReplacement, "sampleByKeyExact");
    return this[OF](exactSample(this, withReplacement, checked, seedOf(this[CONTEXT], seed, "sampleByKeyExact")));
  }
}
