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

/** An RDD for each type of a list, in its order. */
export type RddTypes<R extends readonly unknown[]> = { readonly [I in keyof R]: RDD<R[I]> };
/** The records of a partition for each type of a list, in its order. */
export type Iterables<R extends readonly unknown[]> = { [I in keyof R]: Iterable<R[I]> };
/** What an RDD with keys of type `K` can be joined with. */
export type OtherPairs<K, W> = RDD<readonly [Widened<K>, W]>;

/** The operations that make an RDD of another: each method states what `operations/` does. `RDD` adds the actions. */
export abstract class Transformations<out T> {
  readonly [DATASET]: Dataset;

  /** @internal */
  constructor(context: JobContext, lineage: Lineage) {
    this[DATASET] = new Dataset(context, lineage);
  }

  get [DRIVER_ONLY]() {
    return RDD_REMEDY;
  }

  /** The RDD of another lineage. */
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

  /** Applies `fn` to each record and takes apart what it gives. */
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

  /** Applies `fn` to each record and keeps what it gives, unless that is `undefined`. */
  filterMap<K extends AnyKey, V>(fn: (value: T) => readonly [K, V] | undefined): RDD<[K, V]>;
  filterMap<E>(fn: (value: T) => ShortLiteral<E> | undefined): RDD<E[]>;
  filterMap<U>(fn: (value: T) => U): RDD<Exclude<U, undefined>>;
  filterMap(fn: (value: T) => unknown): RDD<unknown> {
    return this[OF](records.filterMap(this[DATASET], fn));
  }

  /**
   * Applies `fn` to each partition as a whole, empty ones too; it may be async.
   *
   * @param preservesPartitioning The function leaves keys as they are.
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

  /** As `mapPartitions`, with the number of the partition. */
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
   * The lines that a command writes when it is given the records as lines: it is started once for each partition, empty
   * ones too. Without a shell: `["sh", "-c", "…"]` has one. A string is handed over as it is, anything else as JSON.
   *
   * @param command A text is cut at white space.
   * @throws PIPE_FAILED (from actions) The command cannot be started, or ends with something else than 0.
   */
  pipe(command: string | readonly string[], options: PipeOptions<T> = {}): RDD<string> {
    return this[OF](pipe(this[DATASET], command, options));
  }

  /** `[fn(value), value]`. */
  keyBy<K>(fn: (value: T) => K): RDD<[K, T]> {
    return this[OF](records.keyBy(this[DATASET], fn));
  }

  /** `[key, values]` for each key that `fn` gives. */
  groupBy<K>(fn: (value: T) => K, options?: ShuffleOptions<K>): RDD<[K, T[]]> {
    return this[OF](records.groupBy(this[DATASET], fn, options));
  }

  // ---- partitions

  /** Spreads the records evenly over `numPartitions`, by a full shuffle. */
  repartition(numPartitions: number): RDD<T> {
    return this[OF](records.repartition(this[DATASET], numPartitions));
  }

  /**
   * Brings neighbouring partitions together into at most `numPartitions`, each of about as many, without a shuffle.
   *
   * @param shuffle As `repartition`: the partitions become even, and may be more than before.
   */
  coalesce(numPartitions: number, shuffle = false): RDD<T> {
    return this[OF](sets.coalesce(this[DATASET], numPartitions, shuffle));
  }

  // ---- several RDDs

  /** The records of this RDD, then those of the others; duplicates stay. */
  union<U>(...others: readonly RDD<U>[]): RDD<T | U> {
    return this[OF](sets.union(this[DATASET], others));
  }

  /** The values that both have, each once. Values must have equality by value, as keys do. */
  intersection(other: RDD<T>, options?: ShuffleOptions<T>): RDD<T> {
    return this[OF](sets.intersection(this[DATASET], other, options));
  }

  /** The records whose value the other does not have; duplicates stay. Partitions as this one has, unless `options` say more. */
  subtract(other: RDD<T>, options?: ShuffleOptions<T>): RDD<T> {
    return this[OF](sets.subtract(this[DATASET], other, options));
  }

  /** `[record here, record there]` for each combination: n × m partitions, each of n and m read that often. */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    return this[OF](sets.cartesian(this[DATASET], other));
  }

  /**
   * Each value once. Values must have equality by value, as keys do. Pairs that were placed by key already are not moved.
   */
  distinct(options?: ShuffleOptions<T>): RDD<T> {
    return this[OF](sets.distinct(this[DATASET], options));
  }

  // ---- side by side

  /**
   * `[record here, record there]` for records at the same place. Both must have as many partitions, and as many records
   * in each.
   *
   * @throws PARTITIONS_DIFFER (from actions) They have not as many partitions.
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return this[OF](sets.zip(this[DATASET], other));
  }

  /**
   * Applies `fn` to partitions of several RDDs, one to three others, side by side; empty ones too. It may be async.
   *
   * @param preservesPartitioning The function leaves the keys of this RDD where they are.
   * @throws PARTITIONS_DIFFER (from actions) They have not as many partitions.
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
   * A part of the records, each drawn by itself: with probability `fraction`, or, `withReplacement`, `fraction` times on
   * average.
   *
   * @param seed The same seed draws the same of the same partitions. Without one each batch draws otherwise, and the same
   *   when it is run again.
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    return this[OF](sampling.sample(this[DATASET], withReplacement, fraction, seed));
  }

  /** As many RDDs as there are weights, which share the records by chance in proportion to those. `seed` as for `sample`. */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    return sampling.randomSplit(this[DATASET], weights, seed).map((share) => this[OF]<T>(share));
  }

  // ---- numbers for records

  /**
   * `[record, n]`: the records in partition order, counted from 0. With more than one partition it takes a job that counts
   * the records of all but the last, when the result is first needed.
   */
  zipWithIndex(): RDD<[T, number]> {
    return this[OF](numbering.zipWithIndex(this[DATASET]));
  }

  /** `[record, n]` with numbers that are unique: record i of partition k of n has `i * n + k`. Takes no job. */
  zipWithUniqueId(): RDD<[T, number]> {
    return this[OF](numbering.zipWithUniqueId(this[DATASET]));
  }

  // ---- order

  /**
   * The records in the order of what `key` gives: within each partition, and one partition after the other. Those whose keys
   * are equal share a partition, and stay in the order they were in.
   *
   * With more than one partition it takes a job that draws some of the keys, when the result is first needed.
   *
   * @param options `false` for descending, or more.
   * @throws VALUE_NOT_ORDERED (from actions) There is no compare function, and a key is a plain object or an instance.
   */
  sortBy<K>(key: (value: T) => K, options: boolean | sorting.SortOptions<K> = {}): RDD<T> {
    return this[OF](sorting.sortBy(this[DATASET], key, options));
  }

  /** The pairs in the order of their keys; see `sortBy`. */
  sortByKey(this: RDD<Pair>, options: boolean | sorting.SortOptions<KeyOf<T>> = {}): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sorting.sortByKey(this[DATASET], options));
  }

  /**
   * Places pairs by their key and puts each partition in the order of its keys: cheaper than to do one after the other.
   *
   * @param order `false` for descending, or more.
   */
  repartitionAndSortWithinPartitions(
    this: RDD<Pair>,
    options: ShuffleOptions<KeyOf<T>>,
    order: boolean | Omit<sorting.SortOptions<KeyOf<T>>, "numPartitions"> = {},
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sorting.repartitionAndSortWithinPartitions(this[DATASET], options, order));
  }

  /**
   * The pairs whose key is neither before `lower` nor after `upper`. Where the pairs are placed by ranges, as `sortByKey`
   * does, only the partitions that may have such keys are looked at.
   *
   * @param compare The order; that of the ranges, or of values, if it is left out.
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

  /** Applies `fn` to each value; keys stay where they are. */
  mapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => U): RDD<[KeyOf<T>, U]> {
    return this[OF](records.narrow(this[DATASET], "mapValues", fn));
  }

  /** Applies `fn` to each value and makes a pair of each thing it gives; keys stay where they are. */
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

  /** `[key, values]`, values in the order of the partitions that they come from. To reduce them, `reduceByKey` sends far less. */
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
    return this[OF](pairs.aggregateByKey(this[DATASET], zero, [fold, merge], options));
  }

  /** Reduces the values of each key to one, beginning with a copy of `zero` for each key and partition. */
  foldByKey(
    this: RDD<Pair>,
    zero: Widened<ValueOf<T>>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](pairs.foldByKey(this[DATASET], zero, fn, options));
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
    return this[OF](pairs.countApproxDistinctByKey(this[DATASET], precision, options));
  }

  /** Places pairs by their key, without changing them. */
  partitionBy(this: RDD<Pair>, options: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](pairs.partitionBy(this[DATASET], options));
  }

  /**
   * A part of the pairs, each drawn by itself with the fraction of its key; see `sample`.
   *
   * @param fractions For every key that there is.
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
   * As `sampleByKey`, but exactly the fraction of each key's pairs, rounded up. Takes a job that counts each key's pairs in
   * each partition, when the result is first needed; the pairs must be the same when they are computed again.
   */
  sampleByKeyExact(
    this: RDD<Pair>,
    withReplacement: boolean,
    fractions: sampling.Fractions<KeyOf<T>>,
    seed?: number,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](sampling.sampleByKeyExact(this[DATASET], withReplacement, fractions, seed));
  }

  // ---- joins: RDDs that are placed alike, by the same number of partitions or by equal partitioners, are not shuffled

  /** `[key, [values here, values there, …]]` for each key that any has; one to three others. */
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

  /** As `cogroup`, without options. */
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

  /** As `join`, and `[value, undefined]` for keys that the other has not. */
  leftOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return this[OF](joins.join(this[DATASET], other, "left", options));
  }

  /** As `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return this[OF](joins.join(this[DATASET], other, "right", options));
  }

  /** As `join`, and `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return this[OF](joins.join(this[DATASET], other, "full", options));
  }

  /** The pairs whose key the other does not have. Placed as this RDD is, unless `options` say more. */
  subtractByKey(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, unknown>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](joins.subtractByKey(this[DATASET], other, options));
  }
}
