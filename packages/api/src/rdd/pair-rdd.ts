import { badArgument } from "../errors.ts";
import { CONTEXT } from "../internals.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import type { RDD } from "../rdd.ts";
import { type CombineOptions, combineUse } from "../rdd-steps.ts";
import { partitionByStep, plainStep, reduceByKeyStep, type ShuffleOptions } from "../steps.ts";
import { merged, narrowed, partitioning, ship, shuffledBy, stepped } from "./rdd-core.ts";
import { RecordRdd } from "./record-rdd.ts";

/** The transformations of RDDs of two-tuples. */
export abstract class PairRdd<out T> extends RecordRdd<T> {
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

  /** Places pairs by their key, without changing them. */
  partitionBy(this: RDD<Pair>, options: ShuffleOptions<KeyOf<T>>): RDD<[KeyOf<T>, ValueOf<T>]> {
    const placed = partitioning(this, options, "partitionBy");
    if (placed === undefined) throw badArgument("partitionBy takes a number of partitions or a partitioner.");
    return stepped(this, partitionByStep(placed));
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
}
