// For the threads in which a job's functions run. They load the API of jobs; a process that only starts them imports
// `threads.ts`.

export { compileTemplate } from "./compile/program.ts";
export type { StageProgram } from "./compile/stage-program.ts";
export { type FindBroadcast, FunctionTable, type FunctionTableOptions } from "./job/function-table.ts";
export { SlotRuntime } from "./job/slot-runtime.ts";
export type { Cancellation, SlotPorts } from "./ports.ts";
export { threadHeapUse } from "./slot/heap.ts";
export type { SlotOutcome, StageStart } from "./task.ts";
