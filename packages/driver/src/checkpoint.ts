// What a job has left in its checkpoint directory, `@millrace/driver/checkpoint`.
export { type CheckpointReport, inspectCheckpoint } from "./checkpoint/inspect.ts";
export { Savepoints } from "./checkpoint/savepoints.ts";
export { type KeyChange, StateData, type StateRow } from "./checkpoint/state-data.ts";
