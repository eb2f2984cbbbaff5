import type { FunctionRef, JoinKind, Lineage, NarrowKind, ShuffleUse } from "@millrace/plan";
import { badArgument, nameTaken } from "./errors.ts";
import { DRIVER_ONLY, STREAM_REMEDY } from "./function/driver-only.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { CONTEXT, GRAPH, STREAM } from "./internals.ts";
import type { JobContext } from "./job-context.ts";
import { printOutput } from "./output/print.ts";
import { saveOutput } from "./output/save.ts";
import type { AnyKey, KeyOf, Pair, ValueOf, Widened } from "./pair-types.ts";
import { RDD } from "./rdd.ts";
import { type CombineOptions, combineUse, type PartitionResult } from "./rdd-steps.ts";
import { stateNode, type UpdateOptions } from "./state-stream.ts";
import {
  checkCount,
  checkPartitions,
  countByValueStep,
  countStep,
  labelOf,
  mergeName,
  mergeStep,
  narrowStep,
  partitionByStep,
  partitioningOf,
  plainStep,
  reduceByKeyStep,
  reduceStep,
  repartitionStep,
  type ShuffleOptions,
  type Step,
  shuffleStep,
} from "./steps.ts";
import type { StreamNode } from "./stream-node.ts";
import { checkBody, mergeNode, stepNode, transformNode, unionStep } from "./stream-steps.ts";

/**
 * A stream: one RDD per batch. Operations declare the graph while `build` runs; nothing happens before the batches, and
 * without an output operation nothing happens at all.
 *
 * Pair operations exist on streams of two-tuples only.
 */
export class DStream<out T> {
  readonly [CONTEXT]: JobContext;
  readonly [GRAPH]: GraphBuilder;
  readonly [STREAM]: StreamNode;

  /** Made by the engine: see the sources of `StreamingContext`. */
  constructor(graph: GraphBuilder, stream: StreamNode) {
    this[CONTEXT] = graph.context;
    this[GRAPH] = graph;
    this[STREAM] = stream;
  }

  get [DRIVER_ONLY]() {
    return STREAM_REMEDY;
  }

  // ---- record by record

  /** Applies `fn` to each record. Two-tuples make pairs, with or without `as const`. */
  map<K extends AnyKey, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<K, V>(fn: (value: T) => readonly [K, V]): DStream<[K, V]>;
  map<U>(fn: (value: T) => U): DStream<U>;
  map(fn: (value: T) => unknown): DStream<unknown> {
    return narrowed(this, "map", fn);
  }

  /** Applies `fn` to each record and takes apart what it gives. */
  flatMap<K extends AnyKey, V>(fn: (value: T) => Iterable<readonly [K, V]>): DStream<[K, V]>;
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

  // ---- pairs

  /** Applies `fn` to each value; keys stay where they are. */
  mapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => U): DStream<[KeyOf<T>, U]> {
    return narrowed(this, "mapValues", fn);
  }

  /** Applies `fn` to each value and makes a pair of each thing it gives; keys stay where they are. */
  flatMapValues<U>(this: DStream<Pair>, fn: (value: ValueOf<T>) => Iterable<U>): DStream<[KeyOf<T>, U]> {
    return narrowed(this, "flatMapValues", fn);
  }

  keys(this: DStream<Pair>): DStream<KeyOf<T>> {
    return stepped(this, plainStep("keys"), "keys");
  }

  values(this: DStream<Pair>): DStream<ValueOf<T>> {
    return stepped(this, plainStep("values"), "values");
  }

  /** `[key, values]`, values in no particular order. To reduce the values, `reduceByKey` sends far less. */
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
    return new DStream(this[GRAPH], stateNode(this[GRAPH], this[STREAM], fn, options));
  }

  // ---- outputs

  /** Calls `body` on the driver with each batch's RDD, empty ones too, and the batch time in epoch ms; awaits it. */
  foreachRDD(body: (rdd: RDD<T>, time: number) => unknown): void {
    checkBody(body, "foreachRDD");
    const context = this[CONTEXT];
    this[GRAPH].output("foreachRDD", this[STREAM], async (lineage, scope) => {
      await body(new RDD<T>(context, lineage), scope.time);
    });
  }

  /** Prints the first `num` records of each batch below its time. */
  print(num = 10): void {
    checkCount(num, "the number of records to print", 0, 1_000_000);
    this[GRAPH].output("print", this[STREAM], printOutput(this[CONTEXT], num));
  }

  /** As `print`. */
  pprint(num = 10): void {
    this.print(num);
  }

  /**
   * Saves each batch in a directory `prefix-<batch ms>.suffix` of its own: a string as it is, anything else as a line of
   * JSON. The directory appears when it is complete; a batch that is run again replaces its own.
   */
  saveAsTextFiles(prefix: string, suffix = ""): void {
    this[GRAPH].output("saveAsTextFiles", this[STREAM], saveOutput(this[CONTEXT], prefix, suffix));
  }

  /** Names this stream for the operator, and its state for a restart on the checkpoint: unique within the job. */
  named(id: string): this {
    this[CONTEXT].requireBuilding("named");
    if (typeof id !== "string" || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) {
      throw badArgument(
        `the name ${JSON.stringify(id)} must be 1 to 100 characters of letters, digits, ".", "_" and "-", beginning with a letter or digit.`,
      );
    }
    if (!this[GRAPH].name(this[STREAM], id)) {
      throw nameTaken(`another stream has the name ${JSON.stringify(id)}. State is kept by name: give each its own.`);
    }
    return this;
  }
}

// These take any stream, where methods with a `this` type have no access to private members.

function ship(stream: DStream<unknown>, fn: unknown, operator: string): FunctionRef {
  stream[CONTEXT].requireBuilding(operator);
  return stream[CONTEXT].ship(fn, operator);
}

function partitioning<K>(stream: DStream<unknown>, options: ShuffleOptions<K> | undefined, operator: string) {
  stream[CONTEXT].requireBuilding(operator);
  return partitioningOf(options, operator, stream[CONTEXT].shipFn);
}

function stepped<U>(stream: DStream<unknown>, step: Step, label: string): DStream<U> {
  const graph = stream[GRAPH];
  graph.context.requireBuilding(label);
  return new DStream<U>(graph, stepNode(graph, stream[STREAM], step, label));
}

function narrowed<U>(stream: DStream<unknown>, kind: NarrowKind, fn: unknown, keepsPartitioning?: boolean): DStream<U> {
  const ref = ship(stream, fn, kind);
  return stepped(stream, narrowStep(kind, ref, keepsPartitioning), labelOf(kind, ref));
}

function shuffledBy<U, K>(
  stream: DStream<unknown>,
  use: ShuffleUse,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): DStream<U> {
  return stepped(stream, shuffleStep(use, partitioning(stream, options, operator), operator), operator);
}

function merged<U, K>(
  stream: DStream<unknown>,
  other: DStream<unknown>,
  how: "cogroup" | JoinKind,
  options: ShuffleOptions<K> | undefined,
): DStream<U> {
  const label = mergeName(how);
  const step = mergeStep(how, partitioning(stream, options, label));
  const graph = stream[GRAPH];
  return new DStream<U>(graph, mergeNode(graph, [stream[STREAM], graph.streamOf(other, label)], step, label));
}

/** Streams, one after the other. */
export function unionOf<T>(streams: readonly DStream<T>[]): DStream<T> {
  const { graph, parents } = parentsOf(streams, "union");
  return new DStream<T>(graph, mergeNode(graph, parents, unionStep, "union"));
}

/** A stream whose RDDs a function of the driver makes. */
export function transformed<U>(
  streams: readonly DStream<unknown>[],
  operator: string,
  fn: (rdds: readonly RDD<unknown>[], time: number) => RDD<U> | Promise<RDD<U>>,
): DStream<U> {
  const { graph, parents } = parentsOf(streams, operator);
  const toRdd = (lineage: Lineage): RDD<unknown> => new RDD(graph.context, lineage);
  return new DStream<U>(
    graph,
    transformNode(graph, parents, operator, (lineages, time) => fn(lineages.map(toRdd), time)),
  );
}

function parentsOf(streams: readonly DStream<unknown>[], operator: string) {
  const [first] = streams;
  if (first === undefined) throw badArgument(`${operator} takes one stream at least, and was given none.`);
  const graph = first[GRAPH];
  graph.context.requireBuilding(operator);
  return { graph, parents: streams.map((stream) => graph.streamOf(stream, operator)) };
}
