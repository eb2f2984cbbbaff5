import type { DStream } from "../dstream.ts";
import type { AnyKey, ShortLiteral, Widened } from "../pair-types.ts";
import type { ShuffleOptions } from "../partitioner.ts";
import type { RDD } from "../rdd.ts";
import type { PartitionResult } from "../rdd-steps.ts";
import {
  checkPartitions,
  countByValueStep,
  countStep,
  labelOf,
  plainStep,
  reduceStep,
  repartitionStep,
} from "../steps.ts";
import { checkBody } from "../stream-steps.ts";
import { transformed, unionOf } from "./several-streams.ts";
import { narrowed, partitioning, StreamCore, ship, stepped } from "./stream-core.ts";

/** The operations that any stream has. */
export abstract class RecordStream<out T> extends StreamCore<T> {
  // ---- record by record

  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<E>(fn: (value: T) => ShortLiteral<E>): DStream<E[]>;
  map<U>(fn: (value: T) => U): DStream<U>;
  map(fn: (value: T) => unknown): DStream<unknown> {
    return narrowed(this, "map", fn);
  }

  /** Applies `fn` to each record and takes apart what it gives. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): DStream<[K, V]>;
  flatMap<E>(fn: (value: T) => Iterable<ShortLiteral<E>>): DStream<E[]>;
  flatMap<U>(fn: (value: T) => Iterable<U>): DStream<U>;
  flatMap(fn: (value: T) => Iterable<unknown>): DStream<unknown> {
    return narrowed(this, "flatMap", fn);
  }

  /** Keeps the records for which `predicate` holds. */
  filter<U extends T>(predicate: (value: T) => value is U): DStream<U>;
  filter(predicate: (value: T) => unknown): DStream<T>;
  filter(predicate: (value: T) => unknown): DStream<T> {
    return narrowed(this, "filter", predicate);
  }

  // ---- partition by partition

  /**
   * Applies `fn` to each partition as a whole, empty ones too; it may be async.
   *
   * @param preservesPartitioning The function leaves keys as they are.
   */
  mapPartitions<K extends AnyKey, V>(
    fn: (values: Iterable<T>) => PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): DStream<[K, V]>;
  mapPartitions<E>(
    fn: (values: Iterable<T>) => PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): DStream<E[]>;
  mapPartitions<U>(fn: (values: Iterable<T>) => PartitionResult<U>, preservesPartitioning?: boolean): DStream<U>;
  mapPartitions(
    fn: (values: Iterable<T>) => PartitionResult<unknown>,
    preservesPartitioning = false,
  ): DStream<unknown> {
    return narrowed(this, "mapPartitions", fn, preservesPartitioning);
  }

  /** As `mapPartitions`, with the number of the partition. */
  mapPartitionsWithIndex<K extends AnyKey, V>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): DStream<[K, V]>;
  mapPartitionsWithIndex<E>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): DStream<E[]>;
  mapPartitionsWithIndex<U>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): DStream<U>;
  mapPartitionsWithIndex(
    fn: (index: number, values: Iterable<T>) => PartitionResult<unknown>,
    preservesPartitioning = false,
  ): DStream<unknown> {
    return narrowed(this, "mapPartitionsWithIndex", fn, preservesPartitioning);
  }

  /** One array per partition, `[]` for an empty one. */
  glom(): DStream<T[]> {
    return stepped(this, plainStep("glom"), "glom");
  }

  /** Spreads the records evenly over `numPartitions`, by a full shuffle. */
  repartition(numPartitions: number): DStream<T> {
    return stepped(this, repartitionStep(checkPartitions(numPartitions, "repartition")), "repartition");
  }

  // ---- whole batches

  /** The records of this stream, then those of the others; duplicates stay. */
  union<U>(...others: readonly DStream<U>[]): DStream<T | U> {
    return unionOf<T | U>([this, ...others]);
  }

  /** One number a batch: how many records it has; 0 for an empty batch. */
  count(): DStream<number> {
    return stepped(this, countStep, "count");
  }

  /** One record a batch: all of them reduced to one; nothing for an empty batch. `fn` must be associative. */
  reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): DStream<Widened<T>> {
    const ref = ship(this, fn, "reduce");
    return stepped(this, reduceStep(ref), labelOf("reduce", ref));
  }

  /** `[value, n]`: how often each value occurs in the batch. Values must have equality by value, as keys do. */
  countByValue(options?: ShuffleOptions<T>): DStream<[T, number]> {
    return stepped(this, countByValueStep(partitioning(this, options, "countByValue")), "countByValue");
  }

  /**
   * Makes each batch's RDD into another, on the driver: `fn` may use any operation of RDDs, run actions and be async.
   * It is called for empty batches too, with the batch time in epoch ms.
   */
  transform<U>(fn: (rdd: RDD<T>, time: number) => RDD<U> | Promise<RDD<U>>): DStream<U> {
    checkBody(fn, "transform");
    return transformed([this], "transform", ([rdd], time) => fn(rdd as RDD<T>, time)); // there is one: this stream's
  }

  /** As `transform`, with the RDD of another stream in the same batch. */
  transformWith<U, R>(
    other: DStream<U>,
    fn: (rdd: RDD<T>, other: RDD<U>, time: number) => RDD<R> | Promise<RDD<R>>,
  ): DStream<R> {
    checkBody(fn, "transformWith");
    // There are two, in this order.
    return transformed([this, other], "transformWith", ([a, b], time) => fn(a as RDD<T>, b as RDD<U>, time));
  }
}
