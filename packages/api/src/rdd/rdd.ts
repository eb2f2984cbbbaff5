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
 * The partitioned records of one batch, or of a static source. Transformations are lazy and give a new RDD; actions run
 * on the cluster and give promises. An RDD is computed anew by each action, unless it is persisted; what it has shuffled
 * is kept until its batch is done.
 *
 * Pair operations exist on RDDs of two-tuples only. Made by the engine: see `ssc.parallelize`, `ssc.textFile`,
 * `transform` and `foreachRDD`.
 */
export class RDD<out T> extends Transformations<T> {
  override [OF]<U>(lineage: Lineage): RDD<U> {
    return new RDD<U>(this[DATASET].context, lineage);
  }

  // ---- what it is

  /** Unique within the job. */
  get id(): number {
    return this[DATASET].id;
  }

  /** As `setName` was given it. */
  get name(): string | undefined {
    return this[DATASET].name;
  }

  /** Names this RDD for `toDebugString`. */
  setName(name: string): this {
    this[DATASET].rename(name);
    return this;
  }

  /**
   * This RDD and what it is made of, a line each, the last operation first; behind `+-` are those that are shuffled. Numbers
   * are those of partitions, `?` where sources have to be looked at first.
   */
  toDebugString(): string {
    return this[DATASET].render();
  }

  /** What `console.log` shows: which RDD it is. Its records are what actions are for. */
  [INSPECT](): string {
    return `RDD ${this.toDebugString().split("\n", 1).join()}`;
  }

  // ---- how it is kept

  /**
   * Computes each partition once, when an action first asks for one, and keeps it: for all actions on this RDD and on RDDs
   * that are derived from it after this call. It goes with its batch, or with the job if it was made in `build`, or by
   * `unpersist`. A partition that is lost is computed again.
   *
   * @throws LEVEL_FIXED It has another level already.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    this[DATASET].persist(level);
    return this;
  }

  /** As `persist()`. */
  cache(): this {
    return this.persist();
  }

  /** Lets go of what is kept of this RDD. Actions that run keep what they read until they are done. */
  unpersist(): this {
    this[DATASET].unpersist();
    return this;
  }

  /** `undefined`: it is not persisted. */
  get storageLevel(): StorageLevel | undefined {
    return this[DATASET].level;
  }

  // ---- actions: each runs on the cluster for the batch that is under way, and gives a promise

  /** All records, in partition order. They must fit the driver's memory. */
  collect(): Promise<T[]> {
    return collecting.collected<T>(this[DATASET], "collect");
  }

  /** All records, in partition order, of which the driver holds one partition at a time. Takes a job for each partition. */
  toLocalIterator(): AsyncGenerator<T, void, undefined> {
    return collecting.toLocalIterator<T>(this[DATASET]);
  }

  /** How many records there are. */
  count(): Promise<number> {
    return collecting.count(this[DATASET]);
  }

  /** The first `n` records, in partition order. Looks at a few partitions first, if there are many. */
  take(n: number): Promise<T[]> {
    return collecting.take<T>(this[DATASET], n);
  }

  /** The first record. @throws EMPTY_COLLECTION There is none. */
  first(): Promise<T> {
    return collecting.first<T>(this[DATASET]);
  }

  /** Whether there is no record. Looks at few partitions, as `take(1)` does. */
  isEmpty(): Promise<boolean> {
    return collecting.isEmpty(this[DATASET]);
  }

  /** Calls `fn` for each record, on the executors; each call is awaited before the next of its partition. */
  foreach(fn: (value: T) => unknown): Promise<void> {
    return collecting.runEach(this[DATASET], "foreach", fn);
  }

  /** Calls `fn` for each partition, empty ones too, on the executors. */
  foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    return collecting.runEach(this[DATASET], "foreachPartition", fn);
  }

  /**
   * Writes one `part-00000` file per partition, and `_SUCCESS`: a string as it is, anything else as a line of JSON. The
   * directory appears when it is complete.
   *
   * @throws OUTPUT_EXISTS There is something at `path` already.
   */
  saveAsTextFile(path: string, options: SaveTextOptions = {}): Promise<void> {
    return collecting.saveAsTextFile(this[DATASET], path, options);
  }

  /** As `saveAsTextFile`, in the engine's own format, which keeps what records are: read it with `ssc.objectFile`. */
  saveAsObjectFile(path: string): Promise<void> {
    return collecting.saveAsObjectFile(this[DATASET], path);
  }

  /** How many partitions there are; a promise, since sources may have to be looked at first. */
  getNumPartitions(): Promise<number> {
    return collecting.partitionCount(this[DATASET]);
  }

  /** How the pairs are placed by their keys, if they are; a promise, as for `getNumPartitions`. */
  getPartitioner(): Promise<Partitioner<unknown> | undefined> {
    return collecting.partitioner(this[DATASET]);
  }

  // ---- one result of all records

  /** Reduces all records to one. `fn` must be associative. @throws EMPTY_COLLECTION There is none. */
  reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    return folds.reduce(this[DATASET], fn);
  }

  /**
   * As `reduce`, with partial results brought together on executors first, for many partitions with large results.
   *
   * @param depth Rounds in which results are brought together: that of the driver, and shuffles before it.
   * @throws EMPTY_COLLECTION There is none.
   */
  treeReduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>, depth = 2): Promise<Widened<T>> {
    return folds.treeReduce(this[DATASET], fn, depth);
  }

  /** As `aggregate`, when totals are of the type of records. */
  fold(zero: Widened<T>, fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    return folds.fold(this[DATASET], zero, fn);
  }

  /**
   * Folds all records into a total: those of each partition by `fold`, beginning with a copy of `zero`, then the totals of
   * partitions by `merge` on the driver, beginning with a copy of `zero` again. Both may change the total they are given.
   */
  aggregate<U>(zero: U, fold: (total: U, value: T) => U, merge: (a: U, b: U) => U): Promise<U> {
    return folds.aggregate(this[DATASET], zero, fold, merge);
  }

  /** As `aggregate`, with totals brought together on executors first: for many partitions with large totals. */
  treeAggregate<U>(
    zero: U,
    fold: (total: U, value: T) => U,
    merge: (a: U, b: U) => U,
    options: number | TreeOptions = {},
  ): Promise<U> {
    return folds.treeAggregate(this[DATASET], zero, [fold, merge], options);
  }

  /** How often each value occurs. Values must have equality by value, as keys do. */
  countByValue(): Promise<Map<T, number>> {
    return folds.countsByValue<T>(this[DATASET]);
  }

  /**
   * About how many different values there are, by HyperLogLog: without a shuffle, in little memory.
   *
   * @param precision The relative standard deviation, 0.05 if it is left out; or the bits `p` of a hash that choose one of
   *   2^p registers, and `sp` bits for small counts.
   * @throws BAD_PRECISION, KEY_NOT_COMPARABLE
   */
  countApproxDistinct(precision: DistinctPrecision = 0.05): Promise<number> {
    return folds.countApproxDistinct(this[DATASET], precision);
  }

  /**
   * `num` records by chance, in random order, or all there are if they are fewer; `withReplacement` each may come up
   * repeatedly.
   *
   * @param seed The same seed draws the same of the same partitions.
   */
  takeSample(withReplacement: boolean, num: number, seed?: number): Promise<T[]> {
    return folds.takeSample<T>(this[DATASET], withReplacement, num, seed);
  }

  // ---- the first and the last

  /** The first `num` records in order. */
  takeOrdered(num: number, compare?: Compare<T>): Promise<T[]> {
    return extremes.takeOrdered<T>(this[DATASET], num, compare);
  }

  /** The last `num` records in order, the very last one first. */
  top(num: number, compare?: Compare<T>): Promise<T[]> {
    return extremes.top<T>(this[DATASET], num, compare);
  }

  /** The first record in order. @throws EMPTY_COLLECTION There is none. */
  min(compare?: Compare<T>): Promise<T> {
    return extremes.outermost<T>(this[DATASET], compare, false);
  }

  /** The last record in order. @throws EMPTY_COLLECTION There is none. */
  max(compare?: Compare<T>): Promise<T> {
    return extremes.outermost<T>(this[DATASET], compare, true);
  }

  // ---- pairs on the driver

  /** How many values each key has. */
  countByKey(this: RDD<Pair>): Promise<Map<KeyOf<T>, number>> {
    return pairMaps.countByKey(this[DATASET]);
  }

  /** The pairs as a Map; of pairs with equal keys the last one stays. */
  collectAsMap(this: RDD<Pair>): Promise<Map<KeyOf<T>, ValueOf<T>>> {
    return pairMaps.collectAsMap(this[DATASET]);
  }

  /**
   * Reduces the values of each key to one and gives them as a Map: without a shuffle, for few keys. `fn` must be
   * associative.
   */
  reduceByKeyLocally(
    this: RDD<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
  ): Promise<Map<KeyOf<T>, Widened<ValueOf<T>>>> {
    return pairMaps.reduceByKeyLocally(this[DATASET], fn);
  }

  /**
   * The values of one key, in partition order. Looks at a single partition where it is known how the pairs are placed.
   *
   * @throws KEY_NOT_COMPARABLE
   */
  lookup(this: RDD<Pair>, key: KeyOf<T>): Promise<ValueOf<T>[]> {
    return pairMaps.lookup(this[DATASET], key);
  }

  // ---- numbers

  /** 0 of no numbers. */
  sum(this: RDD<number>): Promise<number> {
    return numbers.sum(this[DATASET]);
  }

  /** Count, mean, variance and ends, in one pass. */
  stats(this: RDD<number>): Promise<StatCounter> {
    return numbers.stats(this[DATASET]);
  }

  /** 0 of no numbers. */
  mean(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "mean", "mean");
  }

  /** Of the numbers as a whole population. NaN of no numbers. */
  variance(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "variance", "variance");
  }

  /** As `variance`. */
  popVariance(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "popVariance", "variance");
  }

  /** As an estimate for what the numbers are a sample of: divides by n - 1. NaN of fewer than two numbers. */
  sampleVariance(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "sampleVariance", "sampleVariance");
  }

  /** The square root of `variance`. */
  stdev(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "stdev", "stdev");
  }

  /** As `stdev`. */
  popStdev(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "popStdev", "stdev");
  }

  /** The square root of `sampleVariance`. */
  sampleStdev(this: RDD<number>): Promise<number> {
    return numbers.figure(this[DATASET], "sampleStdev", "sampleStdev");
  }

  /**
   * How many numbers lie in each of `buckets` equally wide ones between the smallest and the largest number: `[ends, counts]`,
   * of which ends has one more. A single bucket when all numbers are equal.
   *
   * @throws NOT_FINITE There are no numbers, or NaN or an infinity among them.
   */
  histogram(this: RDD<number>, buckets: number): Promise<[ends: number[], counts: number[]]>;
  /**
   * How many numbers lie in each bucket: from each of `ends` up to and without the next one, the last bucket with its end.
   * Numbers outside, and NaN, are left out.
   *
   * @param ends Two or more, ascending.
   */
  histogram(this: RDD<number>, ends: readonly number[]): Promise<number[]>;
  histogram(this: RDD<number>, given: number | readonly number[]): Promise<unknown> {
    return numbers.histogram(this[DATASET], given);
  }

  // ---- within a time: bounds between which the result lies with a probability; exact if all partitions were seen

  /** @param timeout For example `"500ms"`. @param confidence The probability, from 0 to 1. */
  countApprox(timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    return approximate.countApprox(this[DATASET], { timeout, confidence });
  }

  /** How often each value occurs, of those that were seen. See `countApprox`. */
  countByValueApprox(timeout: DurationLike, confidence = 0.95): Promise<Map<T, BoundedDouble>> {
    return approximate.countByValueApprox(this[DATASET], { timeout, confidence });
  }

  /** How many values each key has, of those that were seen. See `countApprox`. */
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
