import type { DurationLike } from "@millrace/base";
import type { AnyKey, ShortLiteral } from "../operations/pair-types.ts";
import type { Partitioner } from "../partition/partitioner.ts";
import type { RDD } from "../rdd/rdd.ts";

/** The state of one key, for the function of `mapWithState`: valid until the function returns. */
export interface State<S> {
  /** Whether the key has state. */
  exists(): boolean;
  /**
   * The state. Changes to the object take effect only through `update`.
   *
   * @throws STATE_MISUSED There is none: see `exists`.
   */
  get(): S;
  /** The state; `undefined` if there is none. */
  getOption(): S | undefined;
  /** Sets the state. @throws STATE_MISUSED After `remove`, for a key that is timing out, or with `undefined`. */
  update(state: S): void;
  /** Forgets the key. @throws STATE_MISUSED After `remove`, or for a key that is timing out. */
  remove(): void;
  /** The key has been idle for longer than the timeout: it has no value, and is forgotten when the function returns. */
  isTimingOut(): boolean;
}

/**
 * Called by `mapWithState` for each pair, in order of arrival, and once for each key that times out.
 *
 * @param value `undefined` for a key that times out.
 * @param time The batch time, in epoch ms.
 * @returns A record of the resulting stream; none if `undefined`.
 */
export type MappingFunction<K, V, S, U> = (
  key: K,
  value: V | undefined,
  state: State<S>,
  time: number,
) => U | undefined;

/** The pairs of the initial state. */
export type InitialPairs<K, S> = RDD<readonly [K, S]> | Iterable<readonly [K, S]>;

/**
 * Makes a value of the current version out of an older one. Called with each such value once, when its part of the state is
 * read: from then on it has the new version.
 *
 * @param old The value as it was written.
 * @param fromVersion The version that it has; not always the one before, since values that nothing touched may be older.
 * @returns `undefined` forgets the key.
 */
export type Migrate<K, S> = (old: unknown, fromVersion: number, key: K) => S | undefined;

/** Options of `mapWithState`. */
export interface MapWithStateOptions<K, S> {
  /**
   * A key without data for longer than this is passed to the function once more, and then forgotten. By default keys
   * never time out.
   */
  readonly timeout?: DurationLike | undefined;
  /** Initial state, available to the first batch. */
  readonly initialState?: InitialPairs<K, S> | undefined;
  /** Number of partitions of the state, 1 to 4096. */
  readonly numPartitions?: number | undefined;
  /** Partitioner of the keys; by hash if absent. */
  readonly partitioner?: Partitioner<K> | undefined;
  /** The version of the state's values, 1 by default: raise it when what they are changes. */
  readonly version?: number | undefined;
  /** Makes values of this version out of older ones: see {@link Migrate}. */
  readonly migrate?: Migrate<K, S> | undefined;
}

/** Options of stateful operations, whatever the types of keys and state. */
export interface AnyStateOptions {
  readonly initialState?: InitialPairs<unknown, unknown> | undefined;
  readonly numPartitions?: number | undefined;
  readonly partitioner?: Partitioner | undefined;
  readonly version?: number | undefined;
  readonly migrate?: Migrate<never, unknown> | undefined;
}

/** The same, of `mapWithState`. */
export type AnyMapOptions = AnyStateOptions & { readonly timeout?: DurationLike | undefined };

/** The content of a spec: for the engine. */
export const SPEC: unique symbol = Symbol("millrace.spec");

/**
 * Describes a `mapWithState`: `StateSpec.function(fn).timeout("30s")`. Each method returns a new spec.
 *
 * `fn` is sent to executors with its captures. In a chain TypeScript cannot infer the stream's types: annotate its
 * parameters, or pass function and options to `mapWithState` itself.
 */
export class StateSpec<K, V, S, U> {
  readonly [SPEC]: { readonly fn: MappingFunction<K, V, S, U>; readonly options: AnyMapOptions };

  private constructor(fn: MappingFunction<K, V, S, U>, options: AnyMapOptions) {
    this[SPEC] = { fn, options };
  }

  /** Sets the function called for each pair, with the state of its key: see {@link MappingFunction}. */
  static function<K, V, S, L extends AnyKey, W>(
    fn: MappingFunction<K, V, S, readonly [L, W]>,
  ): StateSpec<K, V, S, [L, W]>;
  /** As above, for a function that returns lists of one element. */
  static function<K, V, S, E>(fn: MappingFunction<K, V, S, ShortLiteral<E>>): StateSpec<K, V, S, E[]>;
  /** As above, for a function that returns anything else. */
  static function<K, V, S, U>(fn: MappingFunction<K, V, S, U>): StateSpec<K, V, S, U>;
  static function(fn: MappingFunction<never, never, never, unknown>): unknown {
    return new StateSpec(fn, {});
  }

  /** Checked, like the rest of a spec, by `mapWithState`, which reports all mistakes at once. */
  timeout(idle: DurationLike): StateSpec<K, V, S, U> {
    return this.#with({ timeout: idle });
  }

  /** Initial state, available to the first batch. */
  initialState(pairs: InitialPairs<K, S>): StateSpec<K, V, S, U> {
    return this.#with({ initialState: pairs });
  }

  /** Number of partitions of the state, 1 to 4096. */
  numPartitions(count: number): StateSpec<K, V, S, U> {
    return this.#with({ numPartitions: count });
  }

  /** Partitioner of the keys; by hash if absent. */
  partitioner(partitioner: Partitioner<K>): StateSpec<K, V, S, U> {
    return this.#with({ partitioner });
  }

  /** The version of the state's values, and the function that makes them out of older ones. */
  version(version: number, migrate?: Migrate<K, S>): StateSpec<K, V, S, U> {
    return this.#with({ version, migrate });
  }

  #with(more: AnyMapOptions): StateSpec<K, V, S, U> {
    const { fn, options } = this[SPEC];
    return new StateSpec(fn, { ...options, ...more });
  }
}
