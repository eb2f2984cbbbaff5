import { type DurationLike, parseDuration } from "@millrace/base";
import { Batches, type Body } from "./batches.ts";
import { all, type Later } from "./later.ts";
import type { ShuffleOptions } from "./partitioner.ts";
import { OracleRdd, unionOf } from "./rdd.ts";
import {
  type Dated,
  entriesOf,
  initialPairs,
  type MapFunction,
  mappedWithState,
  type StateOptions,
  updatedByKey,
} from "./state.ts";
import { add, type Reduce, slid, subtract, withInverse } from "./window.ts";

type PairStream<K, V> = OracleStream<readonly [K, V]>;

const recordsOf = <T>(rdds: readonly OracleRdd<T>[]): T[] => rdds.flatMap(({ records }) => records);

export type MappedStream<K, S, U> = OracleStream<U> & { stateSnapshots(): OracleStream<readonly [K, S]> };

/** A stream: an RDD for each of its batches. */
export class OracleStream<T> extends Batches<T> {
  /** Batch by batch. */
  #step<U>(fn: (rdd: OracleRdd<T>, time: number) => OracleRdd<U> | Promise<OracleRdd<U>>): OracleStream<U> {
    return new OracleStream(this.graph, this.slideMs, async (time) => fn(await this.at(time), time));
  }

  #with<U, R>(
    other: OracleStream<U>,
    fn: (a: OracleRdd<T>, b: OracleRdd<U>, time: number) => OracleRdd<R> | Promise<OracleRdd<R>>,
  ): OracleStream<R> {
    return this.#step(async (rdd, time) => fn(rdd, await other.at(time), time));
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
    return this.#with(other, fn);
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
    return this.#step((rdd) => rdd.groupByKey(this.placed(options)));
  }

  reduceByKey<K, V>(this: PairStream<K, V>, fn: Reduce<V>, options?: ShuffleOptions): OracleStream<[K, V]> {
    return this.#step((rdd) => rdd.reduceByKey(fn, this.placed(options)));
  }

  combineByKey<K, V, C>(
    this: PairStream<K, V>,
    create: (value: V) => C,
    mergeValue: (combined: C, value: V) => C,
    mergeCombiners: (a: C, b: C) => C,
    options?: ShuffleOptions,
  ): OracleStream<[K, C]> {
    return this.#step((rdd) => rdd.combineByKey(create, mergeValue, mergeCombiners, this.placed(options)));
  }

  aggregateByKey<K, V, C>(
    this: PairStream<K, V>,
    zero: C,
    fold: (total: C, value: V) => C,
    merge: Reduce<C>,
    options?: ShuffleOptions,
  ): OracleStream<[K, C]> {
    return this.#step((rdd) => rdd.aggregateByKey(zero, fold, merge, this.placed(options)));
  }

  foldByKey<K, V>(this: PairStream<K, V>, zero: V, fn: Reduce<V>, options?: ShuffleOptions): OracleStream<[K, V]> {
    return this.#step((rdd) => rdd.foldByKey(zero, fn, this.placed(options)));
  }

  partitionBy<K, V>(this: PairStream<K, V>, options: ShuffleOptions): PairStream<K, V> {
    return this.#step((rdd) => rdd.partitionBy(options));
  }

  cogroup<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.cogroup(b, this.placed(options)));
  }

  join<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.join(b, this.placed(options)));
  }

  leftOuterJoin<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.leftOuterJoin(b, this.placed(options)));
  }

  rightOuterJoin<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.rightOuterJoin(b, this.placed(options)));
  }

  fullOuterJoin<K, V, W>(this: PairStream<K, V>, other: PairStream<K, W>, options?: ShuffleOptions) {
    return this.#with(other, (a, b) => a.fullOuterJoin(b, this.placed(options)));
  }

  // ---- windows

  window(length: DurationLike, slide?: DurationLike): OracleStream<T> {
    const ms = parseDuration(length);
    return new OracleStream(this.graph, this.slide(slide), async (time) =>
      unionOf(await this.between(time - ms, time)),
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

  /** With an inverse function: the previous window, minus what left, plus what entered. */
  reduceByKeyAndWindow<K, V>(this: PairStream<K, V>, fn: Reduce<V>, ...rest: readonly unknown[]): PairStream<K, V> {
    const [inverse, length, slide, given] = withInverse<V>(rest);
    const options = given as Exclude<ShuffleOptions, number> & { filter?: (pair: readonly [K, V]) => unknown };
    if (inverse === undefined) return this.reduceByKey(fn, options).window(length, slide).reduceByKey(fn, options);
    const [ms, slideMs] = [parseDuration(length), this.slide(slide)];
    const batches = this.reduceByKey(fn, options);
    const result: OracleStream<readonly [K, V]> = new OracleStream(this.graph, slideMs, async (time) => {
      const before = time > slideMs ? (await result.at(time - slideMs)).records : [];
      const [start, last] = [time - ms, time - slideMs];
      const leaving = await batches.between(last - ms, Math.min(last, start));
      const entering = await batches.between(Math.max(last, start), time);
      const pairs = slid(before, recordsOf(leaving), recordsOf(entering), fn, inverse);
      return new OracleRdd([pairs.filter((pair) => options?.filter?.(pair) ?? true)]).partitionBy(
        this.placed(given as ShuffleOptions),
      );
    });
    this.graph.ongoing.push(result as OracleStream<unknown>);
    return result;
  }

  // ---- state

  #ongoing<U>(compute: (time: number) => Promise<OracleRdd<U>>): OracleStream<U> {
    const stream = new OracleStream(this.graph, this.slideMs, compute);
    this.graph.ongoing.push(stream as OracleStream<unknown>);
    return stream;
  }

  /** `[key, state]` of every key that has one: `fn` makes it of the batch's values and the state so far. */
  updateStateByKey<K, V, S>(
    this: PairStream<K, V>,
    fn: (values: V[], state: S | undefined, key: K, time: number) => S | undefined,
    given?: number | StateOptions<K, S>,
  ): OracleStream<readonly [K, S]> {
    const options: StateOptions<K, S> = typeof given === "object" ? given : {};
    return this.#ongoing(
      this.carried(
        () => initialPairs(options),
        async (before, time) => {
          const at = (values: V[], state: S | undefined, key: K): S | undefined => fn(values, state, key, time);
          const after = updatedByKey(before, await this.at(time), at, options.onlyUpdated ?? false);
          return new OracleRdd<readonly [K, S]>([after]).partitionBy(this.placed(given));
        },
      ),
    );
  }

  updateStatePartitions<K, V, S>(
    this: PairStream<K, V>,
    fn: (entries: Iterable<[K, V[], S | undefined]>, time: number) => Iterable<readonly [K, S]>,
    given?: number | StateOptions<K, S>,
  ): OracleStream<readonly [K, S]> {
    const placement = this.placed(given);
    return this.#ongoing(
      this.carried(
        () => initialPairs(typeof given === "object" ? given : {}).partitionBy(placement),
        async (before, time) => {
          const { partitions, partitioner } = (await this.at(time)).partitionBy(placement);
          const after = partitions.map((input, p) => [...fn(entriesOf(before.partitions[p] ?? [], input), time)]);
          return new OracleRdd<readonly [K, S]>(after, partitioner);
        },
      ),
    );
  }

  mapWithState<K, V, S, U>(
    this: PairStream<K, V>,
    fn: MapFunction<K, V, S, U>,
    options: StateOptions<K, S> = {},
  ): MappedStream<K, S, U> {
    const placement = this.placed(options);
    const at = this.carried(
      () => ({
        given: [] as U[][],
        states: initialPairs(options)
          .mapValues((state) => ({ state, since: this.slideMs }))
          .partitionBy(placement),
      }),
      async ({ states }, time) => {
        const { partitions, partitioner } = (await this.at(time)).partitionBy(placement);
        const made = partitions.map((input, p) =>
          mappedWithState(states.partitions[p] ?? [], input, fn, { time, timeout: options.timeout }),
        );
        const after = new OracleRdd<readonly [K, Dated<S>]>(
          made.map((one) => one.states),
          partitioner,
        );
        return { given: made.map((one) => one.given), states: after };
      },
    );
    const mapped = this.#ongoing(async (time) => new OracleRdd((await at(time)).given));
    const snapshots = new OracleStream<readonly [K, S]>(this.graph, this.slideMs, async (time) =>
      (await at(time)).states.mapValues(({ state }) => state),
    );
    return Object.assign(mapped, { stateSnapshots: () => snapshots });
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
    return this.between(Math.floor(from / this.slideMs) * this.slideMs - 1, to);
  }

  // ---- outputs

  foreachRDD(body: Body<T>): void {
    this.graph.outputs.push({ stream: this as OracleStream<unknown>, body: body as Body<unknown> }); // they belong together
  }
}
