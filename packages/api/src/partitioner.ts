import { partitionOf } from "@millrace/codec";
import { type FunctionRef, operators } from "@millrace/operators";
import type { KnownPartitioner, Partitioning, ResolvedPartitioning } from "@millrace/plan";
import { badArgument } from "./errors.ts";
import { RangePartitioner } from "./range-partitioner.ts";
import { checkPartitions } from "./steps.ts";

/**
 * Places pairs: a whole number in [0, numPartitions) for each key. Sent to executors by value: a plain object, or an
 * instance of a class of the job.
 *
 * RDDs that were placed by the same partitioner, or by equal ones, are joined and combined without a shuffle.
 */
export interface Partitioner<in K = never> {
  /** 1 to 4096. */
  readonly numPartitions: number;
  /** The partition of a key, from 0. Called on executors, and on the driver by `lookup`. */
  readonly getPartition: (key: K) => number;
  /** Whether another partitioner places every key as this one does. Called on the driver. */
  readonly equals?: (other: unknown) => boolean;
}

/** A number of partitions, a partitioner, or options. */
export type ShuffleOptions<K> =
  | number
  | Partitioner<K>
  | {
      /** How many partitions there shall be, 1 to 4096. */
      readonly numPartitions?: number | undefined;
      /** Where each key goes; by its hash if this is left out. */
      readonly partitioner?: Partitioner<K> | undefined;
      /** A partitioner of other keys is no options. */
      readonly getPartition?: undefined;
    };

/** The engine's own placement: by the hash of keys, the same as a number of partitions alone gives. */
export class HashPartitioner implements Partitioner<unknown> {
  /** 1 to 4096. */
  readonly numPartitions: number;

  /** @throws BAD_ARGUMENT Not 1 to 4096 partitions. */
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

/** Turns what runs on executors into what ships, and refuses what cannot. */
export interface CaptureCheck {
  checked(ref: FunctionRef): FunctionRef;
}

/** @returns `undefined` when the author leaves it to the engine. @throws BAD_ARGUMENT, CAPTURE_NOT_SHIPPABLE */
export function partitioningOf<K>(
  options: ShuffleOptions<K> | undefined,
  operator: string,
  context: CaptureCheck,
): Partitioning | undefined {
  if (options === undefined) return undefined;
  if (typeof options === "number") return { kind: "hash", partitions: checkPartitions(options, operator) };
  if (typeof options !== "object" || options === null) {
    throw badArgument(`${operator} takes a number of partitions, a partitioner or options, not ${typeof options}.`);
  }
  if (options.getPartition !== undefined) return placedBy(options, operator, context);
  const { numPartitions, partitioner } = options;
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
  return placedBy(partitioner, operator, context);
}

/** The partitioner of a placement: what the author gave, where it is one of the author. */
export function partitionerOf(placed: ResolvedPartitioning | undefined): Partitioner<unknown> | undefined {
  if (placed === undefined) return undefined;
  if (placed.kind === "hash") return new HashPartitioner(placed.partitions);
  return placed.partitioner?.given as Partitioner<unknown> | undefined; // made by `shipped` of one
}

function placedBy<K>(partitioner: Partitioner<K>, operator: string, context: CaptureCheck): Partitioning {
  if (typeof partitioner?.getPartition !== "function") {
    throw badArgument(
      `the partitioner of ${operator} has no function getPartition. Give an object { numPartitions, getPartition(key) }.`,
    );
  }
  const partitions = checkPartitions(partitioner.numPartitions, `the partitioner of ${operator}`);
  if (partitioner instanceof HashPartitioner) return { kind: "hash", partitions };
  const known = made.get(partitioner) ?? shipped(partitioner);
  made.set(partitioner, known);
  return { kind: "custom", partitions, fn: context.checked(known.fn), partitioner: known.partitioner };
}

/** The same partitioner always gives the same function, so that templates and placements are recognised. */
const made = new WeakMap<object, { readonly fn: FunctionRef; readonly partitioner: KnownPartitioner }>();

function shipped(partitioner: Partitioner<never>) {
  return {
    fn: partitioner instanceof RangePartitioner ? rangeFunction(partitioner) : placingFunction(partitioner),
    partitioner: {
      given: partitioner,
      place: (key: unknown) => partitioner.getPartition(key as never), // a key of the pairs that it placed
      equals: (other: unknown) => isSame(partitioner, other) || partitioner.equals?.(other) === true,
    },
  };
}

function placingFunction(partitioner: Partitioner<never>): FunctionRef {
  const { equals: _, ...properties } = partitioner;
  const value = isPlain(partitioner) ? properties : partitioner;
  return operators.partitioner.ref(() => [value]);
}

function rangeFunction({ bounds, descending, compare }: Omit<RangePartitioner<unknown>, "equals">): FunctionRef {
  return operators.rangePartition.ref(() => [bounds, descending, compare]);
}

/** Plain objects are alike when all they hold is. */
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
