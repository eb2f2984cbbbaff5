// What a job has left in its checkpoint directory, `@millrace/driver/checkpoint`.
export { type ImportedPair, type ImportedState, type ImportRequest, importState } from "./checkpoint/import-state.ts";
export { type CheckpointReport, inspectCheckpoint } from "./checkpoint/inspect.ts";
export { Savepoints } from "./checkpoint/savepoints.ts";
export { type KeyChange, StateData, type StateRow } from "./checkpoint/state-data.ts";
