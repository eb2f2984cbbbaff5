export { BlockBuilder, freeSlices, type Reservation } from "./block/block-builder.ts";
export {
  type BlockHandle,
  blockLost,
  EMPTY_BLOCK,
  type FileBlock,
  handleBytes,
  type MemoryBlock,
  type MixedBlock,
  partsOf,
  readHandle,
} from "./block/block-handle.ts";
export {
  BlockStore,
  type BlockStoreOptions,
  type Keep,
  type Pin,
  type StoreUsage,
  storeFull,
} from "./block/block-store.ts";
export { SpillDirectory, SpillFile, type SpillRange } from "./block/spill-file.ts";
export { LocalFileSystem, localFileSystems } from "./file-system/local.ts";
export {
  BlockPool,
  type BlockPoolOptions,
  type PoolHandle,
  type PoolSlice,
  poolNotCreated,
} from "./pool/block-pool.ts";
export { checkPool } from "./pool/check-pool.ts";
export { type StateDelta, type StateSnapshot, stateDeltaCorrupt, stateDeltaForeign } from "./state-log/delta-file.ts";
export {
  type DeltaContent,
  type SnapshotContent,
  StateLog,
  type StateLogOptions,
  type StatePart,
  type StatePartition,
  stateDeltaMissing,
} from "./state-log/state-log.ts";
