import { KeyMap } from "@millrace/codec";
import { type JoinKind, type Lineage, type NarrowKind, type ShuffleUse, union } from "@millrace/plan";
import { runAction } from "./action.ts";
import { decodeRecords } from "./collection.ts";
import { badArgument, emptyCollection } from "./errors.ts";
import { DRIVER_ONLY, RDD_REMEDY } from "./function/driver-only.ts";
import { CONTEXT, LINEAGE } from "./internals.ts";
import type { JobContext } from "./job-context.ts";
import type { AnyKey, KeyOf, Pair, ValueOf, Widened } from "./pair-types.ts";
import { type CombineOptions, combineUse, lineageIn, type PartitionResult, rddSteps } from "./rdd-steps.ts";
import { saveAsText } from "./save-text.ts";
import {
  checkPartitions,
  countByValueStep,
  distinctStep,
  keyByStep,
  labelOf,
  mergeName,
  mergeStep,
  narrowStep,
  partitionByStep,
  partitioningOf,
  plainStep,
  reduceByKeyStep,
  repartitionStep,
  type ShuffleOptions,
  type Step,
  shuffleStep,
} from "./steps.ts";
import { takeRecords } from "./take.ts";

/**
 * The partitioned records of one batch, or of a static source. Transformations are lazy and give a new RDD; actions run
 * on the cluster and give promises. An RDD is computed anew by each action, but what it has shuffled is kept until its
 * batch is done.
 *
 * Pair operations exist on RDDs of two-tuples only.
 */
export class RDD<out T> {
  readonly [CONTEXT]: JobContext;
  readonly [LINEAGE]: Lineage;

  /** Made by the engine: see `ssc.parallelize`, `ssc.textFile`, `transform` and `foreachRDD`. */
  constructor(context: JobContext, lineage: Lineage) {
    this[CONTEXT] = context;
    this[LINEAGE] = lineage;
  }

  get [DRIVER_ONLY]() {
    return RDD_REMEDY;
  }

  // ---- transformations

  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<U>(fn: (value: T) => U): RDD<U>;
  map(fn: (value: T) => unknown): RDD<unknown> {
    return this.#narrow("map", fn);
  }

  /** Applies `fn` to each record and takes apart what it gives. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): RDD<[K, V]>;
  flatMap<U>(fn: (value: T) => Iterable<U>): RDD<U>;
  flatMap(fn: (value: T) => Iterable<unknown>): RDD<unknown> {
    return this.#narrow("flatMap", fn);
  }

  /** Keeps the records for which `predicate` holds. */
  filter<U extends T>(predicate: (value: T) => value is U): RDD<U>;
  filter(predicate: (value: T) => unknown): RDD<T>;
  filter(predicate: (value: T) => unknown): RDD<T> {
    return this.#narrow("filter", predicate);
  }

  /**
   * Applies `fn` to each partition as a whole, empty ones too; it may be async.
   *
   * @param preservesPartitioning The function leaves keys as they are.
   */
  mapPartitions<K extends AnyKey, V>(
    fn: (values: Iterable<T>) => PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  mapPartitions<U>(fn: (values: Iterable<T>) => PartitionResult<U>, preservesPartitioning?: boolean): RDD<U>;
  mapPartitions(fn: (values: Iterable<T>) => PartitionResult<unknown>, preservesPartitioning = false): RDD<unknown> {
    return this.#narrow("mapPartitions", fn, preservesPartitioning);
  }

  /** As `mapPartitions`, with the number of the partition. */
  mapPartitionsWithIndex<K extends AnyKey, V>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  mapPartitionsWithIndex<U>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): RDD<U>;
  mapPartitionsWithIndex(
    fn: (index: number, values: Iterable<T>) => PartitionResult<unknown>,
    preservesPartitioning = false,
  ): RDD<unknown> {
    return this.#narrow("mapPartitionsWithIndex", fn, preservesPartitioning);
  }

  /** One array per partition, `[]` for an empty one. */
  glom(): RDD<T[]> {
    return this.#step(plainStep("glom"));
  }

  /** The records of this RDD, then those of the others; duplicates stay. */
  union<U>(...others: readonly RDD<U>[]): RDD<T | U> {
    const parents = [this[LINEAGE], ...others.map((other) => lineageIn(this[CONTEXT], other, "union"))];
    return new RDD(this[CONTEXT], union(parents));
  }

  /** Spreads the records evenly over `numPartitions`, by a full shuffle. */
  repartition(numPartitions: number): RDD<T> {
    return this.#step(repartitionStep(checkPartitions(numPartitions, "repartition")));
  }

  /** Each value once. Values must have equality by value, as keys do. */
  distinct(options?: ShuffleOptions<T>): RDD<T> {
    return this.#step(distinctStep(this.#partitioning(options, "distinct")));
  }

  /** `[fn(value), value]`. */
  keyBy<K>(fn: (value: T) => K): RDD<[K, T]> {
    return this.#step(keyByStep(this[CONTEXT].ship(fn, "keyBy"), "keyBy", fn));
  }

  /** `[key, values]` for each key that `fn` gives. */
  groupBy<K>(fn: (value: T) => K, options?: ShuffleOptions<K>): RDD<[K, T[]]> {
    const keyed = this.#step<[K, T]>(keyByStep(this[CONTEXT].ship(fn, "groupBy"), "groupBy", fn));
    return keyed.groupByKey(options);
  }

  // ---- pairs

  /** Applies `fn` to each value; keys stay where they are. */
  mapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => U): RDD<[KeyOf<T>, U]> {
    return narrowed(this, "mapValues", fn);
  }

  /** Applies `fn` to each value and makes a pair of each thing it gives; keys stay where they are. */
  flatMapValues<U>(this: RDD<Pair>, fn: (value: ValueOf<T>) => Iterable<U>): RDD<[KeyOf<T>, U]> {
    return narrowed(this, "flatMapValues", fn);
  }

  keys(this: RDD<Pair>): RDD<KeyOf<T>> {
    return stepped(this, plainStep("keys"));
  }

  values(this: RDD<Pair>): RDD<ValueOf<T>> {
    return stepped(this, plainStep("values"));
  }

  /** `[key, values]`, values in no particular order. To reduce the values, `reduceByKey` sends far less. */
  groupByKey(this: RDD<Pair>, options?: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>[]]> {
    return shuffledBy(this, { kind: "group" }, options, "groupByKey");
  }

  /** Reduces the values of each key to one, first within each partition. `fn` must be associative. */
  reduceByKey(
    this: RDD<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, Widened<ValueOf<T>>]> {
    const context = this[CONTEXT];
    const partitioning = partitioningOf(options, "reduceByKey", context.shipFn);
    return stepped(this, reduceByKeyStep(context.ship(fn, "reduceByKey"), partitioning));
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

  /** Places pairs by their key, without changing them. */
  partitionBy(this: RDD<Pair>, options: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>]> {
    const partitioning = partitioningOf(options, "partitionBy", this[CONTEXT].shipFn);
    if (partitioning === undefined) throw badArgument("partitionBy takes a number of partitions or a partitioner.");
    return stepped(this, partitionByStep(partitioning));
  }

  /** `[key, [values here, values there]]` for each key that either has. */
  cogroup<W>(
    this: RDD<Pair>,
    other: RDD<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]> {
    return merged(this, other, "cogroup", options);
  }

  /** `[key, [value here, value there]]` for each combination of values with the same key. */
  join<W>(
    this: RDD<Pair>,
    other: RDD<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W]]> {
    return merged(this, other, "inner", options);
  }

  /** As `join`, and `[value, undefined]` for keys that the other has not. */
  leftOuterJoin<W>(
    this: RDD<Pair>,
    other: RDD<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return merged(this, other, "left", options);
  }

  /** As `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: RDD<Pair>,
    other: RDD<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return merged(this, other, "right", options);
  }

  /** As `join`, and `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: RDD<Pair>,
    other: RDD<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return merged(this, other, "full", options);
  }

  // ---- actions

  /** All records, in partition order. They must fit the driver's memory. */
  async collect(): Promise<T[]> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const blocks = await runAction(context, { name: "collect", target, sink: { kind: "collect" } });
    const records: unknown[] = [];
    for (const block of blocks) decodeRecords(context, block, records);
    return records as T[]; // the records of this RDD
  }

  async count(): Promise<number> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const blocks = await runAction(context, { name: "count", target, sink: { kind: "count" } });
    let sum = 0;
    for (const block of blocks) for (const n of decodeRecords(context, block)) sum += n as number; // the sink's records
    return sum;
  }

  /** The first `n` records, in partition order. Looks at a few partitions first, if there are many. */
  async take(n: number): Promise<T[]> {
    return (await takeRecords(this[CONTEXT], this[LINEAGE], n)) as T[]; // the records of this RDD
  }

  /** The first record. @throws EMPTY_COLLECTION There is none. */
  async first(): Promise<T> {
    const records = await this.take(1);
    if (records.length > 0) return records[0] as T; // just checked to be there
    throw emptyCollection("first() was called on an RDD without records. Ask isEmpty() before, or use take(1).");
  }

  async isEmpty(): Promise<boolean> {
    return (await this.take(1)).length === 0;
  }

  /** Reduces all records to one. `fn` must be associative. @throws EMPTY_COLLECTION There is none. */
  async reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const ref = context.ship(fn, "reduce");
    const sink = { kind: "reduce", fn: ref, label: labelOf("reduce", ref) } as const;
    const blocks = await runAction(context, { name: "reduce", target, sink });
    const partials: unknown[] = [];
    for (const block of blocks) decodeRecords(context, block, partials);
    if (partials.length > 0) return (partials as Widened<T>[]).reduce(fn); // each is a record, or made by fn
    throw emptyCollection("reduce() was called on an RDD without records. Ask isEmpty() before.");
  }

  /** Calls `fn` for each record, on the executors; each call is awaited before the next of its partition. */
  async foreach(fn: (value: T) => unknown): Promise<void> {
    await this.#each("foreach", fn);
  }

  /** Calls `fn` for each partition, empty ones too, on the executors. */
  async foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    await this.#each("foreachPartition", fn);
  }

  /** How often each value occurs. Values must have equality by value, as keys do. */
  async countByValue(): Promise<Map<T, number>> {
    const counted = this.#step<[T, number]>(countByValueStep(undefined));
    return new Map(await counted.collect());
  }

  /** How many values each key has. */
  countByKey(this: RDD<Pair>): Promise<Map<KeyOf<T>, number>> {
    const keys = stepped<KeyOf<T>>(this, plainStep("keys"));
    return keys.countByValue();
  }

  /** The pairs as a Map; of pairs with equal keys the last one stays. */
  async collectAsMap(this: RDD<Pair>): Promise<Map<KeyOf<T>, ValueOf<T>>> {
    const last = new KeyMap<KeyOf<T>, ValueOf<T>>();
    for (const [key, value] of await this.collect()) {
      last.set(key as KeyOf<T>, value as ValueOf<T>); // T is what this RDD has, of which `this` says only that it is pairs
    }
    return new Map(last);
  }

  /** The values of one key, in partition order. */
  async lookup(this: RDD<Pair>, key: KeyOf<T>): Promise<ValueOf<T>[]> {
    const wanted = new KeyMap<unknown, true>();
    wanted.set(key, true);
    const found: ValueOf<T>[] = [];
    for (const [k, v] of await this.collect()) if (wanted.has(k)) found.push(v as ValueOf<T>); // as in collectAsMap
    return found;
  }

  /**
   * Writes one `part-00000` file per partition, and `_SUCCESS`: a string as it is, anything else as a line of JSON. The
   * directory appears when it is complete.
   *
   * @throws OUTPUT_EXISTS There is something at `path` already.
   */
  saveAsTextFile(path: string): Promise<void> {
    return saveAsText(this[CONTEXT], this[LINEAGE], path);
  }

  /** How many partitions there are; a promise, since sources may have to be looked at first. */
  async getNumPartitions(): Promise<number> {
    return this[CONTEXT].partitionsOf(this[LINEAGE]);
  }

  // ---- how it is done

  async #each(kind: "foreach" | "foreachPartition", fn: unknown): Promise<void> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const ref = context.ship(fn, kind);
    await runAction(context, { name: kind, target, sink: { kind, fn: ref, label: labelOf(kind, ref) } });
  }

  #narrow<U>(kind: NarrowKind, fn: unknown, keepsPartitioning?: boolean): RDD<U> {
    return narrowed(this, kind, fn, keepsPartitioning);
  }

  #partitioning(options: ShuffleOptions<T> | undefined, operator: string) {
    return partitioningOf(options, operator, this[CONTEXT].shipFn);
  }

  #step<U>(step: Step): RDD<U> {
    return stepped(this, step);
  }
}

// These take any RDD, where methods with a `this` type have no access to private members.

function stepped<U>(rdd: RDD<unknown>, step: Step): RDD<U> {
  const context = rdd[CONTEXT];
  return new RDD<U>(context, step(rdd[LINEAGE], rddSteps(context)));
}

function narrowed<U>(rdd: RDD<unknown>, kind: NarrowKind, fn: unknown, keepsPartitioning?: boolean): RDD<U> {
  return stepped(rdd, narrowStep(kind, rdd[CONTEXT].ship(fn, kind), keepsPartitioning));
}

function shuffledBy<U, K>(
  rdd: RDD<unknown>,
  use: ShuffleUse,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): RDD<U> {
  const partitioning = partitioningOf(options, operator, rdd[CONTEXT].shipFn);
  return stepped(rdd, shuffleStep(use, partitioning, operator));
}

function merged<U, K>(
  rdd: RDD<unknown>,
  other: RDD<unknown>,
  how: "cogroup" | JoinKind,
  options: ShuffleOptions<K> | undefined,
): RDD<U> {
  const context = rdd[CONTEXT];
  const operator = mergeName(how);
  const step = mergeStep(how, partitioningOf(options, operator, context.shipFn));
  const parents = [rdd[LINEAGE], lineageIn(context, other, operator)];
  return new RDD<U>(context, step(parents, rddSteps(context)));
}
