// Drives batches and tasks without the threads and sessions of a process: for `testJob`, `@millrace/driver/in-process`.
export { toWireOutcome } from "./job/batch-failure.ts";
export { BatchShell } from "./job/batch-shell.ts";
export { commitOutputs, discardOutputs } from "./job/commit-outputs.ts";
export { DriverBlocks } from "./job/driver-blocks.ts";
export type { JobDriverEvent } from "./job/events.ts";
export { JobDriver, type JobDriverOptions } from "./job/job-driver.ts";
export { type TaskOutlet, TaskShell } from "./job/task-shell.ts";
export { BatchJournal } from "./job/thread/batch-journal.ts";
export { JobThreadBody } from "./job/thread/body.ts";
export type { JobThread, JobThreadHandlers, JobThreadOptions, OpenJobThread } from "./job/thread/job-thread.ts";
export type { FromJobThread, ToJobThread } from "./job/thread/protocol.ts";
