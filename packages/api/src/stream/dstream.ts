import type { DurationLike } from "@millrace/base";
import { DRIVER_ONLY, STREAM_REMEDY } from "../function/driver-only.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
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
 * A stream: one RDD per batch. Operations declare the graph while `build` runs; nothing happens before the batches, and
 * without an output operation nothing happens at all.
 *
 * Pair operations exist on streams of two-tuples only.
 */
export class DStream<out T> {
  readonly [STREAM]: GraphStream;

  /** @internal */
  constructor(graph: GraphBuilder, node: StreamNode) {
    this[STREAM] = new GraphStream(graph, node);
  }

  /** What `console.log` shows: which stream it is, not its batches. */
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

  // ---- record by record

  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<E>(fn: (value: T) => ShortLiteral<E>): DStream<E[]>;
  map<U>(fn: (value: T) => U): DStream<U>;
  map(fn: (value: T) => unknown): DStream<unknown> {
    return this[OF](records.narrow(this[STREAM], "map", fn));
  }

  /** Applies `fn` to each record and takes apart what it gives. */
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

  // ---- partition by partition

  /**
   * Applies `fn` to each partition as a whole, empty ones too; it may be async.
   *
   * @param preservesPartitioning The function leaves keys as they are.
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

  /** As `mapPartitions`, with the number of the partition. */
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

  /** Spreads the records evenly over `numPartitions`, by a full shuffle. */
  repartition(numPartitions: number): DStream<T> {
    return this[OF](records.repartition(this[STREAM], numPartitions));
  }

  // ---- whole batches

  /** The records of this stream, then those of the others; duplicates stay. */
  union<U>(...others: readonly DStream<U>[]): DStream<T | U> {
    return this[OF](sets.union(this[STREAM], others));
  }

  /** One number a batch: how many records it has; 0 for an empty batch. */
  count(): DStream<number> {
    return this[OF](folds.countBatch(this[STREAM]));
  }

  /** One record a batch: all of them reduced to one; nothing for an empty batch. `fn` must be associative. */
  reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): DStream<Widened<T>> {
    return this[OF](folds.reduceBatch(this[STREAM], fn));
  }

  /** `[value, n]`: how often each value occurs in the batch. Values must have equality by value, as keys do. */
  countByValue(options?: ShuffleOptions<T>): DStream<[T, number]> {
    return this[OF](folds.countByValueInBatch(this[STREAM], options));
  }

  /**
   * Makes each batch's RDD into another, on the driver: `fn` may use any operation of RDDs, run actions and be async.
   * It is called for empty batches too, with the batch time in epoch ms.
   */
  transform<U>(fn: (rdd: RDD<T>, time: number) => RDD<U> | Promise<RDD<U>>): DStream<U> {
    return this[OF](transforming.transform([this], fn, "transform"));
  }

  /** As `transform`, with the RDD of another stream in the same batch. */
  transformWith<U, R>(
    other: DStream<U>,
    fn: (rdd: RDD<T>, other: RDD<U>, time: number) => RDD<R> | Promise<RDD<R>>,
  ): DStream<R> {
    return this[OF](transforming.transform([this, other], fn, "transformWith"));
  }

  // ---- pairs

  /** Applies `fn` to each value; keys stay where they are. */
  mapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => U): DStream<[KeyOf<T>, U]> {
    return this[OF](records.narrow(this[STREAM], "mapValues", fn));
  }

  /** Applies `fn` to each value and makes a pair of each thing it gives; keys stay where they are. */
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

  /** `[key, values]`, values in the order of the partitions that they come from. To reduce them, `reduceByKey` sends far less. */
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
   * Folds the values of each key into a total, which begins as a copy of `zero`: in each partition by `fold`, then the
   * totals of partitions by `merge`.
   *
   * @param zero Once for each key and partition, so it should change nothing. `fold` may change the total that it is given.
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

  /** Reduces the values of each key to one, beginning with a copy of `zero` for each key and partition. */
  foldByKey(
    this: DStream<Pair>,
    zero: Widened<ValueOf<T>>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    return this[OF](pairs.foldByKey(this[STREAM], zero, fn, options));
  }

  /** Places pairs by their key, without changing them. */
  partitionBy(this: DStream<Pair>, options: ShuffleOptions<KeyOf<T>>): DStream<[KeyOf<T>, ValueOf<T>]> {
    return this[OF](pairs.partitionBy(this[STREAM], options));
  }

  // ---- joins

  /** `[key, [values here, values there]]` for each key that either has in the batch. */
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

  /** As `join`, and `[value, undefined]` for keys that the other has not. */
  leftOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return this[OF](joins.join(this[STREAM], other, "left", options));
  }

  /** As `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return this[OF](joins.join(this[STREAM], other, "right", options));
  }

  /** As `join`, and `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return this[OF](joins.join(this[STREAM], other, "full", options));
  }

  // ---- state

  /**
   * Keeps a state for each key from batch to batch, and gives all of them in each batch: `[key, state]`.
   *
   * `fn` is called in every batch for every known key, with the values that are new, the state so far, the key, and the
   * batch's time in epoch ms; `undefined` forgets the key. With `onlyUpdated` it is called for keys with new values only,
   * which costs no more than they do. The result is placed as the state is: what is done by key with as many partitions
   * after it shuffles nothing.
   */
  updateStateByKey<S>(
    this: DStream<Pair>,
    fn: (values: Widened<ValueOf<T>>[], state: S | undefined, key: KeyOf<T>, time: number) => S | undefined,
    options?: number | state.UpdateOptions<KeyOf<T>, S>,
  ): DStream<[KeyOf<T>, S]> {
    return this[OF](state.updateStateByKey(this[STREAM], fn, options));
  }

  /**
   * As `updateStateByKey`, a partition at a time: `fn` is called once for each, empty ones too, with an iterable of
   * `[key, values, state]` for every key that has either, and the batch's time in epoch ms. What it gives, an iterable of
   * `[key, state]`, is all the state of the partition: other keys are forgotten.
   *
   * @param fn Gives each key once at most, and only keys that lie in the partition, such as those that it was given.
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
   * Keeps a state for each key, and gives what `fn` makes of each pair with the state of its key, in the order of arrival.
   *
   * `fn` is called with key, value, state and the batch's time, for pairs alone and not for every key: a batch costs what it
   * brings. With a timeout, a key that is idle for longer is passed once more, without a value, and forgotten; that happens
   * in the first batch after the timeout. What comes of a batch is computed once, however many streams read it.
   *
   * @param fn Gives the state's type by its third parameter: `(key, value, state: State<number>) => …`.
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
  // A window of length L and slide S ends with batch t when t is a multiple of S after the time before the first batch; it
  // has the batches of (t - L, t], as far as there are any. L and S must be multiples of the stream's own slide; S is that
  // slide by default.

  /** The records of all batches of a window, oldest first. */
  window(length: DurationLike, slide?: DurationLike): DStream<T> {
    return this[OF](windows.window(this[STREAM], length, slide));
  }

  /**
   * One record a window: all of it reduced to one, nothing for an empty one. `fn` must be associative.
   *
   * With `inverse`, which takes away what `fn` has added, a window costs what enters and leaves it. Then a window that is
   * empty after others were not gives what `inverse` leaves.
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

  /** One number a window: how many records it has. Nothing until there was a first one; 0 for later empty windows. */
  countByWindow(length: DurationLike, slide?: DurationLike): DStream<number> {
    return this[OF](windows.countByWindow(this[STREAM], length, slide));
  }

  /** `[value, n]`: how often each value occurs in a window. Values must have equality by value, as keys do. */
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
   * With `inverse`, which takes away what `fn` has added, a window costs what enters and leaves it, not what it holds. Then
   * `fn` must be commutative too, and a key stays with whatever `inverse` leaves of it unless `filter` lets it go.
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

  // ---- how batches are kept

  /**
   * Computes each batch of this stream once and keeps it, for several outputs or for `slice`, as long as its batch is
   * remembered. A windowed stream keeps the batches it looks at instead.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_AND_DISK): this {
    windows.persist(this[STREAM], level);
    return this;
  }

  /** As `persist()`. */
  cache(): this {
    return this.persist();
  }

  /**
   * Keeps each batch as `persist` does. State needs no call of this: every batch writes what it changed.
   *
   * @param interval A multiple of the stream's slide.
   * @throws BAD_WINDOW
   */
  checkpoint(interval: DurationLike): this {
    windows.checkpoint(this[STREAM], interval);
    return this;
  }

  /** Milliseconds between two batches of this stream: the batch interval, or the slide of the window before it. */
  get slideDuration(): number {
    return this[STREAM].node.slideMs;
  }

  /**
   * The RDDs of this stream in the batches of [from, to], oldest first, both in epoch ms: for `transform` and
   * `foreachRDD`, as far back as batches are remembered (`ssc.remember`). Times between two batches count as the earlier one.
   *
   * @throws SLICE_FORGOTTEN A batch within is forgotten, or has not begun.
   */
  slice(from: number, to: number): Promise<RDD<T>[]> {
    return sliceOf(this[STREAM], from, to).then((all) =>
      all.map((lineage) => new RDD<T>(this[STREAM].context, lineage)),
    );
  }

  // ---- outputs

  /** Calls `body` on the driver with each batch's RDD, empty ones too, and the batch time in epoch ms; awaits it. */
  foreachRDD(body: (rdd: RDD<T>, time: number) => unknown): void {
    foreachRDD(this[STREAM], body);
  }

  /** Prints the first `num` records of each batch below its time. */
  print(num = 10): void {
    printOutput(this[STREAM], num);
  }

  /** As `print`. */
  pprint(num = 10): void {
    this.print(num);
  }

  /**
   * Saves each batch in a directory `prefix-<batch ms>.suffix` of its own: a string as it is, anything else as a line of
   * JSON. The directory appears when it is complete; a batch that is run again replaces its own.
   */
  saveAsTextFiles(prefix: string, suffix = "", options: SaveTextOptions = {}): void {
    saveAsTextFiles(this[STREAM], prefix, suffix, options);
  }

  /** As `saveAsTextFiles`, in the engine's own format, which keeps what records are: read it with `ssc.objectFile`. */
  saveAsObjectFiles(prefix: string, suffix = ""): void {
    saveAsObjectFiles(this[STREAM], prefix, suffix);
  }

  /**
   * An output operation for a loop of the driver, in `build` or wherever the context is in reach: the records of every
   * batch, in partition order, or whole batches with their times.
   *
   *     const totals = stream.toAsyncIterable({ batches: true });
   *     void (async () => {
   *       for await (const { time, records } of totals) await store(time, records);
   *     })();
   *
   * For one loop. A batch waits while the loop is behind; leave the loop, and batches go on without it. It ends when the
   * job ends in an orderly way, or throws what made the job fail. All records of a batch come to the driver at once.
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

  /** Names this stream for the operator, and the state that it keeps: unique within the job. */
  named(id: string): this {
    this[STREAM].rename(id);
    return this;
  }
}

/** The state beside what `mapWithState` gives. */
export interface StateSnapshots<K, S> {
  /**
   * `[key, state]` of every key that has state after each batch.
   *
   * Cost: what there is of state, in each batch.
   */
  stateSnapshots(): DStream<[K, S]>;
}

/** What `mapWithState` gives: a stream of the records that its function returned, and the state beside it. */
export type MapWithStateDStream<K, S, U> = DStream<U> & StateSnapshots<K, S>;

class MappedWithState<K, S, out U> extends DStream<U> implements StateSnapshots<K, S> {
  stateSnapshots(): DStream<[K, S]> {
    return this[OF](state.stateSnapshots(this[STREAM]));
  }
}
