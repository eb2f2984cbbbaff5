import { partitionOf } from "@millrace/codec";

/** Places keys. Pairs of equal partitioners are placed alike. */
export interface Partitioner {
  readonly numPartitions: number;
  readonly getPartition: (key: never) => number;
}

/** A number of partitions, or options, as the API takes them. */
export type ShuffleOptions = number | { readonly numPartitions?: number; readonly partitioner?: Partitioner };

const hashPartitioners = new Map<number, Partitioner>();

/** By the hash that the engine's formats specify. */
export function hashPartitioner(numPartitions: number): Partitioner {
  const known = hashPartitioners.get(numPartitions);
  if (known !== undefined) return known;
  const made = { numPartitions, getPartition: (key: unknown) => partitionOf(key, numPartitions) };
  hashPartitioners.set(numPartitions, made);
  return made;
}

export function chosenPartitioner(options: ShuffleOptions | undefined, otherwise: () => Partitioner): Partitioner {
  if (options === undefined) return otherwise();
  if (typeof options === "number") return hashPartitioner(options);
  if (options.partitioner !== undefined) return options.partitioner;
  return options.numPartitions === undefined ? otherwise() : hashPartitioner(options.numPartitions);
}
