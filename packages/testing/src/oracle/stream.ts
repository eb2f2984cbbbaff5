import { type DurationLike, parseDuration } from "@millrace/base";
import { grouped, KeyedMap } from "./keys.ts";
import type { ShuffleOptions } from "./partitioner.ts";
import { OracleRdd, unionOf } from "./rdd.ts";

type PairStream<K, V> = OracleStream<readonly [K, V]>;
type Body<T> = (rdd: OracleRdd<T>, time: number) => unknown;
type Later<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U> | AsyncIterable<U>>;
type Reduce<V> = (a: V, b: V) => V;

/** What the streams of one job share. Batches are at `intervalMs`, twice that, and so on. */
export interface OracleGraph {
  readonly intervalMs: number;
  readonly parallelism: number;
  /** In order of registration. */
  readonly outputs: { readonly stream: OracleStream<unknown>; readonly body: Body<unknown> }[];
  /** What goes on in every batch, whether or not an output asks for it: sources and state. */
  readonly ongoing: OracleStream<unknown>[];
}

type UpdateOptions<K, S> = Exclude<ShuffleOptions, number> & {
  readonly initialState?: OracleRdd<readonly [K, S]>;
  readonly onlyUpdated?: boolean;
};

/** What a stream is: an RDD for each of its batches. */
export class OracleStream<T> {
  readonly graph: OracleGraph;
  readonly slideMs: number;
  readonly #compute: (time: number) => OracleRdd<T> | Promise<OracleRdd<T>>;
  readonly #computed = new Map<number, Promise<OracleRdd<T>>>();

  constructor(graph: OracleGraph, slideMs: number, compute: (time: number) => OracleRdd<T> | Promise<OracleRdd<T>>) {
    this.graph = graph;
    this.slideMs = slideMs;
    this.#compute = compute;
  }

  at(time: number): Promise<OracleRdd<T>> {
    const known = this.#computed.get(time);
    if (known !== undefined) return known;
    const made = (async () => this.#compute(time))();
    this.#computed.set(time, made);
    return made;
  }

  /** It has a batch at multiples of its slide. */
  isDue(time: number): boolean {
    return time > 0 && time % this.slideMs === 0;
  }

  /** Batch by batch. */
  #step<U>(fn: (rdd: OracleRdd<T>, time: number) => OracleRdd<U> | Promise<OracleRdd<U>>): OracleStream<U> {
    return new OracleStream(this.graph, this.slideMs, async (time) => fn(await this.at(time), time));
  }

  #with<U, R>(other: OracleStream<U>, fn: (a: OracleRdd<T>, b: OracleRdd<U>) => OracleRdd<R>): OracleStream<R> {
    return new OracleStream(this.graph, this.slideMs, async (time) => fn(await this.at(time), await other.at(time)));
  }

  /** A stream places pairs over the default parallelism when nothing is said. */
  #placed(options: ShuffleOptions | undefined): ShuffleOptions {
    return typeof options === "object" && options.numPartitions === undefined && options.partitioner === undefined
      ? { ...options, numPartitions: this.graph.parallelism }
      : (options ?? this.graph.parallelism);
  }

  // ---- as on RDDs, in each batch

  map<U>(fn: (value: T) => U): OracleStream<U> {
    return this.#step((rdd) => rdd.map(fn));
  }

  flatMap<U>(fn: (value: T) => Iterable<U>): OracleStream<U> {
    return this.#step((rdd) => rdd.flatMap(fn));
  }

  filter(predicate: (value: T) => unknown): OracleStream<T> {
    return this.#step((rdd) => rdd.filter(predicate));
  }

  mapPartitions<U>(fn: (values: Iterable<T>) => Later<U>, preservesPartitioning?: boolean): OracleStream<U> {
    return this.mapPartitionsWithIndex((_, values) => fn(values), preservesPartitioning);
  }

  mapPartitionsWithIndex<U>(fn: (index: number, values: Iterable<T>) => Later<U>, preserves = false): OracleStream<U> {
    return this.#step(async (rdd) => {
      const made = await Promise.all(rdd.partitions.map(async (records, index) => all(await fn(index, records))));
      return new OracleRdd(made, preserves ? rdd.partitioner : undefined);
    });
  }

  glom(): OracleStream<T[]> {
    return this.#step((rdd) => rdd.glom());
  }

  repartition(n: number): OracleStream<T> {
    return this.#step((rdd) => rdd.repartition(n));
  }

  union<U>(...others: readonly OracleStream<U>[]): OracleStream<T | U> {
    return new OracleStream<T | U>(this.graph, this.slideMs, async (time) => {
      const rdds = await Promise.all([this, ...others].map((stream: OracleStream<T | U>) => stream.at(time)));
      return unionOf<T | U>(rdds);
    });
  }

  transform<U>(fn: (rdd: OracleRdd<T>, time: number) => OracleRdd<U> | Promise<OracleRdd<U>>): OracleStream<U> {
    return this.#step(fn);
  }

  transformWith<U, R>(
    other: OracleStream<U>,
    fn: (rdd: OracleRdd<T>, other: OracleRdd<U>, time: number) => OracleRdd<R> | Promise<OracleRdd<R>>,
  ): OracleStream<R> {
    return new OracleStream(this.graph, this.slideMs, async (time) =>
      fn(await this.at(time), await other.at(time), time),
    );
  }

  // ---- whole batches

  /** 0 for an empty batch. */
  count(): OracleStream<number> {
    return this.#step((rdd) => new OracleRdd([[rdd.records.length]]));
  }

  /** Nothing for an empty batch. */
  reduce(fn: Reduce<T>): OracleStream<T> {
    return this.map((value) => [null, value] as const)
      .reduceByKey(fn, 1)
      .values();
  }

  countByValue(options?: ShuffleOptions): OracleStream<[T, number]> {
    return this.map((value): [T, number] => [value, 1]).reduceByKey((a, b) => a + b, options);
  }

  // ---- pairs

  mapValues<K, V, U>(this: PairStream<K, V>, fn: (value: V) => U): OracleStream<[K, U]> {
    return this.#step((rdd) => rdd.mapValues(fn));
  }

  flatMapValues<K, V, U>(this: PairStream<K, V>, fn: (value: V) => Iterable<U>): OracleStream<[K, U]> {
    return this.#step((rdd) => rdd.flatMapValues(fn));
  }

  keys<K, V>(this: PairStream<K, V>): OracleStream<K> {
    return this.#step((rdd) => rdd.keys());
  }

  values<K, V>(this: PairStream<K, V>): OracleStream<V> {
    return this.#step((rdd) => rdd.values());
  }

  groupByKey<K, V>(this: PairStream<K, V>, options?: ShuffleOptions): OracleStream<[K, V[]]> {
    return this.#step((rdd) => rdd.groupByKey(this.#placed(options)));
  }

  reduceByKey<K, V>(this: PairStream<K, V>, fn: Reduce<V>, options?: ShuffleOptions): OracleStream<[K, V]> {
    return this.#step((rdd) => rdd.reduceByKey(fn, this.#placed(options)));
  }

  combineByKey<K, V, C>(
    this: PairStream<K, V>,
    create: (value: V) => C,
    mergeValue: (combined: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: ShuffleOptions,
  ): OracleStream<[K, C]> {
    return this.#step((rdd) => rdd.combineByKey(create, mergeValue, mergeCombiners, this.#placed(options)));
  }

  partitionBy<K, V>(this: PairStream<K, V>, options: ShuffleOptions): PairStream<K, V> {
    return this.#step((rdd) => rdd.partitionBy(options));
  }

  cogroup<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.cogroup(b, this.#placed(options)));
  }

  join<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.join(b, this.#placed(options)));
  }

  leftOuterJoin<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.leftOuterJoin(b, this.#placed(options)));
  }

  rightOuterJoin<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.rightOuterJoin(b, this.#placed(options)));
  }

  fullOuterJoin<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.fullOuterJoin(b, this.#placed(options)));
  }

  // ---- windows

  /** The RDDs of the batches in (after, until], oldest first. */
  async #between(after: number, until: number): Promise<OracleRdd<T>[]> {
    const rdds: OracleRdd<T>[] = [];
    for (let time = this.slideMs; time <= until; time += this.slideMs) if (time > after) rdds.push(await this.at(time));
    return rdds;
  }

  #slide(slide: DurationLike | undefined): number {
    return slide === undefined ? this.slideMs : parseDuration(slide);
  }

  window(length: DurationLike, slide?: DurationLike): OracleStream<T> {
    const ms = parseDuration(length);
    return new OracleStream(this.graph, this.#slide(slide), async (time) =>
      unionOf(await this.#between(time - ms, time)),
    );
  }

  reduceByWindow(fn: Reduce<T>, ...rest: readonly unknown[]): OracleStream<T> {
    const [inverse, length, slide] = withInverse<T>(rest);
    if (inverse === undefined) return this.reduce(fn).window(length, slide).reduce(fn);
    return this.map((value) => [null, value] as const)
      .reduceByKeyAndWindow(fn, inverse, length, slide, 1)
      .values();
  }

  /** Nothing until there was a first record. */
  countByWindow(length: DurationLike, slide?: DurationLike): OracleStream<number> {
    return this.map<number>(() => 1).reduceByWindow(add, subtract, length, slide);
  }

  countByValueAndWindow(
    length: DurationLike,
    slide?: DurationLike,
    options?: ShuffleOptions,
  ): OracleStream<[T, number]> {
    return this.window(length, slide).countByValue(options);
  }

  groupByKeyAndWindow<K, V>(
    this: PairStream<K, V>,
    length: DurationLike,
    slide?: DurationLike,
    options?: ShuffleOptions,
  ) {
    return this.window(length, slide).groupByKey(options);
  }

  /** With an inverse function: what left is taken from the window before, what entered is added. */
  reduceByKeyAndWindow<K, V>(this: PairStream<K, V>, fn: Reduce<V>, ...rest: readonly unknown[]): OracleStream<[K, V]> {
    const [inverse, length, slide, given] = withInverse<V>(rest);
    const options = given as Exclude<ShuffleOptions, number> & { filter?: (pair: readonly [K, V]) => unknown };
    if (inverse === undefined) return this.reduceByKey(fn, options).window(length, slide).reduceByKey(fn, options);
    const [ms, slideMs] = [parseDuration(length), this.#slide(slide)];
    const batches = this.reduceByKey(fn, options);
    const placement = this.#placed(options);
    const result: OracleStream<[K, V]> = new OracleStream(this.graph, slideMs, async (time) => {
      const before = time > slideMs ? (await result.at(time - slideMs)).records : [];
      const [start, last] = [time - ms, time - slideMs];
      const leaving = await batches.#between(last - ms, Math.min(last, start));
      const entering = await batches.#between(Math.max(last, start), time);
      const window = new KeyedMap<K, V>();
      for (const [key, value] of before) window.set(key, value);
      for (const [key, values] of grouped(leaving.flatMap(({ records }) => records)).entries()) {
        window.set(
          key,
          inverse(
            window.get(key) as V,
            values.reduce((a, b) => fn(a, b)),
          ),
        ); // what leaves was there
      }
      for (const [key, values] of grouped(entering.flatMap(({ records }) => records)).entries()) {
        const added = values.reduce((a, b) => fn(a, b));
        window.set(key, window.has(key) ? fn(window.get(key) as V, added) : added); // has says so
      }
      const kept = window.entries().filter((pair) => options?.filter?.(pair) ?? true);
      return new OracleRdd([kept]).partitionBy(placement) as OracleRdd<[K, V]>; // the pairs that it was given
    });
    this.graph.ongoing.push(result);
    return result;
  }

  // ---- state

  /** `[key, state]` of every key that has one: `fn` makes it of the batch's values and the state so far. */
  updateStateByKey<K, V, S>(
    this: PairStream<K, V>,
    fn: (values: V[], state: S | undefined, key: K) => S | undefined,
    given?: number | UpdateOptions<K, S>,
  ): OracleStream<[K, S]> {
    const options: UpdateOptions<K, S> = typeof given === "object" ? given : {};
    const result: OracleStream<[K, S]> = new OracleStream(this.graph, this.slideMs, async (time) => {
      const first = time === this.slideMs;
      const before = first ? (options.initialState?.records ?? []) : (await result.at(time - this.slideMs)).records;
      const values = grouped((await this.at(time)).records);
      const states = new KeyedMap<K, S>();
      for (const [key, state] of before) states.set(key, state);
      for (const key of keysOf([...before, ...values.entries()])) {
        if (options.onlyUpdated === true && !values.has(key)) continue;
        const after = fn(values.get(key) ?? [], states.get(key), key);
        if (after === undefined) states.delete(key);
        else states.set(key, after);
      }
      return new OracleRdd([states.entries()]).partitionBy(this.#placed(given)) as OracleRdd<[K, S]>; // the pairs that it was given
    });
    this.graph.ongoing.push(result);
    return result;
  }

  // ---- how batches are kept, and names: of no consequence here

  persist(): this {
    return this;
  }

  cache(): this {
    return this;
  }

  checkpoint(): this {
    return this;
  }

  named(): this {
    return this;
  }

  get slideDuration(): number {
    return this.slideMs;
  }

  /** The RDDs of the batches in [from, to]. */
  slice(from: number, to: number): Promise<OracleRdd<T>[]> {
    return this.#between(Math.floor(from / this.slideMs) * this.slideMs - 1, to);
  }

  // ---- outputs

  foreachRDD(body: Body<T>): void {
    this.graph.outputs.push({ stream: this as OracleStream<unknown>, body: body as Body<unknown> }); // they belong together
  }
}

async function all<U>(values: Iterable<U> | AsyncIterable<U>): Promise<U[]> {
  const found: U[] = [];
  for await (const value of values) found.push(value);
  return found;
}

function withInverse<V>(
  rest: readonly unknown[],
): [Reduce<V> | undefined, DurationLike, DurationLike | undefined, unknown] {
  const [inverse, ...others] = typeof rest[0] === "function" ? rest : [undefined, ...rest];
  const [length, slide, options] = others as [DurationLike, DurationLike | undefined, unknown]; // as the API's overloads say
  return [inverse as Reduce<V> | undefined, length, slide, options];
}

function keysOf<K>(pairs: readonly (readonly [K, unknown])[]): K[] {
  return grouped(pairs)
    .entries()
    .map(([key]) => key);
}

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;
