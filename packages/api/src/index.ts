export { type BuildOptions, buildJob } from "./build-job.ts";
export type { ActionResult, DriverFiles, EnginePort, FileEntry } from "./engine-port.ts";
export type { BatchInput, BatchOutcome, JobGraph, OutputInfo } from "./graph-port.ts";
