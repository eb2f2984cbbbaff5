export { BlockBuilder, freeSlices, type Reservation } from "./block/block-builder.ts";
export {
  type BlockHandle,
  blockLost,
  type FileBlock,
  handleBytes,
  type MemoryBlock,
  partsOf,
  readHandle,
} from "./block/block-handle.ts";
export {
  BlockStore,
  type BlockStoreOptions,
  type Keep,
  type Pin,
  type StoreUsage,
} from "./block/block-store.ts";
export { SpillDirectory, SpillFile, type SpillRange } from "./block/spill-file.ts";
export { LocalFileSystem, localFileSystems } from "./file-system/local.ts";
export {
  BlockPool,
  type BlockPoolOptions,
  type PoolHandle,
  type PoolSlice,
} from "./pool/block-pool.ts";

export type { StateDelta, StateSnapshot } from "./state-log/delta-file.ts";
export {
  type DeltaContent,
  type SnapshotContent,
  StateLog,
  type StateLogOptions,
  type StatePart,
  type StatePartition,
  stateDeltaMissing,
} from "./state-log/state-log.ts";
