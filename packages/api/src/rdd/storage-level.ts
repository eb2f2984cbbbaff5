import { badArgument } from "../errors.ts";

/** The place where blocks are kept: one of the levels of {@link StorageLevel | the constant of this name}. */
export interface StorageLevel {
  /** Keep blocks in the memory pool of an executor. */
  readonly memory: boolean;
  /** Keep blocks on the disk of an executor if they are not, or cannot be, in memory. */
  readonly disk: boolean;
  /** The number of executors with a copy, if there are that many. */
  readonly replication: number;
}

const level = (memory: boolean, disk: boolean, replication: number): StorageLevel =>
  Object.freeze({ memory, disk, replication });

/** The storage levels. At every level blocks are bytes, outside of any JavaScript heap. */
export const StorageLevel = Object.freeze({
  /** Blocks that do not fit are dropped and recomputed when needed; received blocks are spilled to disk instead. */
  MEMORY_ONLY: level(true, false, 1),
  /** Like `MEMORY_ONLY`, with a copy on a second executor if there is one. */
  MEMORY_ONLY_2: level(true, false, 2),
  /** Blocks that do not fit are spilled to disk. */
  MEMORY_AND_DISK: level(true, true, 1),
  /** Like `MEMORY_AND_DISK`, with a copy on a second executor if there is one. */
  MEMORY_AND_DISK_2: level(true, true, 2),
  /** Blocks are kept on disk only. */
  DISK_ONLY: level(false, true, 1),
  /** Like `DISK_ONLY`, with a copy on a second executor if there is one. */
  DISK_ONLY_2: level(false, true, 2),
});

/** @throws BAD_ARGUMENT */
export function checkLevel(given: unknown, operator: string): void {
  if (Object.values<unknown>(StorageLevel).includes(given)) return;
  const names = Object.keys(StorageLevel).map((name) => `StorageLevel.${name}`);
  throw badArgument(`${operator} takes a storage level: ${names.join(", ")}.`);
}
