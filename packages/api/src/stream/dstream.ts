import type { DurationLike } from "@millrace/base";
import { DRIVER_ONLY, STREAM_REMEDY } from "../function/driver-only.ts";
import type { GraphBuilder, OutputOperation } from "../graph/graph-builder.ts";
import type { StreamNode } from "../graph/stream-node.ts";
import { INSPECT, OF, STREAM } from "../internals.ts";
import * as folds from "../operations/folds.ts";
import { GraphStream } from "../operations/graph-stream.ts";
import * as joins from "../operations/joins.ts";
import type { AnyKey, KeyOf, Pair, ShortLiteral, ValueOf, Widened } from "../operations/pair-types.ts";
import * as pairs from "../operations/pairs.ts";
import * as records from "../operations/records.ts";
import * as sets from "../operations/sets.ts";
import { sliceOf } from "../operations/slice.ts";
import * as state from "../operations/state.ts";
import * as transforming from "../operations/transforming.ts";
import * as windows from "../operations/windows.ts";
import { type AsyncIterableOptions, asyncOutput, type StreamBatch } from "../output/async-output.ts";
import { foreachRDD } from "../output/each.ts";
import { printOutput } from "../output/print.ts";
import { saveAsObjectFiles, saveAsTextFiles } from "../output/save.ts";
import type { SaveTextOptions } from "../output/save-records.ts";
import type { ShuffleOptions } from "../partition/partitioner.ts";
import { RDD } from "../rdd/rdd.ts";
import { StorageLevel } from "../rdd/storage-level.ts";
import type { MappingFunction, MapWithStateOptions, StateSpec } from "./state-spec.ts";

/**
 * A stream: one RDD per batch. Operations declare the graph while `build` runs; nothing runs before the batches, and
 * without an output operation nothing runs at all.
 *
 * Pair operations exist on streams of two-tuples only.
 */
export class DStream<out T> {
  readonly [STREAM]: GraphStream;

  /** @internal */
  constructor(graph: GraphBuilder, node: StreamNode) {
    this[STREAM] = new GraphStream(graph, node);
  }

  /** Shown by `console.log`: identifies the stream, not its batches. */
  [INSPECT](): string {
    return `DStream (${this[STREAM].node.label})`;
  }

  get [DRIVER_ONLY]() {
    return STREAM_REMEDY;
  }

  /** The stream of another node. */
  [OF]<U>(node: StreamNode): DStream<U> {
    return new DStream<U>(this[STREAM].graph, node);
  }

  // ---- records

  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<E>(fn: (value: T) => ShortLiteral<E>): DStream<E[]>;
  map<U>(fn: (value: T) => U): DStream<U>;
  map(fn: (value: T) => unknown): DStream<unknown> {
    return this[OF](records.narrow(this[STREAM], "map", fn));
  }

  /** Applies `fn` to each record and flattens the results. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): DStream<[K, V]>;
  flatMap<E>(fn: (value: T) => Iterable<ShortLiteral<E>>): DStream<E[]>;
  flatMap<U>(fn: (value: T) => Iterable<U>): DStream<U>;
  flatMap(fn: (value: T) => Iterable<unknown>): DStream<unknown> {
    return this[OF](records.narrow(this[STREAM], "flatMap", fn));
  }

  /** Keeps the records for which `predicate` holds. */
  filter<U extends T>(predicate: (value: T) => value is U): DStream<U>;
  filter(predicate: (value: T) => unknown): DStream<T>;
  filter(predicate: (value: T) => unknown): DStream<T> {
    return this[OF](records.narrow(this[STREAM], "filter", predicate));
  }

  // ---- partitions

  /**
   * Applies `fn` to each partition as a whole, including empty ones; it may be async.
   *
   * @param preservesPartitioning The function does not change keys.
   */
  mapPartitions<K extends AnyKey, V>(
    fn: (values: Iterable<T>) => records.PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): DStream<[K, V]>;
  mapPartitions<E>(
    fn: (values: Iterable<T>) => records.PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): DStream<E[]>;
  mapPartitions<U>(
    fn: (values: Iterable<T>) => records.PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): DStream<U>;
  mapPartitions(
    fn: (values: Iterable<T>) => records.PartitionResult<unknown>,
    preservesPartitioning = false,
  ): DStream<unknown> {
    return this[OF](records.narrow(this[STREAM], "mapPartitions", fn, preservesPartitioning));
  }

  /** Like `mapPartitions`, with the partition's number. */
  mapPartitionsWithIndex<K extends AnyKey, V>(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): DStream<[K, V]>;
  mapPartitionsWithIndex<E>(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): DStream<E[]>;
  mapPartitionsWithIndex<U>(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): DStream<U>;
  mapPartitionsWithIndex(
    fn: (index: number, values: Iterable<T>) => records.PartitionResult<unknown>,
    preservesPartitioning = false,
  ): DStream<unknown> {
    return this[OF](records.narrow(this[STREAM], "mapPartitionsWithIndex", fn, preservesPartitioning));
  }

  /** One array per partition, `[]` for an empty one. */
  glom(): DStream<T[]> {
    return this[OF](records.glom(this[STREAM]));
  }

  /** Spreads the records evenly over `numPartitions`, with a full shuffle. */
  repartition(numPartitions: number): DStream<T> {
    return this[OF](records.repartition(this[STREAM], numPartitions));
  }

  // ---- whole batches

  /** The records of this stream, then those of the others; duplicates stay. */
  union<U>(...others: readonly DStream<U>[]): DStream<T | U> {
    return this[OF](sets.union(this[STREAM], others));
  }

  /** One number per batch: its count of records; 0 for an empty batch. */
  count(): DStream<number> {
    return this[OF](folds.countBatch(this[STREAM]));
  }

  /** One record per batch: all of its records reduced to one; none for an empty batch. `fn` must be associative. */
  reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): DStream<Widened<T>> {
    return this[OF](folds.reduceBatch(this[STREAM], fn));
  }

  /**
   * `[value, n]`: the number of occurrences of each value in the batch. Values must have equality by value, like keys.
   */
  countByValue(options?: ShuffleOptions<T>): DStream<[T, number]> {
    return this[OF](folds.countByValueInBatch(this[STREAM], options));
  }

  /**
   * Transforms each batch's RDD into another, on the driver: `fn` may use any operation of RDDs, run actions and be
   * async. It is called for empty batches too, with the batch time in epoch ms.
   */
  transform<U>(fn: (rdd: RDD<T>, time: number) => RDD<U> | Promise<RDD<U>>): DStream<U> {
    return this[OF](transforming.transform([this], fn, "transform"));
  }

  /** Like `transform`, with the RDD of another stream in the same batch. */
  transformWith<U, R>(
    other: DStream<U>,
    fn: (rdd: RDD<T>, other: RDD<U>, time: number) => RDD<R> | Promise<RDD<R>>,
  ): DStream<R> {
    return this[OF](transforming.transform([this, other], fn, "transformWith"));
  }

  // ---- pairs

  /** Applies `fn` to each value; keys and their placement do not change. */
  mapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => U): DStream<[KeyOf<T>, U]> {
    return this[OF](records.narrow(this[STREAM], "mapValues", fn));
  }

  /** Applies `fn` to each value and makes a pair of each result; keys and their placement do not change. */
  flatMapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => Iterable<U>): DStream<[KeyOf<T>, U]> {
    return this[OF](records.narrow(this[STREAM], "flatMapValues", fn));
  }

  /** The key of each pair. */
  keys(this: DStream<Pair>): DStream<KeyOf<T>> {
    return this[OF](pairs.keys(this[STREAM]));
  }

  /** The value of each pair. */
  values(this: DStream<Pair>): DStream<ValueOf<T>> {
    return this[OF](pairs.values(this[STREAM]));
  }

  /** `[key, values]`, values in the order of their partitions. To reduce them, `reduceByKey` transfers far less. */
  groupByKey(this: DStream<Pair>, options?: ShuffleOptions<KeyOf<T>>): DStream<[KeyOf<T>, ValueOf<T>[]]> {
    return this[OF](pairs.groupByKey(this[STREAM], options));
  }

  /** Reduces the values of each key to one, first within each partition. `fn` must be associative. */
  reduceByKey(
    this: DStream<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](pairs.reduceByKey(this[STREAM], fn, options));
  }

  /** Combines the values of each key into a `C`: `create` of the first, `mergeValue` of each further one. */
  combineByKey<C>(
    this: DStream<Pair>,
    create: (value: Widened<ValueOf<T>>) => C,
    mergeValue: (combined: C, value: Widened<ValueOf<T>>) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: number | pairs.CombineOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, C]> {
    return this[OF](pairs.combineByKey(this[STREAM], [create, mergeValue, mergeCombiners], options));
  }

  /**
   * Folds the values of each key into a total that starts as a copy of `zero`: within each partition with `fold`, then
   * the totals of partitions with `merge`.
   *
   * @param zero Used once per key and partition, so it should be neutral. `fold` may modify the total that it is given.
   */
  aggregateByKey<C>(
    this: DStream<Pair>,
    zero: C,
    fold: (total: C, value: ValueOf<T>) => C,
    merge: (a: C, b: C) => C,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, C]> {
    return this[OF](pairs.aggregateByKey(this[STREAM], zero, [fold, merge], options));
  }

  /** Reduces the values of each key to one, starting from a copy of `zero` for each key and partition. */
  foldByKey(
    this: DStream<Pair>,
    zero: Widened<ValueOf<T>>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](pairs.foldByKey(this[STREAM], zero, fn, options));
  }

  /** Partitions pairs by key, without changing them. */
  partitionBy(this: DStream<Pair>, options: ShuffleOptions<KeyOf<T>>): DStream<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](pairs.partitionBy(this[STREAM], options));
  }

  // ---- joins

  /** `[key, [values here, values there]]` for each key of either stream in the batch. */
  cogroup<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]> {
    return this[OF](joins.cogroup(this[STREAM], [other], options));
  }

  /** `[key, [value here, value there]]` for each combination of values with the same key in the same batch. */
  join<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, [ValueOf<T>, W]]> {
    return this[OF](joins.join(this[STREAM], other, "inner", options));
  }

  /** Like `join`, and `[value, undefined]` for keys that the other does not have. */
  leftOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return this[OF](joins.join(this[STREAM], other, "left", options));
  }

  /** Like `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return this[OF](joins.join(this[STREAM], other, "right", options));
  }

  /** Like `join`, with `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return this[OF](joins.join(this[STREAM], other, "full", options));
  }

  // ---- state

  /**
   * Maintains state for each key across batches, and emits all of it in each batch: `[key, state]`.
   *
   * `fn` is called in every batch for every known key, with the new values, the current state, the key, and the batch
   * time in epoch ms; returning `undefined` forgets the key. With `onlyUpdated` it is called only for keys with new
   * values, at a cost proportional to them. The result is partitioned like the state: later operations by key with the
   * same number of partitions do not shuffle.
   */
  updateStateByKey<S>(
    this: DStream<Pair>,
    fn: (values: Widened<ValueOf<T>>[], state: S | undefined, key: KeyOf<T>, time: number) => S | undefined,
    options?: number | state.UpdateOptions<KeyOf<T>, S>,
  ): DStream<[KeyOf<T>, S]> {
    return this[OF](state.updateStateByKey(this[STREAM], fn, options));
  }

  /**
   * Like `updateStateByKey`, one partition at a time: `fn` is called once for each, including empty ones, with an
   * iterable of `[key, values, state]` for every key that has either, and the batch time in epoch ms. The iterable of
   * `[key, state]` that it returns replaces the partition's state: other keys are forgotten.
   *
   * @param fn Returns each key at most once, and only keys of the partition, such as those that it was given.
   */
  updateStatePartitions<S>(
    this: DStream<Pair>,
    fn: (
      entries: Iterable<[key: KeyOf<T>, values: Widened<ValueOf<T>>[], state: S | undefined]>,
      time: number,
    ) => Iterable<readonly [KeyOf<T>, S]>,
    options?: number | state.StateOptions<KeyOf<T>, S>,
  ): DStream<[KeyOf<T>, S]> {
    return this[OF](state.updateStatePartitions(this[STREAM], fn, options));
  }

  /**
   * Maintains state for each key, and emits the result of `fn` for each pair with the state of its key, in order of
   * arrival.
   *
   * `fn` is called with key, value, state and the batch time, for the pairs of a batch only, not for every key: a batch
   * costs as much as its pairs. With a timeout, a key that has been idle for longer is passed once more, without a
   * value, and forgotten, in the first batch after the timeout. Each batch is computed once, however many streams read
   * it.
   *
   * @param fn Its third parameter determines the type of the state: `(key, value, state: State<number>) => …`.
   */
  mapWithState<S, L extends AnyKey, W>(
    this: DStream<Pair>,
    fn: MappingFunction<KeyOf<T>, Widened<ValueOf<T>>, S, readonly [L, W]>,
    options?: MapWithStateOptions<KeyOf<T>, S>,
  ): MapWithStateDStream<KeyOf<T>, S, [L, W]>;
  mapWithState<S, E>(
    this: DStream<Pair>,
    fn: MappingFunction<KeyOf<T>, Widened<ValueOf<T>>, S, ShortLiteral<E>>,
    options?: MapWithStateOptions<KeyOf<T>, S>,
  ): MapWithStateDStream<KeyOf<T>, S, E[]>;
  mapWithState<S, U>(
    this: DStream<Pair>,
    fn: MappingFunction<KeyOf<T>, Widened<ValueOf<T>>, S, U>,
    options?: MapWithStateOptions<KeyOf<T>, S>,
  ): MapWithStateDStream<KeyOf<T>, S, U>;
  mapWithState<S, U>(
    this: DStream<Pair>,
    spec: StateSpec<KeyOf<T>, Widened<ValueOf<T>>, S, U>,
  ): MapWithStateDStream<KeyOf<T>, S, U>;
  mapWithState<S, U>(
    this: DStream<Pair>,
    given: MappingFunction<KeyOf<T>, Widened<ValueOf<T>>, S, U> | StateSpec<KeyOf<T>, Widened<ValueOf<T>>, S, U>,
    more?: MapWithStateOptions<KeyOf<T>, S>,
  ): unknown {
    return new MappedWithState<KeyOf<T>, S, U>(this[STREAM].graph, state.mapWithState(this[STREAM], given, more));
  }

  // ---- windows
  //
  // A window of length L and slide S ends with batch t if t is a multiple of S after the time before the first batch;
  // it contains the batches of (t - L, t], as far as they exist. L and S must be multiples of the stream's own slide,
  // which is the default of S.

  /** The records of all batches of a window, oldest first. */
  window(length: DurationLike, slide?: DurationLike): DStream<T> {
    return this[OF](windows.window(this[STREAM], length, slide));
  }

  /**
   * One record per window: all of its records reduced to one; none for an empty window. `fn` must be associative.
   *
   * With `inverse`, which undoes `fn`, a window costs only what enters and leaves it. A window that becomes empty then
   * yields whatever `inverse` leaves.
   */
  reduceByWindow(
    fn: (a: Widened<T>, b: Widened<T>) => Widened<T>,
    length: DurationLike,
    slide?: DurationLike,
  ): DStream<Widened<T>>;
  reduceByWindow(
    fn: (a: Widened<T>, b: Widened<T>) => Widened<T>,
    inverse: (a: Widened<T>, b: Widened<T>) => Widened<T>,
    length: DurationLike,
    slide?: DurationLike,
  ): DStream<Widened<T>>;
  reduceByWindow(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>, ...rest: readonly unknown[]): DStream<Widened<T>> {
    return this[OF](windows.reduceByWindow(this[STREAM], fn, rest));
  }

  /** One number per window: its count of records. Nothing until the first record; 0 for later empty windows. */
  countByWindow(length: DurationLike, slide?: DurationLike): DStream<number> {
    return this[OF](windows.countByWindow(this[STREAM], length, slide));
  }

  /**
   * `[value, n]`: the number of occurrences of each value in a window. Values must have equality by value, like keys.
   */
  countByValueAndWindow(length: DurationLike, slide?: DurationLike, options?: ShuffleOptions<T>): DStream<[T, number]> {
    return this[OF](windows.countByValueAndWindow(this[STREAM], length, slide, options));
  }

  /** `[key, values]` of a window, oldest batch first. To reduce the values, `reduceByKeyAndWindow` keeps far less. */
  groupByKeyAndWindow(
    this: DStream<Pair>,
    length: DurationLike,
    slide?: DurationLike,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, ValueOf<T>[]]> {
    return this[OF](windows.groupByKeyAndWindow(this[STREAM], length, slide, options));
  }

  /**
   * Reduces the values of each key of a window to one. `fn` must be associative.
   *
   * With `inverse`, which undoes `fn`, a window costs what enters and leaves it, not what it contains. `fn` must then
   * be commutative too, and a key stays with whatever `inverse` leaves of it unless `filter` drops it.
   */
  reduceByKeyAndWindow(
    this: DStream<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    length: DurationLike,
    slide?: DurationLike,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]>;
  reduceByKeyAndWindow(
    this: DStream<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    inverse: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    length: DurationLike,
    slide?: DurationLike,
    options?: windows.InverseWindowOptions<KeyOf<T>, Widened<ValueOf<T>>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]>;
  reduceByKeyAndWindow(
    this: DStream<Pair>,
    fn: unknown,
    ...rest: readonly unknown[]
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](windows.reduceByKeyAndWindow(this[STREAM], fn, rest));
  }

  // ---- persistence

  /**
   * Computes each batch of this stream once and keeps it for several outputs or for `slice`, as long as its batch is
   * remembered. A windowed stream keeps its parent's batches instead.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_AND_DISK): this {
    windows.persist(this[STREAM], level);
    return this;
  }

  /** Same as `persist()`. */
  cache(): this {
    return this.persist();
  }

  /**
   * Keeps each batch like `persist`. State does not need it: every batch writes its changes.
   *
   * @param interval A multiple of the stream's slide. It is checked and has no further effect.
   * @throws BAD_WINDOW
   */
  checkpoint(interval: DurationLike): this {
    windows.checkpoint(this[STREAM], interval);
    return this;
  }

  /** Milliseconds between two batches of this stream: the batch interval, or the slide of the preceding window. */
  get slideDuration(): number {
    return this[STREAM].node.slideMs;
  }

  /**
   * The RDDs of this stream in the batches of [from, to], oldest first, both in epoch ms: for `transform` and
   * `foreachRDD`, as far back as batches are remembered (`ssc.remember`). Times between two batches count as the
   * earlier one.
   *
   * @throws SLICE_FORGOTTEN One of the batches has been released, or has not begun.
   */
  slice(from: number, to: number): Promise<RDD<T>[]> {
    return sliceOf(this[STREAM], from, to).then((all) =>
      all.map((lineage) => new RDD<T>(this[STREAM].context, lineage)),
    );
  }

  // ---- outputs

  /**
   * Calls `body` on the driver with each batch's RDD, including empty ones, and awaits it. A batch that runs again calls
   * it again: at least once.
   *
   * @param body Gets the RDD, the batch time in epoch ms, and the id of this output of this batch,
   *   `JOB.ID/OUTPUT/TIME`: the same when the batch runs again, and of no other output, batch or job.
   */
  foreachRDD(body: (rdd: RDD<T>, time: number, id: string) => unknown): OutputOperation {
    return foreachRDD(this[STREAM], body);
  }

  /** Prints the first `num` records of each batch under its time. */
  print(num = 10): OutputOperation {
    return printOutput(this[STREAM], num);
  }

  /** Same as `print`. */
  pprint(num = 10): OutputOperation {
    return this.print(num);
  }

  /**
   * Saves each batch in its own directory `prefix-<batch ms>.suffix`: strings as they are, anything else as a line of
   * JSON. The directory becomes visible when it is complete; a batch that is rerun replaces its own.
   */
  saveAsTextFiles(prefix: string, suffix = "", options: SaveTextOptions = {}): OutputOperation {
    return saveAsTextFiles(this[STREAM], prefix, suffix, options);
  }

  /** Like `saveAsTextFiles`, in the engine's own format, which preserves types: read it with `ssc.objectFile`. */
  saveAsObjectFiles(prefix: string, suffix = ""): OutputOperation {
    return saveAsObjectFiles(this[STREAM], prefix, suffix);
  }

  /**
   * An output operation for a loop on the driver, in `build` or wherever the context is accessible: the records of
   * every batch, in partition order, or whole batches with their times.
   *
   *     const totals = stream.toAsyncIterable({ batches: true });
   *     void (async () => {
   *       for await (const { time, records } of totals) await store(time, records);
   *     })();
   *
   * For a single loop. Batches wait while the loop is behind, and no longer once the loop is left. The loop ends when
   * the job ends normally, or throws the error that made the job fail. All records of a batch are brought to the driver
   * at once.
   *
   * @throws BAD_ARGUMENT
   */
  toAsyncIterable(
    options?: AsyncIterableOptions & { readonly batches?: false | undefined },
  ): AsyncIterableIterator<T, undefined>;
  toAsyncIterable(
    options: AsyncIterableOptions & { readonly batches: true },
  ): AsyncIterableIterator<StreamBatch<T>, undefined>;
  toAsyncIterable(options: AsyncIterableOptions = {}): AsyncIterableIterator<unknown, undefined> {
    return asyncOutput(this[STREAM], options);
  }

  /** Names this stream for the operator, and its data in the checkpoint: its state, or what it reads; unique within the job. */
  named(id: string): this {
    this[STREAM].rename(id);
    return this;
  }
}

/** The state behind a `mapWithState` stream. */
export interface StateSnapshots<K, S> {
  /**
   * `[key, state]` of every key that has state after each batch.
   *
   * Cost: proportional to the whole state, in each batch.
   */
  stateSnapshots(): DStream<[K, S]>;
}

/** The result of `mapWithState`: a stream of the records that its function returned, with access to the state. */
export type MapWithStateDStream<K, S, U> = DStream<U> & StateSnapshots<K, S>;

class MappedWithState<K, S, out U> extends DStream<U> implements StateSnapshots<K, S> {
  stateSnapshots(): DStream<[K, S]> {
    return this[OF](state.stateSnapshots(this[STREAM]));
  }
}
