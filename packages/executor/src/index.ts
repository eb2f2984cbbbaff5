export type { DataPlane } from "./blocks/data-port.ts";
export { JobExecutor, type JobExecutorOptions } from "./job-executor.ts";
export { JobExecutorProcess } from "./node/job-executor-process.ts";
export type { ToJobExecutor } from "./node/process-protocol.ts";
export {
  type ExecutorCode,
  type ExecutorSlots,
  type ExecutorThreads,
  workerThreads,
} from "./slots/executor-threads.ts";
