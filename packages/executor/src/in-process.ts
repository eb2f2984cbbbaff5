// Runs tasks without the threads and sessions of a process: for `testJob`, `@millrace/executor/in-process`.
export { BlockFetcher } from "./blocks/block-fetcher.ts";
export { LocalData } from "./blocks/data-port.ts";
export { Replicator } from "./blocks/replicator.ts";
export type { ExecutorSlots } from "./slots/executor-threads.ts";
export { type Attempt, type AttemptEnd, slotTask } from "./slots/task.ts";
export { TaskRunner } from "./slots/task-runner.ts";
