import { KeyedMap } from "./keys.ts";
import { chosenPartitioner, hashPartitioner, type Partitioner, type ShuffleOptions } from "./partitioner.ts";

type Partitions<T> = readonly (readonly T[])[];
type Pairs<K, V> = OracleRdd<readonly [K, V]>;

/** Spark's rule: when nothing says how pairs are placed, as a parent has them, or by hash over as many as the largest has. */
function upstream(parents: readonly OracleRdd<unknown>[]): Partitioner {
  const most = Math.max(1, ...parents.map((parent) => parent.partitions.length));
  let best: Partitioner | undefined;
  for (const { partitioner } of parents) {
    if (partitioner !== undefined && partitioner.numPartitions > (best?.numPartitions ?? 0)) best = partitioner;
  }
  return best !== undefined && most < best.numPartitions * 10 ? best : hashPartitioner(most);
}

/**
 * What an RDD is: partitions of records. Each operation is written down as its documentation says it, on arrays; nothing is
 * lazy, nothing is fast.
 */
export class OracleRdd<T> {
  readonly partitions: Partitions<T>;
  /** How the keys of its pairs are placed, if they are placed by key. */
  readonly partitioner: Partitioner | undefined;

  constructor(partitions: Partitions<T>, partitioner?: Partitioner) {
    this.partitions = partitions;
    this.partitioner = partitioner;
  }

  /** Items in `n` slices as equal as can be. */
  static of<T>(items: readonly T[], n: number): OracleRdd<T> {
    const cut = (i: number): number => Math.floor((i * items.length) / n);
    return new OracleRdd(Array.from({ length: n }, (_, i) => items.slice(cut(i), cut(i + 1))));
  }

  get records(): T[] {
    return this.partitions.flat();
  }

  #each<U>(fn: (records: readonly T[], index: number) => readonly U[], keepsPartitioner = false): OracleRdd<U> {
    return new OracleRdd(this.partitions.map(fn), keepsPartitioner ? this.partitioner : undefined);
  }

  // ---- record by record

  map<U>(fn: (value: T) => U): OracleRdd<U> {
    return this.#each((records) => records.map((record) => fn(record)));
  }

  flatMap<U>(fn: (value: T) => Iterable<U>): OracleRdd<U> {
    return this.#each((records) => records.flatMap((record) => [...fn(record)]));
  }

  filter(predicate: (value: T) => unknown): OracleRdd<T> {
    return this.#each((records) => records.filter((record) => predicate(record)), true);
  }

  keyBy<K>(fn: (value: T) => K): OracleRdd<[K, T]> {
    return this.map((value) => [fn(value), value]);
  }

  // ---- partition by partition

  mapPartitions<U>(fn: (values: Iterable<T>) => Iterable<U>, preservesPartitioning = false): OracleRdd<U> {
    return this.#each((records) => [...fn(records)], preservesPartitioning);
  }

  mapPartitionsWithIndex<U>(fn: (index: number, values: Iterable<T>) => Iterable<U>, preserves = false): OracleRdd<U> {
    return this.#each((records, index) => [...fn(index, records)], preserves);
  }

  glom(): OracleRdd<T[]> {
    return this.#each((records) => [[...records]]);
  }

  /** Evenly; which record goes where is not said. */
  repartition(n: number): OracleRdd<T> {
    return OracleRdd.of(this.records, n);
  }

  // ---- several

  /** One after the other; where all are placed alike, partition i is theirs of that number. */
  union<U>(...others: readonly OracleRdd<U>[]): OracleRdd<T | U> {
    return unionOf<T | U>([this, ...others]);
  }

  /** Pairs that are placed by key already stay where they are. */
  distinct(options?: ShuffleOptions): OracleRdd<T> {
    const placed = this.partitioner;
    const wanted = chosenPartitioner(options, () => placed ?? hashPartitioner(1));
    const byHash = typeof options !== "object" || options.partitioner === undefined;
    if (placed?.numPartitions === wanted.numPartitions && byHash) {
      return this.#each((records) => counted(records).map(([value]) => value), true);
    }
    return this.map((value) => [value, null] as const)
      .reduceByKey((first) => first, options)
      .keys();
  }

  groupBy<K>(fn: (value: T) => K, options?: ShuffleOptions): OracleRdd<[K, T[]]> {
    return this.keyBy(fn).groupByKey(options);
  }

  // ---- pairs

  mapValues<K, V, U>(this: Pairs<K, V>, fn: (value: V) => U): OracleRdd<[K, U]> {
    return this.#each((pairs) => pairs.map(([key, value]): [K, U] => [key, fn(value)]), true);
  }

  flatMapValues<K, V, U>(this: Pairs<K, V>, fn: (value: V) => Iterable<U>): OracleRdd<[K, U]> {
    return this.#each(
      (pairs) => pairs.flatMap(([key, value]) => [...fn(value)].map((made): [K, U] => [key, made])),
      true,
    );
  }

  keys<K, V>(this: Pairs<K, V>): OracleRdd<K> {
    return this.map(([key]) => key);
  }

  values<K, V>(this: Pairs<K, V>): OracleRdd<V> {
    return this.map(([, value]) => value);
  }

  /** Each pair in the partition of its key, in the order of the partitions that they come from. */
  partitionBy<K, V>(this: Pairs<K, V>, options: ShuffleOptions): Pairs<K, V> {
    const partitioner = chosenPartitioner(options, () => upstream([this]));
    const placed: (readonly [K, V])[][] = Array.from({ length: partitioner.numPartitions }, () => []);
    for (const pair of this.records) placed[partitioner.getPartition(pair[0] as never)]?.push(pair); // K is what it takes
    return new OracleRdd(placed, partitioner);
  }

  groupByKey<K, V>(this: Pairs<K, V>, options?: ShuffleOptions): OracleRdd<[K, V[]]> {
    const partitioner = chosenPartitioner(options, () => upstream([this]));
    const placed = this.partitionBy({ partitioner });
    return placed.#each((pairs) => grouped(pairs).entries(), true);
  }

  reduceByKey<K, V>(this: Pairs<K, V>, fn: (a: V, b: V) => V, options?: ShuffleOptions): OracleRdd<[K, V]> {
    return this.combineByKey((value) => value, fn, fn, options);
  }

  /** Within each partition, then across them. */
  combineByKey<K, V, C>(
    this: Pairs<K, V>,
    create: (value: V) => C,
    mergeValue: (combined: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: number | (Exclude<ShuffleOptions, number> & { readonly mapSideCombine?: boolean }),
  ): OracleRdd<[K, C]> {
    const combine = (values: readonly V[]): C => {
      const [first, ...rest] = values;
      return rest.reduce((combined, value) => mergeValue(combined, value), create(first as V)); // a group has one at least
    };
    if (typeof options === "object" && options.mapSideCombine === false) {
      return this.groupByKey(options).mapValues(combine);
    }
    const partitioner = chosenPartitioner(options, () => upstream([this]));
    const partial = this.#each((pairs) => grouped(pairs).entries(), true).mapValues(combine);
    return partial.groupByKey({ partitioner }).mapValues((parts) => parts.reduce((a, b) => mergeCombiners(a, b)));
  }

  cogroup<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: ShuffleOptions): OracleRdd<[K, [V[], W[]]]> {
    const partitioner = chosenPartitioner(options, () => upstream([this, other]));
    const right = other.partitionBy({ partitioner }).partitions;
    return this.partitionBy({ partitioner }).#each((pairs, index) => {
      const both = new KeyedMap<K, [V[], W[]]>();
      const of = (key: K): [V[], W[]] => {
        if (!both.has(key)) both.set(key, [[], []]);
        return both.get(key) as [V[], W[]]; // just set
      };
      for (const [key, value] of pairs) of(key)[0].push(value);
      for (const [key, value] of right[index] ?? []) of(key)[1].push(value);
      return both.entries();
    }, true);
  }

  join<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: ShuffleOptions): OracleRdd<[K, [V, W]]> {
    return this.cogroup(other, options).flatMapValues(([left, right]) => combinations(left, right));
  }

  leftOuterJoin<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: ShuffleOptions) {
    return this.cogroup(other, options).flatMapValues(([left, right]) =>
      combinations<V, W | undefined>(left, orNone(right)),
    );
  }

  rightOuterJoin<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: ShuffleOptions) {
    return this.cogroup(other, options).flatMapValues(([left, right]) =>
      combinations<V | undefined, W>(orNone(left), right),
    );
  }

  fullOuterJoin<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: ShuffleOptions) {
    return this.cogroup(other, options).flatMapValues(([left, right]) =>
      combinations<V | undefined, W | undefined>(orNone(left), orNone(right)),
    );
  }

  // ---- how it is kept: of no consequence here

  persist(): this {
    return this;
  }

  cache(): this {
    return this;
  }

  unpersist(): this {
    return this;
  }

  // ---- actions

  async collect(): Promise<T[]> {
    return this.records;
  }

  async count(): Promise<number> {
    return this.records.length;
  }

  async take(n: number): Promise<T[]> {
    return this.records.slice(0, n);
  }

  async first(): Promise<T> {
    const [first] = this.records;
    if (this.records.length === 0) throw new Error("first of nothing");
    return first as T; // there is one
  }

  async isEmpty(): Promise<boolean> {
    return this.records.length === 0;
  }

  async reduce(fn: (a: T, b: T) => T): Promise<T> {
    return this.records.reduce((a, b) => fn(a, b)); // throws for nothing
  }

  async foreach(fn: (value: T) => unknown): Promise<void> {
    for (const record of this.records) await fn(record);
  }

  async foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    for (const records of this.partitions) await fn(records);
  }

  async countByValue(): Promise<Map<T, number>> {
    return new Map(counted(this.records));
  }

  async countByKey<K, V>(this: Pairs<K, V>): Promise<Map<K, number>> {
    return this.keys().countByValue();
  }

  async collectAsMap<K, V>(this: Pairs<K, V>): Promise<Map<K, V>> {
    const last = new KeyedMap<K, V>();
    for (const [key, value] of this.records) last.set(key, value);
    return new Map(last.entries());
  }

  async lookup<K, V>(this: Pairs<K, V>, key: K): Promise<V[]> {
    return grouped(this.records).get(key) ?? [];
  }

  async getNumPartitions(): Promise<number> {
    return this.partitions.length;
  }
}

export function unionOf<T>(rdds: readonly OracleRdd<T>[]): OracleRdd<T> {
  const [first] = rdds;
  const partitioner = first?.partitioner;
  if (partitioner === undefined || rdds.some((rdd) => rdd.partitioner !== partitioner)) {
    return new OracleRdd(rdds.flatMap((rdd) => rdd.partitions));
  }
  const aligned = Array.from({ length: partitioner.numPartitions }, (_, i) =>
    rdds.flatMap((rdd) => rdd.partitions[i] ?? []),
  );
  return new OracleRdd(aligned, partitioner);
}

export function grouped<K, V>(pairs: Iterable<readonly [K, V]>): KeyedMap<K, V[]> {
  const groups = new KeyedMap<K, V[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

function counted<T>(values: readonly T[]): [T, number][] {
  return grouped(values.map((value) => [value, 1] as const))
    .entries()
    .map(([value, ones]) => [value, ones.length]);
}

function combinations<V, W>(left: readonly V[], right: readonly W[]): [V, W][] {
  return left.flatMap((v) => right.map((w): [V, W] => [v, w]));
}

/** The side of an outer join that may be missing. */
function orNone<V>(values: readonly V[]): readonly (V | undefined)[] {
  return values.length === 0 ? [undefined] : values;
}
