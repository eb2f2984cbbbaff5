import { union } from "@millrace/plan";
import { CONTEXT, LINEAGE, OF } from "../internals.ts";
import type { AnyKey } from "../pair-types.ts";
import type { RDD } from "../rdd.ts";
import { lineageIn, type PartitionResult } from "../rdd-steps.ts";
import { checkPartitions, distinctStep, keyByStep, plainStep, repartitionStep, type ShuffleOptions } from "../steps.ts";
import { narrowed, partitioning, RddCore, ship, stepped } from "./rdd-core.ts";

/** The transformations that any RDD has. */
export abstract class RecordRdd<out T> extends RddCore<T> {
  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<U>(fn: (value: T) => U): RDD<U>;
  map(fn: (value: T) => unknown): RDD<unknown> {
    return narrowed(this, "map", fn);
  }

  /** Applies `fn` to each record and takes apart what it gives. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): RDD<[K, V]>;
  flatMap<U>(fn: (value: T) => Iterable<U>): RDD<U>;
  flatMap(fn: (value: T) => Iterable<unknown>): RDD<unknown> {
    return narrowed(this, "flatMap", fn);
  }

  /** Keeps the records for which `predicate` holds. */
  filter<U extends T>(predicate: (value: T) => value is U): RDD<U>;
  filter(predicate: (value: T) => unknown): RDD<T>;
  filter(predicate: (value: T) => unknown): RDD<T> {
    return narrowed(this, "filter", predicate);
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
    return narrowed(this, "mapPartitions", fn, preservesPartitioning);
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
    return narrowed(this, "mapPartitionsWithIndex", fn, preservesPartitioning);
  }

  /** One array per partition, `[]` for an empty one. */
  glom(): RDD<T[]> {
    return stepped(this, plainStep("glom"));
  }

  /** The records of this RDD, then those of the others; duplicates stay. */
  union<U>(...others: readonly RDD<U>[]): RDD<T | U> {
    const parents = [this[LINEAGE], ...others.map((other) => lineageIn(this[CONTEXT], other, "union"))];
    return this[OF](union(parents));
  }

  /** Spreads the records evenly over `numPartitions`, by a full shuffle. */
  repartition(numPartitions: number): RDD<T> {
    return stepped(this, repartitionStep(checkPartitions(numPartitions, "repartition")));
  }

  /** Each value once. Values must have equality by value, as keys do. */
  distinct(options?: ShuffleOptions<T>): RDD<T> {
    return stepped(this, distinctStep(partitioning(this, options, "distinct")));
  }

  /** `[fn(value), value]`. */
  keyBy<K>(fn: (value: T) => K): RDD<[K, T]> {
    return stepped(this, keyByStep(ship(this, fn, "keyBy"), "keyBy", fn));
  }

  /** `[key, values]` for each key that `fn` gives. */
  groupBy<K>(fn: (value: T) => K, options?: ShuffleOptions<K>): RDD<[K, T[]]> {
    const keyed = stepped<[K, T]>(this, keyByStep(ship(this, fn, "groupBy"), "groupBy", fn));
    return keyed.groupByKey(options);
  }
}
