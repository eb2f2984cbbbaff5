import type { DStream } from "../dstream.ts";
import { badArgument } from "../errors.ts";
import { CONTEXT, GRAPH, OF, STREAM } from "../internals.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import type { ShuffleOptions } from "../partitioner.ts";
import { type CombineOptions, combineUse } from "../rdd-steps.ts";
import { stateNode, type UpdateOptions } from "../state-stream.ts";
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
   * `fn` is called in every batch for every known key, with the values that are new and the state so far; `undefined`
   * forgets the key. With `onlyUpdated` it is called for keys with new values only, which costs no more than they do.
   */
  updateStateByKey<S>(
    this: DStream<Pair>,
    fn: (values: Widened<ValueOf<T>>[], state: S | undefined, key: KeyOf<T>) => S | undefined,
    options?: number | UpdateOptions<KeyOf<T>, S>,
  ): DStream<[KeyOf<T>, S]> {
    return this[OF](stateNode(this[GRAPH], this[STREAM], fn, options));
  }
}
