// The entry point for the engine, `@millrace/api/engine`: how its processes build and run a job. Authors do not import it.

export { InlineFunctions, installJobHooks, JobRegistry } from "./function/job-registry.ts";
export {
  type AccumulatorUpdate,
  enterTask,
  leaveTask,
  type TaskInfo,
  TaskScope,
} from "./function/task-context.ts";
export { runAuthorCode } from "./job/author-code.ts";
export { type BuildOptions, buildJob, jobConf } from "./job/build-job.ts";
export type { EngineBatch, EngineEvent } from "./listener/engine-event.ts";
export type { ActionResult, EnginePort } from "./port/engine-port.ts";
export type {
  BatchFailure,
  BatchInputReport,
  BatchOutcome,
  BatchRun,
  Connection,
  FileInput,
  GraphMemory,
  JobGraph,
  RecalledReceived,
} from "./port/graph-port.ts";
export { type AccumulatorHome, executorAccumulator } from "./shared/accumulator.ts";
export { executorBroadcast } from "./shared/broadcast.ts";
export { attachReceiver, type ReceiverPort } from "./source/receiver.ts";
