export type { DataPlane } from "./blocks/data-plane.ts";
export { JobExecutor, type JobExecutorOptions } from "./job-executor.ts";
export { memoryLimit } from "./memory.ts";
export { JobProcess } from "./node/job-process.ts";
export { NodeSupervisor, type NodeSupervisorOptions } from "./node/node-supervisor.ts";
export type { ToJobExecutor } from "./node/process-protocol.ts";
