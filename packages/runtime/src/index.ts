export { SlotThread, type SlotThreadOptions } from "./slot/host.ts";
export type { FromSlot, SlotInit, ToSlot } from "./slot/protocol.ts";
export {
  INLINE_RESULT_BYTES_MAX,
  type ResolvedBroadcast,
  type ResolvedInput,
  type SlotMetrics,
  type SlotResult,
  type SlotTask,
  type StageStart,
  type TaskOutcome,
} from "./task.ts";
