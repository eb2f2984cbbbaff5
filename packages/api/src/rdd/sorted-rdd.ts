import type { Comparison } from "@millrace/codec";
import { badArgument } from "../errors.ts";
import { CONTEXT, LINEAGE, OF } from "../internals.ts";
import type { KeyOf, Pair, ValueOf } from "../pair-types.ts";
import { partitionerOf, type ShuffleOptions } from "../partitioner.ts";
import { type Compare, shipCompare } from "../range-partitioner.ts";
import type { RDD } from "../rdd.ts";
import { rddSteps } from "../rdd-steps.ts";
import { keyByStep, labelOf, plainStep } from "../steps.ts";
import { JoinRdd } from "./join-rdd.ts";
import { whenLaidOut } from "./laid-out.ts";
import { partitioning, ship, stepped } from "./rdd-core.ts";
import { inRange, placedAndSorted, type SortOptions, sortedByKey, sortingOf } from "./sorting.ts";

/** What puts records in order. */
export abstract class SortedRdd<out T> extends JoinRdd<T> {
  /**
   * The records in the order of what `key` gives: within each partition, and one partition after the other. Those whose keys
   * are equal share a partition, and stay in the order they were in.
   *
   * With more than one partition it takes a job that draws some of the keys, when the result is first needed.
   *
   * @param options `false` for descending, or more.
   * @throws VALUE_NOT_ORDERED (from actions) There is no compare function, and a key is a plain object or an instance.
   */
  sortBy<K>(key: (value: T) => K, options: boolean | SortOptions<K> = {}): RDD<T> {
    const operator = "sortBy";
    const ref = ship(this, key, operator);
    const keyed = stepped<[K, T]>(this, keyByStep(ref, operator, key));
    const sorted = sortedByKey(keyed, sortingOf(this, options, operator), operator, labelOf(operator, ref));
    return stepped(this[OF](sorted), plainStep("values"));
  }

  /** The pairs in the order of their keys; see `sortBy`. */
  sortByKey(this: RDD<Pair>, options: boolean | SortOptions<KeyOf<T>> = {}): RDD<[KeyOf<T>, ValueOf<T>]> {
    const operator = "sortByKey";
    return this[OF](sortedByKey(this, sortingOf(this, options, operator), operator, operator));
  }

  /**
   * Places pairs by their key and puts each partition in the order of its keys: cheaper than to do one after the other.
   *
   * @param order `false` for descending, or more.
   */
  repartitionAndSortWithinPartitions(
    this: RDD<Pair>,
    options: ShuffleOptions<KeyOf<T>>,
    order: boolean | Omit<SortOptions<KeyOf<T>>, "numPartitions"> = {},
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    const operator = "repartitionAndSortWithinPartitions";
    const placed = partitioning(this, options, operator);
    if (placed === undefined) throw badArgument(`${operator} takes a number of partitions or a partitioner.`);
    const sorting = sortingOf(this, order, operator);
    return this[OF](placedAndSorted(this[LINEAGE], placed, sorting, operator, rddSteps(this[CONTEXT])));
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
    const operator = "filterByRange";
    if (compare !== undefined) shipCompare(this[CONTEXT], compare, operator);
    const order = compare as Comparison | undefined; // called for keys only
    return whenLaidOut(this, operator, [], (parent, layout, at) => {
      const partitioner = partitionerOf(layout.partitioningOf(parent));
      return inRange(parent, [lower, upper], { compare: order, partitioner }, at);
    });
  }
}
