import type { EpochMs, Millis } from "@millrace/base";
import type { ResumedSummary } from "@millrace/rpc";
import { missedTicks, type ResumedBatches } from "@millrace/scheduler";

/** From where a job goes on, for operators. @param job.together One batch stands for all ticks that were missed. */
export function resumedSummary(
  { committed, zeroTime, pending, last }: ResumedBatches,
  job: { readonly interval: Millis; readonly together: boolean; readonly now: EpochMs },
): ResumedSummary {
  const { interval, together, now } = job;
  if (zeroTime === undefined)
    return { imported: true, committed: undefined, batches: 0, pending: undefined, missed: 0, together };
  return {
    imported: false,
    committed: committed.last > zeroTime ? committed.last : undefined,
    batches: committed.last > zeroTime ? Math.round((committed.last - zeroTime) / interval) : 0,
    pending: pending && { time: pending.time, prepared: pending.prepared !== undefined },
    missed: missedTicks({ last, interval }, now),
    together,
  };
}
