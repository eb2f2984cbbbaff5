import { type DurationLike, parseDuration } from "@millrace/base";
import { grouped, KeyedMap } from "./keys.ts";
import type { ShuffleOptions } from "./partitioner.ts";
import { OracleRdd } from "./rdd.ts";

export type StateOptions<K, S> = Exclude<ShuffleOptions, number> & {
  readonly initialState?: OracleRdd<readonly [K, S]> | Iterable<readonly [K, S]>;
  /** Of `updateStateByKey`: keys without input stay as they are. */
  readonly onlyUpdated?: boolean;
  /** Of `mapWithState`. */
  readonly timeout?: DurationLike;
};

type Pairs<K, V> = OracleRdd<readonly [K, V]>;

export function initialPairs<K, S>(options: StateOptions<K, S>): Pairs<K, S> {
  const { initialState = [] } = options;
  return initialState instanceof OracleRdd ? initialState : new OracleRdd([[...initialState]]);
}

/** `updateStateByKey`: all state after a batch. */
export function updatedByKey<K, V, S>(
  before: Pairs<K, S>,
  input: Pairs<K, V>,
  update: (values: V[], state: S | undefined, key: K) => S | undefined,
  onlyUpdated: boolean,
): [K, S][] {
  const values = grouped(input.records);
  const states = new KeyedMap<K, S>();
  for (const [key, state] of before.records) states.set(key, state);
  for (const key of keysOf([...before.records, ...values.entries()])) {
    if (onlyUpdated && !values.has(key)) continue;
    const after = update(values.get(key) ?? [], states.get(key), key);
    if (after === undefined) states.delete(key);
    else states.set(key, after);
  }
  return states.entries();
}

/** The argument of `updateStatePartitions`' function: every key of a partition that has state or values. */
export function entriesOf<K, V, S>(
  before: readonly (readonly [K, S])[],
  input: readonly (readonly [K, V])[],
): [K, V[], S | undefined][] {
  const values = grouped(input);
  const states = new KeyedMap<K, S>();
  for (const [key, state] of before) states.set(key, state);
  return keysOf<K>([...before, ...input]).map((key) => [key, values.get(key) ?? [], states.get(key)]);
}

/** State of `mapWithState` with when each key last had data. */
export type Dated<S> = { readonly state: S; readonly since: number };
export type MapFunction<K, V, S, U> = (key: K, value: V | undefined, state: KeyState<S>, time: number) => U | undefined;

/** `mapWithState` of one partition and batch: the function's results, and the state afterwards. */
export function mappedWithState<K, V, S, U>(
  before: readonly (readonly [K, Dated<S>])[],
  input: readonly (readonly [K, V])[],
  fn: MapFunction<K, V, S, U>,
  { time, timeout }: { readonly time: number; readonly timeout: DurationLike | undefined },
): { readonly given: U[]; readonly states: [K, Dated<S>][] } {
  const given: U[] = [];
  const states = new KeyedMap<K, Dated<S>>();
  for (const [key, dated] of before) states.set(key, dated);
  const call = (key: K, value: V | undefined, timingOut: boolean): void => {
    const handle = new KeyState(states.get(key)?.state, timingOut);
    const made = fn(key, value, handle, time);
    if (made !== undefined) given.push(made);
    const state = handle.getOption();
    if (state === undefined || timingOut) states.delete(key);
    else states.set(key, { state, since: time });
  };
  for (const [key, value] of input) call(key, value, false);
  const idle = timeout === undefined ? Number.NEGATIVE_INFINITY : time - parseDuration(timeout);
  for (const [key, { since }] of states.entries()) if (since < idle) call(key, undefined, true);
  return { given, states: states.entries() };
}

/** A key's state, as passed to the function of `mapWithState`. */
class KeyState<S> {
  #state: S | undefined;
  readonly #timingOut: boolean;

  constructor(state: S | undefined, timingOut: boolean) {
    this.#state = state;
    this.#timingOut = timingOut;
  }

  exists(): boolean {
    return this.#state !== undefined;
  }

  get(): S {
    if (this.#state === undefined) throw new Error("there is no state");
    return this.#state;
  }

  getOption(): S | undefined {
    return this.#state;
  }

  update(state: S): void {
    this.#state = state;
  }

  remove(): void {
    this.#state = undefined;
  }

  isTimingOut(): boolean {
    return this.#timingOut;
  }
}

function keysOf<K>(pairs: readonly (readonly [K, unknown])[]): K[] {
  return grouped(pairs)
    .entries()
    .map(([key]) => key);
}
