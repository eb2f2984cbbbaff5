import { compare, counted, grouped, KeyedMap, sorted } from "./keys.ts";

type Pairs<K, V> = OracleActions<readonly [K, V]>;
type Fold<C, V> = (total: C, value: V) => C;

/** Results of actions on partitions of records. */
export abstract class OracleActions<T> {
  abstract readonly partitions: readonly (readonly T[])[];

  get records(): T[] {
    return this.partitions.flat();
  }

  async collect(): Promise<T[]> {
    return this.records;
  }

  async *toLocalIterator(): AsyncGenerator<T> {
    yield* this.records;
  }

  async count(): Promise<number> {
    return this.records.length;
  }

  async take(n: number): Promise<T[]> {
    return this.records.slice(0, n);
  }

  async first(): Promise<T> {
    if (this.records.length === 0) throw new Error("first of nothing");
    return this.records[0] as T; // there is one
  }

  async isEmpty(): Promise<boolean> {
    return this.records.length === 0;
  }

  async foreach(fn: (value: T) => unknown): Promise<void> {
    for (const record of this.records) await fn(record);
  }

  async foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    for (const records of this.partitions) await fn(records);
  }

  async getNumPartitions(): Promise<number> {
    return this.partitions.length;
  }

  // ---- one result of all records

  async reduce(fn: Fold<T, T>): Promise<T> {
    return this.records.reduce((a, b) => fn(a, b)); // throws for nothing
  }

  treeReduce(fn: Fold<T, T>): Promise<T> {
    return this.reduce(fn);
  }

  fold(zero: T, fn: Fold<T, T>): Promise<T> {
    return this.aggregate(zero, fn, fn);
  }

  /** A zero for each partition, and one for their totals. */
  async aggregate<C>(zero: C, fold: Fold<C, T>, merge: Fold<C, C>): Promise<C> {
    const totals = this.partitions.map((records) =>
      records.reduce<C>((total, value) => fold(total, value), structuredClone(zero)),
    );
    return totals.reduce((a, b) => merge(a, b), structuredClone(zero));
  }

  treeAggregate<C>(zero: C, fold: Fold<C, T>, merge: Fold<C, C>): Promise<C> {
    return this.aggregate(zero, fold, merge);
  }

  async countByValue(): Promise<Map<T, number>> {
    return new Map(counted(this.records));
  }

  // ---- in order

  async takeOrdered(n: number): Promise<T[]> {
    return sorted(this.records, compare).slice(0, n);
  }

  async top(n: number): Promise<T[]> {
    return sorted(this.records, (a, b) => compare(b, a)).slice(0, n);
  }

  async min(): Promise<T> {
    return this.reduce((a, b) => (compare(b, a) < 0 ? b : a));
  }

  async max(): Promise<T> {
    return this.reduce((a, b) => (compare(b, a) > 0 ? b : a));
  }

  // ---- pairs

  async countByKey<K, V>(this: Pairs<K, V>): Promise<Map<K, number>> {
    return new Map(counted(this.records.map(([key]) => key)));
  }

  /** Of equal keys the last pair stays. */
  async collectAsMap<K, V>(this: Pairs<K, V>): Promise<Map<K, V>> {
    const last = new KeyedMap<K, V>();
    for (const [key, value] of this.records) last.set(key, value);
    return new Map(last.entries());
  }

  async reduceByKeyLocally<K, V>(this: Pairs<K, V>, fn: Fold<V, V>): Promise<Map<K, V>> {
    const groups = grouped(this.records).entries();
    return new Map(groups.map(([key, values]) => [key, values.reduce((a, b) => fn(a, b))]));
  }

  async lookup<K, V>(this: Pairs<K, V>, key: K): Promise<V[]> {
    return grouped(this.records).get(key) ?? [];
  }
}
