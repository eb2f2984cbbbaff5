// A job's code in the thread of a test, for clusters that tests build out of the engine's own parts: `@millrace/testing/in-process`.
export { InThreadSlots, type InThreadSlotsOptions } from "./job/in-thread-slots.ts";
export { type LoadedJob, loadInline } from "./job/load-job.ts";
