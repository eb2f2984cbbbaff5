export type { DataPlane } from "./blocks/data-port.ts";
export { JobExecutor } from "./job-executor.ts";
export type { JobExecutorOptions } from "./job-executor-options.ts";
export { InThreadLog, type InThreadLogOptions } from "./received-log/in-thread-log.ts";
export type { OpenReceivedLog, ReceivedLog } from "./received-log/received-log.ts";
export {
  type ExecutorCode,
  type ExecutorSlots,
  type ExecutorThreads,
  workerThreads,
} from "./slots/executor-threads.ts";
export { JobExecutorProcess } from "./supervisor/job-executor-process.ts";
export type { ToJobExecutor } from "./supervisor/process-protocol.ts";
