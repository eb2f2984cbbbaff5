import type { DStream, MapWithStateDStream } from "../dstream.ts";
import { badArgument } from "../errors.ts";
import { CONTEXT, GRAPH, OF, OF_STATE, STREAM } from "../internals.ts";
import type { AnyKey, KeyOf, Pair, ShortLiteral, ValueOf, Widened } from "../pair-types.ts";
import type { ShuffleOptions } from "../partitioner.ts";
import { aggregateUse, type CombineOptions, combineUse } from "../rdd-steps.ts";
import { type MappingFunction, type MapWithStateOptions, SPEC, StateSpec } from "../state-spec.ts";
import {
  mapWithStateNode,
  type StateOptions,
  type UpdateOptions,
  updateNode,
  updatePartitionsNode,
} from "../state-stream.ts";
import { labelOf, partitionByStep, plainStep, reduceByKeyStep } from "../steps.ts";
import { RecordStream } from "./record-stream.ts";
import { merged, narrowed, partitioning, ship, shuffledBy, stepped } from "./stream-core.ts";

/** The operations of streams of two-tuples. */
export abstract class PairStream<out T> extends RecordStream<T> {
  // ---- pairs

  /** Applies `fn` to each value; keys stay where they are. */
  mapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => U): DStream<[KeyOf<T>, U]> {
    return narrowed(this, "mapValues", fn);
  }

  /** Applies `fn` to each value and makes a pair of each thing it gives; keys stay where they are. */
  flatMapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => Iterable<U>): DStream<[KeyOf<T>, U]> {
    return narrowed(this, "flatMapValues", fn);
  }

  /** The key of each pair. */
  keys(this: DStream<Pair>): DStream<KeyOf<T>> {
    return stepped(this, plainStep("keys"), "keys");
  }

  /** The value of each pair. */
  values(this: DStream<Pair>): DStream<ValueOf<T>> {
    return stepped(this, plainStep("values"), "values");
  }

  /** `[key, values]`, values in the order of the partitions that they come from. To reduce them, `reduceByKey` sends far less. */
  groupByKey(this: DStream<Pair>, options?: ShuffleOptions<KeyOf<T>>): DStream<[KeyOf<T>, ValueOf<T>[]]> {
    return shuffledBy(this, { kind: "group" }, options, "groupByKey");
  }

  /** Reduces the values of each key to one, first within each partition. `fn` must be associative. */
  reduceByKey(
    this: DStream<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    const ref = ship(this, fn, "reduceByKey");
    const step = reduceByKeyStep(ref, partitioning(this, options, "reduceByKey"));
    return stepped(this, step, labelOf("reduceByKey", ref));
  }

  /** Combines the values of each key into a `C`: `create` of the first, `mergeValue` of each further one. */
  combineByKey<C>(
    this: DStream<Pair>,
    create: (value: Widened<ValueOf<T>>) => C,
    mergeValue: (combined: C, value: Widened<ValueOf<T>>) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: number | CombineOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, C]> {
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
    this: DStream<Pair>,
    zero: C,
    fold: (total: C, value: ValueOf<T>) => C,
    merge: (a: C, b: C) => C,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, C]> {
    const operator = "aggregateByKey";
    return shuffledBy(this, aggregateUse(this[CONTEXT], zero, [fold, merge], operator), options, operator);
  }

  /** Reduces the values of each key to one, beginning with a copy of `zero` for each key and partition. */
  foldByKey(
    this: DStream<Pair>,
    zero: Widened<ValueOf<T>>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    const operator = "foldByKey";
    return shuffledBy(this, aggregateUse(this[CONTEXT], zero, [fn, fn], operator), options, operator);
  }

  /** Places pairs by their key, without changing them. */
  partitionBy(this: DStream<Pair>, options: ShuffleOptions<KeyOf<T>>): DStream<[KeyOf<T>, ValueOf<T>]> {
    const placed = partitioning(this, options, "partitionBy");
    if (placed === undefined) throw badArgument("partitionBy takes a number of partitions or a partitioner.");
    return stepped(this, partitionByStep(placed), "partitionBy");
  }

  /** `[key, [values here, values there]]` for each key that either has in the batch. */
  cogroup<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]> {
    return merged(this, other, "cogroup", options);
  }

  /** `[key, [value here, value there]]` for each combination of values with the same key in the same batch. */
  join<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, [ValueOf<T>, W]]> {
    return merged(this, other, "inner", options);
  }

  /** As `join`, and `[value, undefined]` for keys that the other has not. */
  leftOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return merged(this, other, "left", options);
  }

  /** As `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return merged(this, other, "right", options);
  }

  /** As `join`, and `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: DStream<Pair>,
    other: DStream<readonly [Widened<KeyOf<T>>, W]>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return merged(this, other, "full", options);
  }

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
    options?: number | UpdateOptions<KeyOf<T>, S>,
  ): DStream<[KeyOf<T>, S]> {
    return this[OF](updateNode(this[GRAPH], this[STREAM], fn, options));
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
    options?: number | StateOptions<KeyOf<T>, S>,
  ): DStream<[KeyOf<T>, S]> {
    return this[OF](updatePartitionsNode(this[GRAPH], this[STREAM], fn, options));
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
    const { fn, options } = given instanceof StateSpec ? given[SPEC] : { fn: given, options: more ?? {} };
    return this[OF_STATE]<KeyOf<T>, S, U>(mapWithStateNode(this[GRAPH], this[STREAM], fn, options));
  }
}
