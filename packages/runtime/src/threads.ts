// The entry point for the process that starts slots: the handle of a slot's thread, and the messages to and from it. It excludes the
// API of jobs and the compiler of stages, which take as long to load as the rest of an executor.

export { ProcessGroups } from "./operator-port/process-groups.ts";
export type { Commands } from "./ports.ts";
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
