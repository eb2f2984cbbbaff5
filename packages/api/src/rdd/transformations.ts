import type { Lineage } from "@millrace/plan";
import { DRIVER_ONLY, RDD_REMEDY } from "../function/driver-only.ts";
import { DATASET, OF } from "../internals.ts";
import type { JobContext } from "../job/job-context.ts";
import { Dataset } from "../operations/dataset.ts";
import * as joins from "../operations/joins.ts";
import * as numbering from "../operations/numbering.ts";
import type { AnyKey, KeyOf, Pair, ShortLiteral, ValueOf, Widened } from "../operations/pair-types.ts";
import * as pairs from "../operations/pairs.ts";
import { type PipeOptions, pipe } from "../operations/pipe.ts";
import * as records from "../operations/records.ts";
import * as sampling from "../operations/sampling.ts";
import * as sets from "../operations/sets.ts";
import type { DistinctPrecision } from "../operations/sketches.ts";
import * as sorting from "../operations/sorting.ts";
import type { Compare, ShuffleOptions } from "../partition/partitioner.ts";
import type { RDD } from "./rdd.ts";

/** An RDD for each type of a list, in order. */
export type RddTypes<R extends readonly unknown[]> = { readonly [I in keyof R]: RDD<R[I]> };
/** The records of a partition for each type of a list, in order. */
export type Iterables<R extends readonly unknown[]> = { [I in keyof R]: Iterable<R[I]> };
/** An RDD that can be joined with one whose keys have type `K`. */
export type OtherPairs<K, W> = RDD<readonly [Widened<K>, W]>;

/**
 * The operations that derive an RDD from others: each method declares a function of `operations/`. `RDD` adds the
 * actions.
 */
export abstract class Transformations<out T> {
  readonly [DATASET]: Dataset;

  /** @internal */
  constructor(context: JobContext, lineage: Lineage) {
    this[DATASET] = new Dataset(context, lineage);
  }

  get [DRIVER_ONLY]() {
    return RDD_REMEDY;
  }

  /** The RDD with another lineage. */
  abstract [OF]<U>(lineage: Lineage): RDD<U>;

  // ---- records

  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<E>(fn: (value: T) => ShortLiteral<E>): RDD<E[]>;
  map<U>(fn: (value: T) => U): RDD<U>;
  map(fn: (value: T) => unknown): RDD<unknown> {
    return this[OF](records.narrow(this[DATASET], "map", fn));
  }

  /** Applies `fn` to each record and flattens the results. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): RDD<[K, V]>;
  flatMap<E>(fn: (value: T) => Iterable<ShortLiteral<E>>): RDD<E[]>;
  flatMap<U>(fn: (value: T) => Iterable<U>): RDD<U>;
  flatMap(fn: (value: T) => Iterable<unknown>): RDD<unknown> {
    return this[OF](records.narrow(this[DATASET], "flatMap", fn));
  }

  /** Keeps the records for which `predicate` holds. */
  filter<U extends T>(predicate: (value: T) => value is U): RDD<U>;
  filter(predicate: (value: T) => unknown): RDD<T>;
  filter(predicate: (value: T) => unknown): RDD<T> {
    return this[OF](records.narrow(this[DATASET], "filter", predicate));
  }

  /** Applies `fn` to each record and keeps the result unless it is `undefined`. */
  filterMap<K extends AnyKey, V>(fn: (value: T) => readonly [K, V] | undefined): RDD<[K, V]>;
  filterMap<E>(fn: (value: T) => ShortLiteral<E> | undefined): RDD<E[]>;
  filterMap<U>(fn: (value: T) => U): RDD<Exclude<U, undefined>>;
  filterMap(fn: (value: T) => unknown): RDD<unknown> {
    return this[OF](records.filterMap(this[DATASET], fn));
  }

  /**
   * Applies `fn` to each partition as a whole, including empty ones; it may be async.
   *
   * @param preservesPartitioning The function does not change keys.
   */
  mapPartitions<K extends AnyKey, V>(
    fn: (values: Iterable<T>) => records.PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  mapPartitions<E>(
    fn: (values: Iterable<T>) => records.PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): RDD<E[]>;
  mapPartitions<U>(fn: (values: Iterable<T>) => records.PartitionResult<U>, preservesPartitioning?: boolean): RDD<U>;
  mapPartitions(
    fn: (values: Iterable<T>) => records.PartitionResult<unknown>,
    preservesPartitioning = false,
  ): RDD<unknown> {
    return this[OF](records.narrow(this[DATASET], "mapPartitions", fn, preservesPartitioning));
  }

  /** Like `mapPartitions`, with the partition's number. */
  mapPartitionsWithIndex<K extends AnyKey, V>(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  mapPartitionsWithIndex<E>(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): RDD<E[]>;
  mapPartitionsWithIndex<U>(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): RDD<U>;
  mapPartitionsWithIndex(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<unknown>,
    preservesPartitioning = false,
  ): RDD<unknown> {
    return this[OF](records.narrow(this[DATASET], "mapPartitionsWithIndex", fn, preservesPartitioning));
  }

  /** One array per partition, `[]` for an empty one. */
  glom(): RDD<T[]> {
    return this[OF](records.glom(this[DATASET]));
  }

  /**
   * The lines written by a command that receives the records as lines; it is started once per partition, including
   * empty ones. It runs without a shell; use `["sh", "-c", "…"]` for one. Strings are passed as they are, anything else
   * as JSON.
   *
   * @param command A string is split at white space.
   * @throws PIPE_FAILED (from actions) The command cannot be started, or does not exit with 0.
   */
  pipe(command: string | readonly string[], options: PipeOptions<T> = {}): RDD<string> {
    return this[OF](pipe(this[DATASET], command, options));
  }

  /** `[fn(value), value]`. */
  keyBy<K>(fn: (value: T) => K): RDD<[K, T]> {
    return this[OF](records.keyBy(this[DATASET], fn));
  }

  /** `[key, values]` for each key that `fn` returns. */
  groupBy<K>(fn: (value: T) => K, options?: ShuffleOptions<K>): RDD<[K, T[]]> {
    return this[OF](records.groupBy(this[DATASET], fn, options));
  }

  // ---- partitions

  /** Spreads the records evenly over `numPartitions`, with a full shuffle. */
  repartition(numPartitions: number): RDD<T> {
    return this[OF](records.repartition(this[DATASET], numPartitions));
  }

  /**
   * Merges neighbouring partitions into at most `numPartitions`, of about the same number each, without a shuffle.
   *
   * @param shuffle Like `repartition`: partitions become even, and their number may grow.
   */
  coalesce(numPartitions: number, shuffle = false): RDD<T> {
    return this[OF](sets.coalesce(this[DATASET], numPartitions, shuffle));
  }

  // ---- several RDDs

  /** The records of this RDD, then those of the others; duplicates stay. */
  union<U>(...others: readonly RDD<U>[]): RDD<T | U> {
    return this[OF](sets.union(this[DATASET], others));
  }

  /** The values that occur in both, each once. Values must have equality by value, like keys. */
  intersection(other: RDD<T>, options?: ShuffleOptions<T>): RDD<T> {
    return this[OF](sets.intersection(this[DATASET], other, options));
  }

  /**
   * The records whose value does not occur in the other; duplicates stay. Keeps the number of partitions, unless
   * `options` say otherwise.
   */
  subtract(other: RDD<T>, options?: ShuffleOptions<T>): RDD<T> {
    return this[OF](sets.subtract(this[DATASET], other, options));
  }

  /** `[record here, record there]` for each combination: n × m partitions, so each partition is read repeatedly. */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return this[OF](sets.cartesian(this[DATASET], other));
  }

  /** Each value once. Values must have equality by value, like keys. Pairs already partitioned by key are not moved. */
  distinct(options?: ShuffleOptions<T>): RDD<T> {
    return this[OF](sets.distinct(this[DATASET], options));
  }

  // ---- side by side

  /**
   * `[record here, record there]` for records at the same position. Both must have the same number of partitions, and
   * of records in each.
   *
   * @throws PARTITIONS_DIFFER (from actions) Their numbers of partitions differ.
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return this[OF](sets.zip(this[DATASET], other));
  }

  /**
   * Applies `fn` to the corresponding partitions of this RDD and one to three others, including empty ones. It may be
   * async.
   *
   * @param preservesPartitioning The function leaves the keys of this RDD in their partitions.
   * @throws PARTITIONS_DIFFER (from actions) Their numbers of partitions differ.
   */
  zipPartitions<R extends readonly unknown[], K extends AnyKey, V>(
    others: readonly [...RddTypes<R>],
    fn: (mine: Iterable<T>, ...theirs: Iterables<R>) => records.PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  zipPartitions<R extends readonly unknown[], E>(
    others: readonly [...RddTypes<R>],
    fn: (mine: Iterable<T>, ...theirs: Iterables<R>) => records.PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): RDD<E[]>;
  zipPartitions<R extends readonly unknown[], U>(
    others: readonly [...RddTypes<R>],
    fn: (mine: Iterable<T>, ...theirs: Iterables<R>) => records.PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): RDD<U>;
  zipPartitions(others: readonly RDD<unknown>[], fn: unknown, preservesPartitioning = false): RDD<unknown> {
    return this[OF](sets.zipPartitions(this[DATASET], others, fn, preservesPartitioning));
  }

  // ---- samples

  /**
   * A random sample of the records, each drawn independently: with probability `fraction` or, `withReplacement`,
   * `fraction` times on average.
   *
   * @param seed The same seed draws the same records from the same partitions. Without one, each batch draws
   *   differently, and repeats its draw if it is recomputed.
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    return this[OF](sampling.sample(this[DATASET], withReplacement, fraction, seed));
  }

  /**
   * Splits the records at random into as many RDDs as there are weights, in proportion to them. `seed` as for `sample`.
   */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    return sampling.randomSplit(this[DATASET], weights, seed).map((share) => this[OF]<T>(share));
  }

  // ---- numbering

  /**
   * `[record, n]`: the records numbered in partition order from 0. With more than one partition, this takes a job that
   * counts the records of all but the last, when the result is first needed.
   */
  zipWithIndex(): RDD<[T, number]> {
    return this[OF](numbering.zipWithIndex(this[DATASET]));
  }

  /** `[record, n]` with unique numbers: record i of partition k of n has `i * n + k`. Takes no job. */
  zipWithUniqueId(): RDD<[T, number]> {
    return this[OF](numbering.zipWithUniqueId(this[DATASET]));
  }

  // ---- order

  /**
   * Sorts the records by `key`: within each partition, and across partitions. Records with equal keys share a partition
   * and keep their order.
   *
   * With more than one partition, this takes a job that samples the keys, when the result is first needed.
   *
   * @param options `false` for descending, or an object.
   * @throws VALUE_NOT_ORDERED (from actions) There is no compare function, and a key is a plain object or an instance.
   */
  sortBy<K>(key: (value: T) => K, options: boolean | sorting.SortOptions<K> = {}): RDD<T> {
    return this[OF](sorting.sortBy(this[DATASET], key, options));
  }

  /** Sorts the pairs by key; see `sortBy`. */
  sortByKey(this: RDD<Pair>, options: boolean | sorting.SortOptions<KeyOf<T>> = {}): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sorting.sortByKey(this[DATASET], options));
  }

  /**
   * Partitions pairs by key and sorts each partition by key: cheaper than one after the other.
   *
   * @param order `false` for descending, or an object.
   */
  repartitionAndSortWithinPartitions(
    this: RDD<Pair>,
    options: ShuffleOptions<KeyOf<T>>,
    order: boolean | Omit<sorting.SortOptions<KeyOf<T>>, "numPartitions"> = {},
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sorting.repartitionAndSortWithinPartitions(this[DATASET], options, order));
  }

  /**
   * The pairs whose key is neither before `lower` nor after `upper`. If the pairs are partitioned by ranges, as by
   * `sortByKey`, only partitions that may contain such keys are read.
   *
   * @param compare The order; by default that of the ranges, or of values.
   */
  filterByRange(
    this: RDD<Pair>,
    lower: KeyOf<T>,
    upper: KeyOf<T>,
    compare?: Compare<KeyOf<T>>,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sorting.filterByRange(this[DATASET], [lower, upper], compare));
  }

  // ---- pairs

  /** Applies `fn` to each value; keys and their placement do not change. */
  mapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => U): RDD<[KeyOf<T>, U]> {
    return this[OF](records.narrow(this[DATASET], "mapValues", fn));
  }

  /** Applies `fn` to each value and makes a pair of each result; keys and their placement do not change. */
  flatMapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => Iterable<U>): RDD<[KeyOf<T>, U]> {
    return this[OF](records.narrow(this[DATASET], "flatMapValues", fn));
  }

  /** The key of each pair. */
  keys(this: RDD<Pair>): RDD<KeyOf<T>> {
    return this[OF](pairs.keys(this[DATASET]));
  }

  /** The value of each pair. */
  values(this: RDD<Pair>): RDD<ValueOf<T>> {
    return this[OF](pairs.values(this[DATASET]));
  }

  /** `[key, values]`, values in the order of their partitions. To reduce them, `reduceByKey` transfers far less. */
  groupByKey(this: RDD<Pair>, options?: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>[]]> {
    return this[OF](pairs.groupByKey(this[DATASET], options));
  }

  /** Reduces the values of each key to one, first within each partition. `fn` must be associative. */
  reduceByKey(
    this: RDD<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](pairs.reduceByKey(this[DATASET], fn, options));
  }

  /** Combines the values of each key into a `C`: `create` of the first, `mergeValue` of each further one. */
  combineByKey<C>(
    this: RDD<Pair>,
    create: (value: Widened<ValueOf<T>>) => C,
    mergeValue: (combined: C, value: Widened<ValueOf<T>>) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: number | pairs.CombineOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, C]> {
    return this[OF](pairs.combineByKey(this[DATASET], [create, mergeValue, mergeCombiners], options));
  }

  /**
   * Folds the values of each key into a total that starts as a copy of `zero`: within each partition with `fold`, then
   * the totals of partitions with `merge`.
   *
   * @param zero Used once per key and partition, so it should be neutral. `fold` may modify the total that it is given.
   */
  aggregateByKey<C>(
    this: RDD<Pair>,
    zero: C,
    fold: (total: C, value: ValueOf<T>) => C,
    merge: (a: C, b: C) => C,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, C]> {
    return this[OF](pairs.aggregateByKey(this[DATASET], zero, [fold, merge], options));
  }

  /** Reduces the values of each key to one, starting from a copy of `zero` for each key and partition. */
  foldByKey(
    this: RDD<Pair>,
    zero: Widened<ValueOf<T>>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](pairs.foldByKey(this[DATASET], zero, fn, options));
  }

  /**
   * The approximate number of distinct values of each key, by HyperLogLog.
   *
   * @param precision The relative standard deviation, 0.05 by default; or the bits `p` of a hash that select one of 2^p
   *   registers, and `sp` bits for small counts.
   * @throws BAD_PRECISION
   */
  countApproxDistinctByKey(
    this: RDD<Pair>,
    precision: DistinctPrecision = 0.05,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, number]> {
    return this[OF](pairs.countApproxDistinctByKey(this[DATASET], precision, options));
  }

  /** Partitions pairs by key, without changing them. */
  partitionBy(this: RDD<Pair>, options: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](pairs.partitionBy(this[DATASET], options));
  }

  /**
   * A random sample of the pairs, each drawn independently with the fraction of its key; see `sample`.
   *
   * @param fractions For every key that occurs.
   * @throws FRACTION_MISSING (from actions) A pair has another key.
   */
  sampleByKey(
    this: RDD<Pair>,
    withReplacement: boolean,
    fractions: sampling.Fractions<KeyOf<T>>,
    seed?: number,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sampling.sampleByKey(this[DATASET], withReplacement, fractions, seed));
  }

  /**
   * Like `sampleByKey`, but with exactly the fraction of each key's pairs, rounded up. Takes a job that counts each
   * key's pairs in each partition, when the result is first needed; the pairs must be the same when they are
   * recomputed.
   */
  sampleByKeyExact(
    this: RDD<Pair>,
    withReplacement: boolean,
    fractions: sampling.Fractions<KeyOf<T>>,
    seed?: number,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sampling.sampleByKeyExact(this[DATASET], withReplacement, fractions, seed));
  }

  // ---- joins: RDDs with the same partitioning, by number or by equal partitioners, are not shuffled

  /** `[key, [values here, values there, …]]` for each key of any of them; one to three others. */
  cogroup<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]>;
  cogroup<W, X>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[]]]>;
  cogroup<W, X, Y>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
    third: OtherPairs<KeyOf<T>, Y>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[], Y[]]]>;
  cogroup(...given: readonly (RDD<unknown> | ShuffleOptions<KeyOf<T>> | undefined)[]): RDD<never> {
    return this[OF](joins.cogroupSeveral(this[DATASET], given, "cogroup"));
  }

  /** Like `cogroup`, without options. */
  groupWith<W>(this: RDD<Pair>, other: OtherPairs<KeyOf<T>, W>): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]>;
  groupWith<W, X>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[]]]>;
  groupWith<W, X, Y>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
    third: OtherPairs<KeyOf<T>, Y>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[], Y[]]]>;
  groupWith(...others: readonly RDD<unknown>[]): RDD<never> {
    return this[OF](joins.cogroupSeveral(this[DATASET], others, "groupWith"));
  }

  /** `[key, [value here, value there]]` for each combination of values with the same key. */
  join<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W]]> {
    return this[OF](joins.join(this[DATASET], other, "inner", options));
  }

  /** Like `join`, and `[value, undefined]` for keys that the other does not have. */
  leftOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return this[OF](joins.join(this[DATASET], other, "left", options));
  }

  /** Like `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return this[OF](joins.join(this[DATASET], other, "right", options));
  }

  /** Like `join`, with `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return this[OF](joins.join(this[DATASET], other, "full", options));
  }

  /** The pairs whose key the other does not have. Keeps the partitioning, unless `options` say otherwise. */
  subtractByKey(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, unknown>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](joins.subtractByKey(this[DATASET], other, options));
  }
}
