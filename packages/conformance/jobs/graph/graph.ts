// Graphs of streams as data: what random tests make, what a shrunk failure is kept as, and what a job on a cluster is handed.

/** What is known of a stream before it runs: which operations fit, and what of its batches is defined. */
export interface StreamType {
  readonly pair: boolean;
  /** Of the records, or of the values of pairs. Keys may be anything that has equality. */
  readonly value: "any" | "number" | "text";
  /** The order of all records, one partition after the other, is defined. */
  readonly sequence: boolean;
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
  filter(fn: (value: unknown) => unknown): AnyRdd;
  filterMap(fn: (value: unknown) => unknown): AnyRdd;
  mapPartitionsWithIndex(fn: (index: number, values: Iterable<unknown>) => Iterable<unknown>): AnyRdd;
  glom(): AnyRdd;
  coalesce(n: number): AnyRdd;
  zip(other: AnyRdd): AnyRdd;
  zipPartitions(others: AnyRdd[], fn: (...partitions: [Iterable<unknown>, Iterable<unknown>]) => unknown): AnyRdd;
  zipWithIndex(): AnyRdd;
  zipWithUniqueId(): AnyRdd;
  distinct(n: number): AnyRdd;
  intersection(other: AnyRdd, n: number): AnyRdd;
  subtract(other: AnyRdd): AnyRdd;
  cartesian(other: AnyRdd): AnyRdd;
  groupBy(fn: (value: unknown) => unknown, n: number): AnyRdd;
  sortBy(fn: (value: unknown) => unknown, options: Sort): AnyRdd;
  mapValues(fn: (value: never) => unknown): AnyRdd;
  sortByKey(options: Sort): AnyRdd;
  filterByRange(lower: unknown, upper: unknown): AnyRdd;
  repartitionAndSortWithinPartitions(n: number): AnyRdd;
  aggregateByKey(zero: unknown, fold: unknown, merge: unknown, n: number): AnyRdd;
  foldByKey(zero: unknown, fn: unknown, n: number): AnyRdd;
  join(other: AnyRdd): AnyRdd;
  cogroup(other: AnyRdd, another: AnyRdd, n: number): AnyRdd;
  subtractByKey(other: AnyRdd): AnyRdd;
  collect(): Promise<unknown[]>;
  count(): Promise<number>;
  isEmpty(): Promise<boolean>;
  take(n: number): Promise<unknown[]>;
  takeOrdered(n: number): Promise<unknown[]>;
  top(n: number): Promise<unknown[]>;
  min(): Promise<unknown>;
  max(): Promise<unknown>;
  sum(): Promise<number>;
  reduce(fn: unknown): Promise<unknown>;
  fold(zero: unknown, fn: unknown): Promise<unknown>;
  aggregate(zero: unknown, fold: unknown, merge: unknown): Promise<unknown>;
  treeAggregate(zero: unknown, fold: unknown, merge: unknown): Promise<unknown>;
  countByValue(): Promise<ReadonlyMap<unknown, number>>;
  countByKey(): Promise<ReadonlyMap<unknown, number>>;
  reduceByKeyLocally(fn: unknown): Promise<ReadonlyMap<unknown, unknown>>;
  lookup(key: unknown): Promise<unknown[]>;
  keys(): AnyRdd;
  union(other: AnyRdd): AnyRdd;
  sample(withReplacement: boolean, fraction: number, seed: number): AnyRdd;
  randomSplit(weights: readonly number[], seed: number): readonly AnyRdd[];
  sampleByKey(withReplacement: boolean, fractions: ReadonlyMap<unknown, number>, seed: number): AnyRdd;
  sampleByKeyExact(withReplacement: boolean, fractions: ReadonlyMap<unknown, number>, seed: number): AnyRdd;
  takeSample(withReplacement: boolean, num: number, seed: number): Promise<unknown[]>;
  stats(): Promise<Readonly<Record<"count" | "mean" | "sum" | "min" | "max" | "variance", number>>>;
  mean(): Promise<number>;
  variance(): Promise<number>;
  popVariance(): Promise<number>;
  sampleVariance(): Promise<number>;
  stdev(): Promise<number>;
  popStdev(): Promise<number>;
  sampleStdev(): Promise<number>;
  histogram(buckets: number | readonly number[]): Promise<unknown>;
  countApprox(timeout: string): Promise<Bounded>;
  sumApprox(timeout: string): Promise<Bounded>;
  meanApprox(timeout: string): Promise<Bounded>;
  countByValueApprox(timeout: string): Promise<ReadonlyMap<unknown, Bounded>>;
  countByKeyApprox(timeout: string): Promise<ReadonlyMap<unknown, Bounded>>;
}

interface Bounded {
  readonly mean: number;
  readonly confidence: number;
  readonly low: number;
  readonly high: number;
}

interface Sort {
  readonly numPartitions: number;
  readonly ascending?: boolean;
}

type Options = object | number;

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
  aggregateByKey(zero: unknown, fold: unknown, merge: unknown, n: number): AnyStream;
  foldByKey(zero: unknown, fn: unknown): AnyStream;
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
  updateStatePartitions(fn: unknown, options?: Options): AnyStream;
  mapWithState(fn: unknown, options?: Options): AnyStream & { stateSnapshots(): AnyStream };
  persist(): AnyStream;
  foreachRDD(body: (rdd: AnyRdd, time: number) => unknown): void;
}

export interface AnyContext {
  queueStream(batches: unknown[]): AnyStream;
  parallelize(items: readonly unknown[], numPartitions: number): unknown;
}
