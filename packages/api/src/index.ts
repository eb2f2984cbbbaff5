export { type BuildOptions, buildJob } from "./build-job.ts";
export type { ActionResult, DriverFiles, EnginePort, FileEntry } from "./engine-port.ts";
export type { BatchInput, BatchOutcome, JobGraph, OutputInfo } from "./graph-port.ts";
export { type Accumulator, executorAccumulator } from "./accumulator.ts";
export { type Broadcast, executorBroadcast } from "./broadcast.ts";
export { type AccumulatorKind, enterTask, leaveTask, TaskContext, TaskScope } from "./task-context.ts";
