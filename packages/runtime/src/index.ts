export { compileTemplate } from "./compile/program.ts";
export type { StageProgram } from "./compile/stage-program.ts";
export { type FindBroadcast, FunctionTable, type FunctionTableOptions } from "./job/function-table.ts";
export { SlotRuntime } from "./job/slot-runtime.ts";
export { ProcessGroups } from "./operator-port/process-groups.ts";
export type { Cancellation, Commands, SlotPorts } from "./ports.ts";
export { threadHeapUse } from "./slot/heap.ts";
export type { FromSlot, SlotInit, SlotSetup, ToSlot } from "./slot/protocol.ts";
export { SlotThread, type SlotThreadOptions } from "./slot/slot-thread.ts";
export type {
  ResolvedBroadcast,
  ResolvedInput,
  SlotMapOutcome,
  SlotOutcome,
  SlotResult,
  SlotResultOutcome,
  SlotTask,
  StageStart,
} from "./task.ts";
