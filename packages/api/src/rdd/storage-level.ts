import { badArgument } from "../errors.ts";

/** Where blocks are kept: one of the levels of {@link StorageLevel | the constant of this name}. */
export interface StorageLevel {
  /** In the block pool of an executor. */
  readonly memory: boolean;
  /** On an executor's disk, where there is no memory or no room in it. */
  readonly disk: boolean;
  /** Executors that have a copy, as far as there are so many. */
  readonly replication: number;
}

const level = (memory: boolean, disk: boolean, replication: number): StorageLevel =>
  Object.freeze({ memory, disk, replication });

/** The storage levels there are. Blocks are bytes outside of any heap in all of them. */
export const StorageLevel = Object.freeze({
  /** What does not fit is left out, and computed again when it is needed; what a receiver stored goes to disk. */
  MEMORY_ONLY: level(true, false, 1),
  /** As `MEMORY_ONLY`, with a copy on a second executor, when there is one. */
  MEMORY_ONLY_2: level(true, false, 2),
  /** What does not fit goes to disk. */
  MEMORY_AND_DISK: level(true, true, 1),
  /** As `MEMORY_AND_DISK`, with a copy on a second executor, when there is one. */
  MEMORY_AND_DISK_2: level(true, true, 2),
  /** On disk alone. */
  DISK_ONLY: level(false, true, 1),
  /** As `DISK_ONLY`, with a copy on a second executor, when there is one. */
  DISK_ONLY_2: level(false, true, 2),
});

/** @throws BAD_ARGUMENT */
export function checkLevel(given: unknown, operator: string): void {
  if (Object.values<unknown>(StorageLevel).includes(given)) return;
  const names = Object.keys(StorageLevel).map((name) => `StorageLevel.${name}`);
  throw badArgument(`${operator} takes a storage level: ${names.join(", ")}.`);
}
