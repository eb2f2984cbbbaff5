import type { DurationLike } from "@millrace/base";
import type { AnyKey, ShortLiteral } from "../operations/pair-types.ts";
import type { Partitioner } from "../partition/partitioner.ts";
import type { RDD } from "../rdd/rdd.ts";

/** The state of one key, while the function of `mapWithState` has it: of use only until the function returns. */
export interface State<S> {
  /** Whether the key has state. */
  exists(): boolean;
  /**
   * The state: the function's own, of which a change stays only by `update`.
   *
   * @throws STATE_MISUSED There is none: see `exists`.
   */
  get(): S;
  /** The state; `undefined` when there is none. */
  getOption(): S | undefined;
  /** Sets the state. @throws STATE_MISUSED After `remove`, of a key that is timing out, or with `undefined`. */
  update(state: S): void;
  /** Forgets the key. @throws STATE_MISUSED After `remove`, or of a key that is timing out. */
  remove(): void;
  /** The key has been idle for longer than the timeout: it has no value, and goes when the function returns. */
  isTimingOut(): boolean;
}

/**
 * What `mapWithState` calls for each pair, in the order of arrival, and once for each key that times out.
 *
 * @param value `undefined` for a key that times out.
 * @param time The batch's time, in epoch ms.
 * @returns A record of the resulting stream; none for `undefined`.
 */
export type MappingFunction<K, V, S, U> = (
  key: K,
  value: V | undefined,
  state: State<S>,
  time: number,
) => U | undefined;

/** The pairs that state begins with. */
export type InitialPairs<K, S> = RDD<readonly [K, S]> | Iterable<readonly [K, S]>;

/** Options of `mapWithState`. */
export interface MapWithStateOptions<K, S> {
  /** A key without data for longer than this is passed to the function once more, and then forgotten. Never by default. */
  readonly timeout?: DurationLike | undefined;
  /** State to begin with, merged below the first batch. */
  readonly initialState?: InitialPairs<K, S> | undefined;
  /** How many partitions the state has, 1 to 4096. */
  readonly numPartitions?: number | undefined;
  /** Where each key goes; by its hash if this is left out. */
  readonly partitioner?: Partitioner<K> | undefined;
}

/** Options of stateful operations, whatever the types of keys and state. */
export interface AnyStateOptions {
  readonly initialState?: InitialPairs<unknown, unknown> | undefined;
  readonly numPartitions?: number | undefined;
  readonly partitioner?: Partitioner | undefined;
}

/** The same, of `mapWithState`. */
export type AnyMapOptions = AnyStateOptions & { readonly timeout?: DurationLike | undefined };

/** What a spec holds: for the engine. */
export const SPEC: unique symbol = Symbol("millrace.spec");

/**
 * What `mapWithState` is to do: `StateSpec.function(fn).timeout("30s")`. Each method gives a new spec.
 *
 * `fn` is sent to executors, with what it captures. In a chain TypeScript cannot see what stream it is for: give its
 * parameters types, or hand function and options to `mapWithState` itself.
 */
export class StateSpec<K, V, S, U> {
  readonly [SPEC]: { readonly fn: MappingFunction<K, V, S, U>; readonly options: AnyMapOptions };

  private constructor(fn: MappingFunction<K, V, S, U>, options: AnyMapOptions) {
    this[SPEC] = { fn, options };
  }

  /** What is called for each pair, with the state of its key: see {@link MappingFunction}. */
  static function<K, V, S, L extends AnyKey, W>(
    fn: MappingFunction<K, V, S, readonly [L, W]>,
  ): StateSpec<K, V, S, [L, W]>;
  /** As above, for a function that makes lists of one. */
  static function<K, V, S, E>(fn: MappingFunction<K, V, S, ShortLiteral<E>>): StateSpec<K, V, S, E[]>;
  /** As above, for a function that makes anything else. */
  static function<K, V, S, U>(fn: MappingFunction<K, V, S, U>): StateSpec<K, V, S, U>;
  static function(fn: MappingFunction<never, never, never, unknown>): unknown {
    return new StateSpec(fn, {});
  }

  /** Checked, like all of a spec, by `mapWithState`: it tells all that is wrong in one go. */
  timeout(idle: DurationLike): StateSpec<K, V, S, U> {
    return this.#with({ timeout: idle });
  }

  /** State to begin with, merged below the first batch. */
  initialState(pairs: InitialPairs<K, S>): StateSpec<K, V, S, U> {
    return this.#with({ initialState: pairs });
  }

  /** How many partitions the state has, 1 to 4096. */
  numPartitions(count: number): StateSpec<K, V, S, U> {
    return this.#with({ numPartitions: count });
  }

  /** Where each key goes; by its hash if this is left out. */
  partitioner(partitioner: Partitioner<K>): StateSpec<K, V, S, U> {
    return this.#with({ partitioner });
  }

  #with(more: AnyMapOptions): StateSpec<K, V, S, U> {
    const { fn, options } = this[SPEC];
    return new StateSpec(fn, { ...options, ...more });
  }
}
