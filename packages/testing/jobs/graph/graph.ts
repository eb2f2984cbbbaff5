// Graphs of streams as data: what random tests make, what a shrunk failure is kept as, and what a job on a cluster is handed.

/** What is known of a stream before it runs: which operations fit, and what of its batches is defined. */
export interface StreamType {
  readonly pair: boolean;
  /** Of the records, or of the values of pairs. Keys may be anything that has equality. */
  readonly value: "any" | "number" | "text";
  /** The order within each partition is defined. */
  readonly ordered: boolean;
  /** The partition of each record is defined. */
  readonly placed: boolean;
  /** Batch intervals between two of its batches. */
  readonly slide: number;
  /** Something above it keeps state. */
  readonly stateful: boolean;
  /** Records a batch, at most. */
  readonly size: number;
}

export interface QueuedBatch {
  /** Partitions; 0: a plain array, over the default parallelism. */
  readonly partitions: number;
  readonly records: readonly unknown[];
}

export interface GraphSource {
  readonly pair: boolean;
  readonly value: StreamType["value"];
  readonly batches: readonly QueuedBatch[];
}

/** An operation on streams that come before it: sources count first, then nodes. */
export interface GraphNode {
  readonly op: string;
  readonly of: readonly number[];
  /** What the operation takes, if it takes any: partitions, and the length and slide of a window in slides of its parent. */
  readonly n: number;
  readonly length: number;
  readonly slide: number;
}

export interface Graph {
  readonly sources: readonly GraphSource[];
  readonly nodes: readonly GraphNode[];
}

/** What a graph uses of streams and RDDs: both the engine's and the oracle's have it. */
export interface AnyRdd {
  map(fn: (value: unknown) => unknown): AnyRdd;
  glom(): AnyRdd;
  distinct(n: number): AnyRdd;
  groupBy(fn: (value: unknown) => unknown, n: number): AnyRdd;
  mapValues(fn: (value: unknown[]) => unknown): AnyRdd;
  union(...others: AnyRdd[]): AnyRdd;
  join(other: AnyRdd): AnyRdd;
  reduceByKey(fn: (a: number, b: number) => number): AnyRdd;
  collect(): Promise<unknown[]>;
}

type Options = Readonly<Record<string, unknown>> | number;

export interface AnyStream {
  readonly slideDuration: number;
  map(fn: (value: unknown) => unknown): AnyStream;
  flatMap(fn: (value: unknown) => Iterable<unknown>): AnyStream;
  filter(fn: (value: unknown) => unknown): AnyStream;
  mapPartitions(fn: (values: Iterable<unknown>) => unknown, preservesPartitioning?: boolean): AnyStream;
  mapPartitionsWithIndex(fn: (index: number, values: Iterable<unknown>) => unknown): AnyStream;
  glom(): AnyStream;
  repartition(n: number): AnyStream;
  union(...others: AnyStream[]): AnyStream;
  count(): AnyStream;
  reduce(fn: unknown): AnyStream;
  countByValue(n: number): AnyStream;
  transform(fn: (rdd: AnyRdd, time: number) => AnyRdd | Promise<AnyRdd>): AnyStream;
  transformWith(other: AnyStream, fn: (a: AnyRdd, b: AnyRdd) => AnyRdd): AnyStream;
  mapValues(fn: unknown): AnyStream;
  flatMapValues(fn: (value: unknown) => Iterable<unknown>): AnyStream;
  keys(): AnyStream;
  values(): AnyStream;
  groupByKey(options?: Options): AnyStream;
  reduceByKey(fn: unknown, options?: Options): AnyStream;
  combineByKey(create: unknown, mergeValue: unknown, mergeCombiners: unknown, options?: Options): AnyStream;
  partitionBy(options: Options): AnyStream;
  cogroup(other: AnyStream, options?: Options): AnyStream;
  join(other: AnyStream, options?: Options): AnyStream;
  leftOuterJoin(other: AnyStream, options?: Options): AnyStream;
  rightOuterJoin(other: AnyStream, options?: Options): AnyStream;
  fullOuterJoin(other: AnyStream, options?: Options): AnyStream;
  window(length: number, slide?: number): AnyStream;
  reduceByWindow(fn: unknown, ...rest: readonly unknown[]): AnyStream;
  countByWindow(length: number, slide?: number): AnyStream;
  countByValueAndWindow(length: number, slide?: number, options?: Options): AnyStream;
  groupByKeyAndWindow(length: number, slide?: number, options?: Options): AnyStream;
  reduceByKeyAndWindow(fn: unknown, ...rest: readonly unknown[]): AnyStream;
  updateStateByKey(fn: unknown, options?: Options): AnyStream;
  persist(): AnyStream;
  foreachRDD(body: (rdd: AnyRdd, time: number) => unknown): void;
}

export interface AnyContext {
  queueStream(batches: unknown[]): AnyStream;
  parallelize(items: readonly unknown[], numPartitions: number): unknown;
}
