import { operators } from "@millrace/operators";
import { CONTEXT } from "../internals.ts";
import type { AnyKey, ShortLiteral } from "../pair-types.ts";
import type { ShuffleOptions } from "../partitioner.ts";
import type { RDD } from "../rdd.ts";
import type { PartitionResult } from "../rdd-steps.ts";
import { keyByStep, narrowStep, plainStep } from "../steps.ts";
import { type PipeOptions, pipeStep } from "./pipe.ts";
import { narrowed, RddCore, ship, shuffledBy, stepped } from "./rdd-core.ts";

/** The transformations that any RDD has. */
export abstract class RecordRdd<out T> extends RddCore<T> {
  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): RDD<[K, V]>;
  map<E>(fn: (value: T) => ShortLiteral<E>): RDD<E[]>;
  map<U>(fn: (value: T) => U): RDD<U>;
  map(fn: (value: T) => unknown): RDD<unknown> {
    return narrowed(this, "map", fn);
  }

  /** Applies `fn` to each record and takes apart what it gives. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): RDD<[K, V]>;
  flatMap<E>(fn: (value: T) => Iterable<ShortLiteral<E>>): RDD<E[]>;
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

  /** Applies `fn` to each record and keeps what it gives, unless that is `undefined`. */
  filterMap<K extends AnyKey, V>(fn: (value: T) => readonly [K, V] | undefined): RDD<[K, V]>;
  filterMap<E>(fn: (value: T) => ShortLiteral<E> | undefined): RDD<E[]>;
  filterMap<U>(fn: (value: T) => U): RDD<Exclude<U, undefined>>;
  filterMap(fn: (value: T) => unknown): RDD<unknown> {
    const mapped = stepped<unknown>(this, narrowStep("map", ship(this, fn, "filterMap"), false, "filterMap"));
    return stepped(mapped, narrowStep("filter", operators.isDefined.ref(), false, "filterMap"));
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
  mapPartitions<E>(
    fn: (values: Iterable<T>) => PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): RDD<E[]>;
  mapPartitions<U>(fn: (values: Iterable<T>) => PartitionResult<U>, preservesPartitioning?: boolean): RDD<U>;
  mapPartitions(fn: (values: Iterable<T>) => PartitionResult<unknown>, preservesPartitioning = false): RDD<unknown> {
    return narrowed(this, "mapPartitions", fn, preservesPartitioning);
  }

  /** As `mapPartitions`, with the number of the partition. */
  mapPartitionsWithIndex<K extends AnyKey, V>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  mapPartitionsWithIndex<E>(
    fn: (index: number, values: Iterable<T>) => PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): RDD<E[]>;
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

  /**
   * The lines that a command writes when it is given the records as lines: it is started once for each partition, empty
   * ones too. Without a shell: `["sh", "-c", "…"]` has one. A string is handed over as it is, anything else as JSON.
   *
   * @param command A text is cut at white space.
   * @throws PIPE_FAILED (from actions) The command cannot be started, or ends with something else than 0.
   */
  pipe(command: string | readonly string[], options: PipeOptions<T> = {}): RDD<string> {
    return stepped(this, pipeStep(this[CONTEXT], command, options));
  }

  /** `[fn(value), value]`. */
  keyBy<K>(fn: (value: T) => K): RDD<[K, T]> {
    return stepped(this, keyByStep(ship(this, fn, "keyBy"), "keyBy", fn));
  }

  /** `[key, values]` for each key that `fn` gives. */
  groupBy<K>(fn: (value: T) => K, options?: ShuffleOptions<K>): RDD<[K, T[]]> {
    const keyed = stepped<[K, T]>(this, keyByStep(ship(this, fn, "groupBy"), "groupBy", fn));
    return shuffledBy(keyed, { kind: "group" }, options, "groupBy");
  }
}
