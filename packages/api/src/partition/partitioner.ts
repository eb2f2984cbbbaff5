import { partitionOf } from "@millrace/codec";
import { type FunctionRef, operators } from "@millrace/operators";
import type { KnownPartitioner, Partitioning, ResolvedPartitioning } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import { PLACING } from "../internals.ts";
import { checkOptions, checkPartitions } from "../refusal/check-all.ts";

/**
 * Partitions pairs: an integer in [0, numPartitions) for each key. Sent to executors by value: a plain object, or an
 * instance of a class of the job.
 *
 * RDDs partitioned by the same partitioner, or by equal ones, are joined and combined without a shuffle.
 */
export interface Partitioner<in K = never> {
  /** 1 to 4096. */
  readonly numPartitions: number;
  /** The partition of a key, from 0. Called on executors, and on the driver by `lookup`. */
  readonly getPartition: (key: K) => number;
  /** Whether another partitioner places every key like this one. Called on the driver. */
  readonly equals?: (other: unknown) => boolean;
}

/** A number of partitions, a partitioner, or options. */
export type ShuffleOptions<K> =
  | number
  | Partitioner<K>
  | {
      /** Number of partitions, 1 to 4096. */
      readonly numPartitions?: number | undefined;
      /** Partitioner of the keys; by hash if absent. */
      readonly partitioner?: Partitioner<K> | undefined;
      /** A partitioner of other keys is not an options object. */
      readonly getPartition?: undefined;
    };

/** The engine's own partitioner: by the hash of keys, as with a bare number of partitions. */
export class HashPartitioner implements Partitioner<unknown> {
  /** 1 to 4096. */
  readonly numPartitions: number;

  /** @throws BAD_ARGUMENT The number of partitions is not 1 to 4096. */
  constructor(numPartitions: number) {
    this.numPartitions = checkPartitions(numPartitions, "HashPartitioner");
  }

  /** @throws KEY_NOT_COMPARABLE */
  getPartition(key: unknown): number {
    return partitionOf(key, this.numPartitions);
  }

  equals(other: unknown): boolean {
    return other instanceof HashPartitioner && other.numPartitions === this.numPartitions;
  }
}

/** Negative, 0 or positive as `a` comes before, with or after `b`. */
export type Compare<in V> = (a: V, b: V) => number;

/** Makes functions that run on executors shippable, and refuses those that cannot ship. */
export interface Shipping {
  ship(fn: unknown, operator: string): FunctionRef;
  checked(ref: FunctionRef): FunctionRef;
}

/** @throws BAD_ARGUMENT It is a key function, as in Python. */
export function shipCompare(shipping: Pick<Shipping, "ship">, compare: unknown, operator: string): FunctionRef {
  if (typeof compare === "function" && compare.length === 1) {
    throw badArgument(
      `${operator} was given a function of one value. It takes one that compares two, and returns a number below 0 if the first comes first: (a, b) => key(a) - key(b).`,
    );
  }
  return shipping.ship(compare, operator);
}

/** The options of every shuffle. */
export const SHUFFLE_OPTIONS: readonly string[] = ["numPartitions", "partitioner"];

/** @returns `undefined` if the author leaves it to the engine. @throws BAD_ARGUMENT, CAPTURE_NOT_SHIPPABLE */
export function partitioningOf<K>(
  options: ShuffleOptions<K> | undefined,
  operator: string,
  shipping: Pick<Shipping, "checked">,
): Partitioning | undefined {
  if (options === undefined) return undefined;
  if (typeof options === "number") return { kind: "hash", partitions: checkPartitions(options, operator) };
  if (typeof options !== "object" || options === null) {
    throw badArgument(`${operator} takes a number of partitions, a partitioner or options, not ${typeof options}.`);
  }
  if (options.getPartition !== undefined) return placedBy(options, operator, shipping);
  const { numPartitions, partitioner } = checkOptions(options, SHUFFLE_OPTIONS, operator);
  if (partitioner === undefined) {
    return numPartitions === undefined
      ? undefined
      : { kind: "hash", partitions: checkPartitions(numPartitions, operator) };
  }
  if (numPartitions !== undefined && numPartitions !== partitioner.numPartitions) {
    throw badArgument(
      `${operator} was given numPartitions ${numPartitions} and a partitioner of ${partitioner.numPartitions}. Give one of the two.`,
    );
  }
  return placedBy(partitioner, operator, shipping);
}

/** The partitioner of a partitioning: the author's own object, if it came from the author. */
export function partitionerOf(placed: ResolvedPartitioning | undefined): Partitioner<unknown> | undefined {
  if (placed === undefined) return undefined;
  if (placed.kind === "hash") return new HashPartitioner(placed.partitions);
  return placed.partitioner?.given as Partitioner<unknown> | undefined; // made by `shipped` of one
}

function placedBy<K>(partitioner: Partitioner<K>, operator: string, shipping: Pick<Shipping, "checked">): Partitioning {
  if (typeof partitioner?.getPartition !== "function") {
    throw badArgument(
      `the partitioner of ${operator} has no function getPartition. Give an object { numPartitions, getPartition(key) }.`,
    );
  }
  const partitions = checkPartitions(partitioner.numPartitions, `the partitioner of ${operator}`);
  if (partitioner instanceof HashPartitioner) return { kind: "hash", partitions };
  const known = made.get(partitioner) ?? shipped(partitioner);
  made.set(partitioner, known);
  return { kind: "custom", partitions, fn: shipping.checked(known.fn), partitioner: known.partitioner };
}

/** The same partitioner always yields the same function, so that templates and partitionings are recognised. */
const made = new WeakMap<object, { readonly fn: FunctionRef; readonly partitioner: KnownPartitioner }>();

function shipped(partitioner: Partitioner<never>) {
  return {
    fn: placingFunction(partitioner),
    partitioner: {
      given: partitioner,
      place: (key: unknown) => partitioner.getPartition(key as never), // a key of the pairs that it placed
      equals: (other: unknown) => isSame(partitioner, other) || partitioner.equals?.(other) === true,
    },
  };
}

function placingFunction(partitioner: Partitioner<never>): FunctionRef {
  if (placesItself(partitioner)) return partitioner[PLACING]();
  const { equals: _, ...properties } = partitioner;
  const value = isPlain(partitioner) ? properties : partitioner;
  return operators.partitioner.ref(() => [value]);
}

/** A partitioner of the engine, which has an operator for it. */
export interface PlacesItself {
  readonly [PLACING]: () => FunctionRef;
}

function placesItself(partitioner: object): partitioner is PlacesItself {
  return PLACING in partitioner;
}

/** Plain objects are equal if their contents are. */
function isSame(a: object, b: unknown): boolean {
  if (a === b) return true;
  if (typeof b !== "object" || b === null || !isPlain(a) || !isPlain(b)) return false;
  const own = Object.entries(a);
  return own.length === Object.keys(b).length && own.every(([name, value]) => Object.is(value, Reflect.get(b, name)));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
