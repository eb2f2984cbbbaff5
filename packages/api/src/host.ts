// What the processes that run a job need of this package, and its author never sees: `@millrace/api/host`.
export { type AccumulatorHome, executorAccumulator } from "./accumulator.ts";
export { runAuthorCode } from "./author-code.ts";
export { executorBroadcast } from "./broadcast.ts";
export { type BuildOptions, buildJob, jobConf } from "./build-job.ts";
export { asJob } from "./define-job.ts";
export type { ActionResult, EnginePort } from "./engine-port.ts";
export type { ReferenceTag } from "./function/capture-encoder.ts";
export { InlineFunctions, installJobHooks, JobRegistry } from "./function/job-registry.ts";
export type {
  BatchFailure,
  BatchInputReport,
  BatchOutcome,
  BatchRun,
  FileInput,
  JobGraph,
  OutputInfo,
} from "./graph-port.ts";
export type { EngineBatch, EngineEvent } from "./listener/engine-event.ts";
export { formatPrint, formatRecord } from "./output/print.ts";
export { discardFiles, publishFiles } from "./output/staged-files.ts";
export { attachReceiver, type ReceiverPort } from "./receiver.ts";
export {
  type AccumulatorUpdate,
  enterTask,
  leaveTask,
  type TaskInfo,
  TaskScope,
} from "./task-context.ts";
