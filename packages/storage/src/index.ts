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
export { answerProbe, leaveProbe, type ProbedProcess, removeProbe } from "./checkpoint-probe.ts";
export {
  type EmbeddedStore,
  type EmbeddedTable,
  orderedBytes,
  type TableEntry,
} from "./embedded/embedded-store.ts";
export { stateStores } from "./embedded/state-stores.ts";
export { LocalFileSystem, localFileSystems } from "./file-system/local.ts";
export {
  BlockPool,
  type BlockPoolOptions,
  type PoolHandle,
  type PoolSlice,
} from "./pool/block-pool.ts";
export { countKeys } from "./state/count-keys.ts";
export type { Piece } from "./state/cover.ts";
export { stateDeltaMissing } from "./state/errors.ts";
export {
  type GroupRange,
  operatorFolder,
  type SliceName,
  type StatePartition,
  sliceFileName,
} from "./state/file-names.ts";
export { mergeDeltas } from "./state/merge.ts";
export { RowGroupsWriter, type StateCell, type StateRows } from "./state/rows.ts";
export { keysOfSlice, SLICE_BYTES, sliceFrom, sliceRanges } from "./state/slice-ranges.ts";
export type { RowGroupContent } from "./state/state-file.ts";
export { type OpenedPartition, StateFiles } from "./state/state-files.ts";
export type { DeltaLink, OnDamage, RowsTaker } from "./state/walk.ts";
