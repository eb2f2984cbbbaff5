import type { DurationLike } from "@millrace/base";
import type { Lineage } from "@millrace/plan";
import type { BoundedDouble } from "../approx/bounded-double.ts";
import { DATASET, INSPECT, OF } from "../internals.ts";
import * as approximate from "../operations/approximate.ts";
import * as collecting from "../operations/collecting.ts";
import * as extremes from "../operations/extremes.ts";
import * as folds from "../operations/folds.ts";
import * as numbers from "../operations/numbers.ts";
import * as pairMaps from "../operations/pair-maps.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../operations/pair-types.ts";
import type { DistinctPrecision } from "../operations/sketches.ts";
import type { TreeOptions } from "../operations/tree.ts";
import type { SaveTextOptions } from "../output/save-records.ts";
import type { Compare, Partitioner } from "../partition/partitioner.ts";
import type { StatCounter } from "./stat-counter.ts";
import { StorageLevel } from "./storage-level.ts";
import { Transformations } from "./transformations.ts";

/**
 * The partitioned records of one batch, or of a static source. Transformations are lazy and return a new RDD; actions
 * run on the cluster and return promises. Each action recomputes its RDD unless it is persisted; shuffle output is kept
 * until the batch is done.
 *
 * Pair operations exist on RDDs of two-tuples only. Created by the engine: see `ssc.parallelize`, `ssc.textFile`,
 * `transform` and `foreachRDD`.
 */
export class RDD<out T> extends Transformations<T> {
  override [OF]<U>(lineage: Lineage): RDD<U> {
    return new RDD<U>(this[DATASET].context, lineage);
  }

  // ---- identity

  /** Unique within the job. */
  get id(): number {
    return this[DATASET].id;
  }

  /** The name given to `setName`. */
  get name(): string | undefined {
    return this[DATASET].name;
  }

  /** Names this RDD for `toDebugString`. */
  setName(name: string): this {
    this[DATASET].rename(name);
    return this;
  }

  /**
   * This RDD and its lineage, one line each, the last operation first; `+-` marks RDDs that are shuffled. The numbers
   * are those of partitions, `?` where sources must be resolved first.
   */
  toDebugString(): string {
    return this[DATASET].render();
  }

  /** Shown by `console.log`: identifies the RDD. Use actions to see its records. */
  [INSPECT](): string {
    return `RDD ${this.toDebugString().split("\n", 1).join()}`;
  }

  // ---- persistence

  /**
   * Computes each partition once, when an action first needs it, and keeps it for all actions on this RDD and on RDDs
   * derived from it after this call. It is released with its batch, with the job if it was created in `build`, or by
   * `unpersist`. Lost partitions are recomputed.
   *
   * @throws LEVEL_FIXED It already has another level.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    this[DATASET].persist(level);
    return this;
  }

  /** Same as `persist()`. */
  cache(): this {
    return this.persist();
  }

  /** Releases the kept partitions. Running actions keep what they read until they are done. */
  unpersist(): this {
    this[DATASET].unpersist();
    return this;
  }

  /** `undefined`: it is not persisted. */
  get storageLevel(): StorageLevel | undefined {
    return this[DATASET].level;
  }

  // ---- actions: each runs on the cluster for the current batch, and returns a promise

  /** All records, in partition order. They must fit in the driver's memory. */
  collect(): Promise<T[]> {
    return collecting.collected<T>(this[DATASET], "collect");
  }

  /** All records, in partition order; the driver holds one partition at a time. Takes a job per partition. */
  toLocalIterator(): AsyncGenerator<T, void, undefined> {
    return collecting.toLocalIterator<T>(this[DATASET]);
  }

  /** The number of records. */
  count(): Promise<number> {
    return collecting.count(this[DATASET]);
  }

  /** The first `n` records, in partition order. Reads a few partitions first if there are many. */
  take(n: number): Promise<T[]> {
    return collecting.take<T>(this[DATASET], n);
  }

  /** The first record. @throws EMPTY_COLLECTION There are no records. */
  first(): Promise<T> {
    return collecting.first<T>(this[DATASET]);
  }

  /** Whether there are no records. Reads few partitions, like `take(1)`. */
  isEmpty(): Promise<boolean> {
    return collecting.isEmpty(this[DATASET]);
  }

  /** Calls `fn` for each record, on the executors; within a partition each call is awaited before the next. */
  foreach(fn: (value: T) => unknown): Promise<void> {
    return collecting.runEach(this[DATASET], "foreach", fn);
  }

  /** Calls `fn` for each partition, including empty ones, on the executors. */
  foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    return collecting.runEach(this[DATASET], "foreachPartition", fn);
  }

  /**
   * Writes one file per partition, `part-00000` and so on, and `_SUCCESS`: strings as they are, anything else as a line
   * of JSON. The directory becomes visible when it is complete.
   *
   * @throws OUTPUT_EXISTS `path` already exists.
   */
  saveAsTextFile(path: string, options: SaveTextOptions = {}): Promise<void> {
    return collecting.saveAsTextFile(this[DATASET], path, options);
  }

  /** Like `saveAsTextFile`, in the engine's own format, which preserves types: read it with `ssc.objectFile`. */
  saveAsObjectFile(path: string): Promise<void> {
    return collecting.saveAsObjectFile(this[DATASET], path);
  }

  /** The number of partitions; a promise, since sources may have to be resolved first. */
  getNumPartitions(): Promise<number> {
    return collecting.partitionCount(this[DATASET]);
  }

  /** The partitioner of the pairs, if they are partitioned by key; a promise, as for `getNumPartitions`. */
  getPartitioner(): Promise<Partitioner<unknown> | undefined> {
    return collecting.partitioner(this[DATASET]);
  }

  // ---- a single result

  /** Reduces all records to one. `fn` must be associative. @throws EMPTY_COLLECTION There are no records. */
  reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    return folds.reduce(this[DATASET], fn);
  }

  /**
   * Like `reduce`, with partial results merged on executors first: for many partitions with large results.
   *
   * @param depth Rounds of merging: the driver's, and shuffles before it.
   * @throws EMPTY_COLLECTION There are no records.
   */
  treeReduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>, depth = 2): Promise<Widened<T>> {
    return folds.treeReduce(this[DATASET], fn, depth);
  }

  /** Like `aggregate`, where totals have the type of records. */
  fold(zero: Widened<T>, fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    return folds.fold(this[DATASET], zero, fn);
  }

  /**
   * Folds all records into a total: the records of each partition with `fold`, starting from a copy of `zero`, then the
   * totals of partitions with `merge` on the driver, starting from another copy of `zero`. Both may modify the total
   * they are given.
   */
  aggregate<U>(zero: U, fold: (total: U, value: T) => U, merge: (a: U, b: U) => U): Promise<U> {
    return folds.aggregate(this[DATASET], zero, fold, merge);
  }

  /** Like `aggregate`, with totals merged on executors first: for many partitions with large totals. */
  treeAggregate<U>(
    zero: U,
    fold: (total: U, value: T) => U,
    merge: (a: U, b: U) => U,
    options: number | TreeOptions = {},
  ): Promise<U> {
    return folds.treeAggregate(this[DATASET], zero, [fold, merge], options);
  }

  /** The number of occurrences of each value. Values must have equality by value, like keys. */
  countByValue(): Promise<Map<T, number>> {
    return folds.countsByValue<T>(this[DATASET]);
  }

  /**
   * The approximate number of distinct values, by HyperLogLog: without a shuffle, in little memory.
   *
   * @param precision The relative standard deviation, 0.05 by default; or the bits `p` of a hash that select one of 2^p
   *   registers, and `sp` bits for small counts.
   * @throws BAD_PRECISION, KEY_NOT_COMPARABLE
   */
  countApproxDistinct(precision: DistinctPrecision = 0.05): Promise<number> {
    return folds.countApproxDistinct(this[DATASET], precision);
  }

  /**
   * `num` random records in random order, or all of them if there are fewer; `withReplacement`, a record may be drawn
   * repeatedly.
   *
   * @param seed The same seed draws the same records from the same partitions.
   */
  takeSample(withReplacement: boolean, num: number, seed?: number): Promise<T[]> {
    return folds.takeSample<T>(this[DATASET], withReplacement, num, seed);
  }

  // ---- order statistics

  /** The first `num` records in order. */
  takeOrdered(num: number, compare?: Compare<T>): Promise<T[]> {
    return extremes.takeOrdered<T>(this[DATASET], num, compare);
  }

  /** The last `num` records in order, the very last one first. */
  top(num: number, compare?: Compare<T>): Promise<T[]> {
    return extremes.top<T>(this[DATASET], num, compare);
  }

  /** The first record in order. @throws EMPTY_COLLECTION There are no records. */
  min(compare?: Compare<T>): Promise<T> {
    return extremes.outermost<T>(this[DATASET], compare, false);
  }

  /** The last record in order. @throws EMPTY_COLLECTION There are no records. */
  max(compare?: Compare<T>): Promise<T> {
    return extremes.outermost<T>(this[DATASET], compare, true);
  }

  // ---- pairs on the driver

  /** The number of values of each key. */
  countByKey(this: RDD<Pair>): Promise<Map<KeyOf<T>, number>> {
    return pairMaps.countByKey(this[DATASET]);
  }

  /** The pairs as a Map; of pairs with equal keys the last one wins. */
  collectAsMap(this: RDD<Pair>): Promise<Map<KeyOf<T>, ValueOf<T>>> {
    return pairMaps.collectAsMap(this[DATASET]);
  }

  /**
   * Reduces the values of each key to one and returns them as a Map: without a shuffle, for few keys. `fn` must be
   * associative.
   */
  reduceByKeyLocally(
    this: RDD<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
  ): Promise<Map<KeyOf<T>, Widened<ValueOf<T>>>> {
    return pairMaps.reduceByKeyLocally(this[DATASET], fn);
  }

  /**
   * The values of one key, in partition order. Reads a single partition if the partitioning of the pairs is known.
   *
   * @throws KEY_NOT_COMPARABLE
   */
  lookup(this: RDD<Pair>, key: KeyOf<T>): Promise<ValueOf<T>[]> {
    return pairMaps.lookup(this[DATASET], key);
  }

  // ---- numbers

  /** 0 if there are no numbers. */
  sum(this: RDD<number>): Promise<number> {
    return numbers.sum(this[DATASET]);
  }

  /** Count, mean, variance, minimum and maximum, in one pass. */
  stats(this: RDD<number>): Promise<StatCounter> {
    return numbers.stats(this[DATASET]);
  }

  /** 0 if there are no numbers. */
  mean(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "mean", "mean");
  }

  /** Of the numbers as a whole population. NaN if there are no numbers. */
  variance(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "variance", "variance");
  }

  /** Same as `variance`. */
  popVariance(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "popVariance", "variance");
  }

  /**
   * The estimate for the population from which the numbers are a sample: divides by n - 1. NaN for fewer than two
   * numbers.
   */
  sampleVariance(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "sampleVariance", "sampleVariance");
  }

  /** The square root of `variance`. */
  stdev(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "stdev", "stdev");
  }

  /** Same as `stdev`. */
  popStdev(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "popStdev", "stdev");
  }

  /** The square root of `sampleVariance`. */
  sampleStdev(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "sampleStdev", "sampleStdev");
  }

  /**
   * The number of values in each of `buckets` buckets of equal width between the smallest and the largest number:
   * `[ends, counts]`, with one more end than buckets. A single bucket if all numbers are equal.
   *
   * @throws NOT_FINITE There are no numbers, or NaN or an infinity is among them.
   */
  histogram(this: RDD<number>, buckets: number): Promise<[ends: number[], counts: number[]]>;
  /**
   * The number of values in each bucket: from each of `ends` up to but excluding the next one; the last bucket includes
   * its end. Numbers outside, and NaN, are not counted.
   *
   * @param ends Two or more, ascending.
   */
  histogram(this: RDD<number>, ends: readonly number[]): Promise<number[]>;
  histogram(this: RDD<number>, given: number | readonly number[]): Promise<unknown> {
    return numbers.histogram(this[DATASET], given);
  }

  // ---- within a timeout: bounds that contain the result with a probability; exact if all partitions were processed

  /** @param timeout For example `"500ms"`. @param confidence The probability, from 0 to 1. */
  countApprox(timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    return approximate.countApprox(this[DATASET], { timeout, confidence });
  }

  /** The number of occurrences of each value, as far as processed. See `countApprox`. */
  countByValueApprox(timeout: DurationLike, confidence = 0.95): Promise<Map<T, BoundedDouble>> {
    return approximate.countByValueApprox(this[DATASET], { timeout, confidence });
  }

  /** The number of values of each key, as far as processed. See `countApprox`. */
  countByKeyApprox(this: RDD<Pair>, timeout: DurationLike, confidence = 0.95): Promise<Map<KeyOf<T>, BoundedDouble>> {
    return approximate.countByKeyApprox(this[DATASET], { timeout, confidence });
  }

  /** See `countApprox`. */
  meanApprox(this: RDD<number>, timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    return approximate.meanApprox(this[DATASET], { timeout, confidence });
  }

  /** See `countApprox`. */
  sumApprox(this: RDD<number>, timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    return approximate.sumApprox(this[DATASET], { timeout, confidence });
  }
}
