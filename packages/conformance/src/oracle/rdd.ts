import { compare, counted, grouped, KeyedMap, sorted } from "./keys.ts";
import { chosenPartitioner, hashPartitioner, type Partitioner, type ShuffleOptions } from "./partitioner.ts";
import { OracleStatistics } from "./statistics.ts";

type Partitions<T> = readonly (readonly T[])[];
type Pairs<K, V> = OracleRdd<readonly [K, V]>;

interface SortOptions {
  readonly ascending?: boolean;
  readonly numPartitions?: number;
}

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
 * An RDD: partitions of records. Each operation is written as its documentation defines it, on arrays, neither lazy nor
 * fast.
 */
export class OracleRdd<T> extends OracleStatistics<T> {
  override readonly partitions: Partitions<T>;
  /** The partitioner of its pairs, if they are placed by key. */
  readonly partitioner: Partitioner | undefined;

  constructor(partitions: Partitions<T>, partitioner?: Partitioner) {
    super();
    this.partitions = partitions;
    this.partitioner = partitioner;
  }

  /** Items in `n` slices as equal as can be. */
  static of<T>(items: readonly T[], n: number): OracleRdd<T> {
    const cut = (i: number): number => Math.floor((i * items.length) / n);
    return new OracleRdd(Array.from({ length: n }, (_, i) => items.slice(cut(i), cut(i + 1))));
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

  filterMap<U>(fn: (value: T) => U): OracleRdd<Exclude<U, undefined>> {
    return this.map(fn).filter((value) => value !== undefined) as OracleRdd<Exclude<U, undefined>>; // what is left
  }

  /** Neighbouring partitions as one. */
  coalesce(n: number, shuffle = false): OracleRdd<T> {
    if (shuffle) return this.repartition(n);
    const groups = OracleRdd.of(this.partitions, Math.min(n, this.partitions.length)).partitions;
    return new OracleRdd(groups.map((group) => group.flat()));
  }

  intersection(other: OracleRdd<T>, options?: ShuffleOptions): OracleRdd<T> {
    const alone = (rdd: OracleRdd<T>) => rdd.map((value): [T, null] => [value, null]);
    return alone(this)
      .cogroup(alone(other), options)
      .filter(([, sides]) => sides.every((side) => side.length > 0))
      .keys();
  }

  subtract(other: OracleRdd<T>, options?: ShuffleOptions): OracleRdd<T> {
    const alone = (rdd: OracleRdd<T>) => rdd.map((value): [T, null] => [value, null]);
    return alone(this).subtractByKey(alone(other), options).keys();
  }

  cartesian<U>(other: OracleRdd<U>): OracleRdd<[T, U]> {
    return new OracleRdd(this.partitions.flatMap((left) => other.partitions.map((right) => combinations(left, right))));
  }

  zip<U>(other: OracleRdd<U>): OracleRdd<[T, U]> {
    return this.#each((records, p) => records.map((record, i): [T, U] => [record, other.partitions[p]?.[i] as U])); // as many
  }

  zipPartitions<U, R>(
    [other]: readonly [OracleRdd<U>],
    fn: (mine: Iterable<T>, theirs: Iterable<U>) => Iterable<R>,
  ): OracleRdd<R> {
    return this.#each((records, p) => [...fn(records, other.partitions[p] ?? [])]);
  }

  zipWithIndex(): OracleRdd<[T, number]> {
    let n = 0;
    return this.map((value) => [value, n++]);
  }

  /** Record i of partition k of n has i * n + k. */
  zipWithUniqueId(): OracleRdd<[T, number]> {
    const n = this.partitions.length;
    return this.#each((records, k) => records.map((value, i): [T, number] => [value, i * n + k]));
  }

  /** Records of equal keys stay as they came. Where partitions end is not said. */
  sortBy<K>(fn: (value: T) => K, { ascending = true }: SortOptions = {}): OracleRdd<T> {
    const sign = ascending ? 1 : -1;
    return new OracleRdd([sorted(this.records, (a, b) => sign * compare(fn(a), fn(b)))]);
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

  sortByKey<K, V>(this: Pairs<K, V>, options?: SortOptions): Pairs<K, V> {
    return this.sortBy(([key]) => key, options);
  }

  repartitionAndSortWithinPartitions<K, V>(this: Pairs<K, V>, options: ShuffleOptions): Pairs<K, V> {
    return this.partitionBy(options).#each((pairs) => sorted(pairs, ([a], [b]) => compare(a, b)), true);
  }

  filterByRange<K, V>(this: Pairs<K, V>, lower: K, upper: K): Pairs<K, V> {
    return this.filter(([key]) => compare(lower, key) <= 0 && compare(key, upper) <= 0);
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

  /** Each key and partition begins with a zero of its own. */
  aggregateByKey<K, V, C>(
    this: Pairs<K, V>,
    zero: C,
    fold: (total: C, value: V) => C,
    merge: (a: C, b: C) => C,
    options?: ShuffleOptions,
  ): OracleRdd<[K, C]> {
    return this.combineByKey((value) => fold(structuredClone(zero), value), fold, merge, options);
  }

  foldByKey<K, V>(this: Pairs<K, V>, zero: V, fn: (a: V, b: V) => V, options?: ShuffleOptions): OracleRdd<[K, V]> {
    return this.aggregateByKey(zero, fn, fn, options);
  }

  /** With one other or two; options may follow. */
  cogroup<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>, options?: ShuffleOptions): OracleRdd<[K, [V[], W[]]]>;
  cogroup<K, V, W, X>(
    this: Pairs<K, V>,
    other: Pairs<K, W>,
    another: Pairs<K, X>,
    options?: ShuffleOptions,
  ): OracleRdd<[K, [V[], W[], X[]]]>;
  cogroup<K>(
    this: Pairs<K, unknown>,
    ...given: readonly (Pairs<K, unknown> | ShuffleOptions | undefined)[]
  ): OracleRdd<[K, unknown]> {
    const sides = [this, ...given.filter((one) => one instanceof OracleRdd)];
    const options = given.find((one): one is ShuffleOptions => one !== undefined && !(one instanceof OracleRdd));
    const partitioner = chosenPartitioner(options, () => upstream(sides));
    const placed = sides.map((side) => side.partitionBy({ partitioner }).partitions);
    const partitions = Array.from({ length: partitioner.numPartitions }, (_, p) => {
      const groups = new KeyedMap<K, unknown[][]>();
      for (const [at, side] of placed.entries()) {
        for (const [key, value] of side[p] ?? []) {
          if (!groups.has(key))
            groups.set(
              key,
              sides.map(() => []),
            );
          groups.get(key)?.[at]?.push(value);
        }
      }
      return groups.entries();
    });
    return new OracleRdd(partitions, partitioner);
  }

  groupWith<K, V, W>(this: Pairs<K, V>, other: Pairs<K, W>): OracleRdd<[K, [V[], W[]]]> {
    return this.cogroup(other);
  }

  /** Placed as these pairs are, or over as many partitions. */
  subtractByKey<K, V>(this: Pairs<K, V>, other: Pairs<K, unknown>, options?: ShuffleOptions): OracleRdd<[K, V]> {
    const own = (): Partitioner => this.partitioner ?? hashPartitioner(this.partitions.length);
    return this.cogroup(other, { partitioner: chosenPartitioner(options, own) }).flatMapValues(([mine, theirs]) =>
      theirs.length === 0 ? mine : [],
    );
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

  // ---- chance: one of the possible outcomes; compare only what all of them have in common

  sample(_withReplacement: boolean, fraction: number): OracleRdd<T> {
    return this.#each((records) => records.slice(0, Math.round(fraction * records.length)), true);
  }

  /** All to the first. */
  randomSplit(weights: readonly number[]): OracleRdd<T>[] {
    return weights.map((_, i) => this.filter(() => i === 0));
  }

  sampleByKey<K, V>(this: Pairs<K, V>, _withReplacement: boolean, fractions: ReadonlyMap<K, number>): Pairs<K, V> {
    return this.sampleByKeyExact(false, fractions);
  }

  /** Of each key its fraction, rounded up. */
  sampleByKeyExact<K, V>(this: Pairs<K, V>, _again: boolean, fractions: ReadonlyMap<K, number>): Pairs<K, V> {
    const wanted = new KeyedMap<K, number>();
    for (const [key, fraction] of fractions) wanted.set(key, fraction);
    const left = new KeyedMap<K, number>();
    for (const [key, values] of grouped(this.records).entries()) {
      left.set(key, Math.ceil(values.length * (wanted.get(key) ?? 0)));
    }
    return this.filter(([key]) => {
      const n = left.get(key) ?? 0;
      left.set(key, n - 1);
      return n > 0;
    });
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

function combinations<V, W>(left: readonly V[], right: readonly W[]): [V, W][] {
  return left.flatMap((v) => right.map((w): [V, W] => [v, w]));
}

/** The side of an outer join that may be missing. */
function orNone<V>(values: readonly V[]): readonly (V | undefined)[] {
  return values.length === 0 ? [undefined] : values;
}
