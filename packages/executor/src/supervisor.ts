// The executor supervisor, `@millrace/executor/supervisor`.
export { memoryLimit } from "./memory.ts";
export { ExecutorSupervisor, type ExecutorSupervisorOptions } from "./supervisor/executor-supervisor.ts";
