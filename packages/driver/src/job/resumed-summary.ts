import type { EpochMs } from "@millrace/base";
import type { ResumedSummary } from "@millrace/rpc";
import type { ResumedBatches } from "@millrace/scheduler";

/** From where a job goes on, for operators. */
export function resumedSummary(
  { committed, zeroTime, pending, last }: ResumedBatches,
  intervalMs: number,
  now: EpochMs,
): ResumedSummary {
  return {
    committed: committed.last > zeroTime ? committed.last : undefined,
    batches: committed.last > zeroTime ? Math.round((committed.last - zeroTime) / intervalMs) : 0,
    pending: pending && { time: pending.time, prepared: pending.prepared !== undefined },
    missed: Math.max(0, Math.floor((now - last) / intervalMs)),
  };
}
