// What drives batches and tasks, without the threads and sessions of a process: for `testJob`, `@millrace/driver/in-process`.
export { reportOf } from "./job/batch-failure.ts";
export { BatchShell } from "./job/batch-shell.ts";
export { commitOutputs, discardOutputs } from "./job/commit-outputs.ts";
export { DriverBlocks } from "./job/driver-blocks.ts";
export { type TaskOutlet, TaskShell } from "./job/task-shell.ts";
