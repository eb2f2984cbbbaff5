export type { DataPlane } from "./blocks/data-port.ts";
export { JobExecutor, type JobExecutorOptions } from "./job-executor.ts";
export {
  type ExecutorCode,
  type ExecutorSlots,
  type ExecutorThreads,
  workerThreads,
} from "./slots/executor-threads.ts";
export { JobExecutorProcess } from "./supervisor/job-executor-process.ts";
export type { ToJobExecutor } from "./supervisor/process-protocol.ts";
