import type { BlockLevel } from "@millrace/plan";

/** Where blocks are kept. Those that end in `_2` have a copy on a second executor, when there is one. */
export type StorageLevel = BlockLevel;

const level = (memory: boolean, disk: boolean, replication: number): StorageLevel =>
  Object.freeze({ memory, disk, replication });

export const StorageLevel = Object.freeze({
  MEMORY_ONLY: level(true, false, 1),
  MEMORY_ONLY_2: level(true, false, 2),
  MEMORY_AND_DISK: level(true, true, 1),
  MEMORY_AND_DISK_2: level(true, true, 2),
  DISK_ONLY: level(false, true, 1),
  DISK_ONLY_2: level(false, true, 2),
});
