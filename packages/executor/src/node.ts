// An executor's supervisor, `@millrace/executor/node`.
export { memoryLimit } from "./memory.ts";
export { NodeSupervisor, type NodeSupervisorOptions } from "./node/node-supervisor.ts";
