import { assert, type EpochMs, type ErrorFactory, errorKind, unreachable } from "@millrace/base";
import type {
  BatchLogEntry,
  CommittedBatches,
  LoggedBatches,
  OutputInfo,
  PendingBatch,
  PreparedBatch,
  RememberedBatch,
} from "@millrace/plan";

const inconsistent: ErrorFactory = errorKind("CHECKPOINT_INCONSISTENT", "environment");

/**
 * The meaning of a log: its entries from a base on. Pure, O(entries).
 *
 * @returns `undefined`: nothing was logged.
 * @throws CHECKPOINT_INCONSISTENT No owner writes its entries like this.
 */
export function recallBatches(entries: Iterable<BatchLogEntry>): LoggedBatches | undefined {
  let base: LoggedBatches | undefined;
  let committed: CommittedBatches | undefined;
  let pending: PendingBatch | undefined;
  let remembered: RememberedBatch[] = [];
  for (const entry of entries) {
    if (entry.kind === "base") {
      ({ base } = entry);
      ({ committed, pending } = base);
      remembered = [...base.remembered];
      continue;
    }
    if (committed === undefined) throw broken(entry, "before everything else");
    switch (entry.kind) {
      case "planned": {
        const { time, inputs } = entry.input;
        const again = pending?.time === time && pending.prepared === undefined;
        if (!again && (pending !== undefined || time <= committed.last))
          throw broken(entry, `after batch ${pending?.time ?? committed.last}`);
        pending = {
          time,
          inputs,
          states: committed.states,
          prepared: undefined,
          error: undefined,
          done: pending?.done ?? [],
        };
        break;
      }
      case "prepared":
        if (pending?.time !== entry.time) throw broken(entry, "without its plan");
        pending = { ...pending, prepared: entry.prepared };
        break;
      case "committed": {
        if (pending?.time !== entry.time) throw broken(entry, "without its plan");
        const { time, inputs, states } = pending;
        remembered.push({ time, inputs, states });
        committed = afterBatch(committed, entry.time, entry.states);
        pending = undefined;
        break;
      }
      case "abandoned":
        if (pending?.time !== entry.time) throw broken(entry, "without its plan");
        pending = abandoned(pending, entry.done);
        break;
      default:
        return unreachable(entry);
    }
  }
  return base && committed && { ...base, committed, pending, remembered };
}

/** Another batch is committed. @param states The names of those that were brought up to it. */
export function afterBatch(before: CommittedBatches, time: EpochMs, states: readonly string[]): CommittedBatches {
  const versions = new Map(before.states);
  for (const state of states) versions.set(state, time);
  return { last: time, states: versions };
}

/** The batch is to run again, without outputs that are committed. */
export function abandoned(batch: PendingBatch, done: readonly OutputInfo[]): PendingBatch {
  return { ...batch, prepared: undefined, error: undefined, done: [...batch.done, ...done] };
}

/** From where the batches of a job go on. */
export interface ResumedBatches {
  readonly zeroTime: EpochMs;
  /** The newest batch time that was ever planned. */
  readonly last: EpochMs;
  readonly committed: CommittedBatches;
  /** The batch `last` is not committed: it runs again, or, if it is `prepared`, its commit is finished. */
  readonly pending:
    | { readonly time: EpochMs; readonly prepared: PreparedBatch | undefined; readonly error: PendingBatch["error"] }
    | undefined;
}

export function resumedBatches({ zeroTime, committed, pending }: LoggedBatches): ResumedBatches {
  assert(pending === undefined || pending.time > committed.last, "the pending batch comes after those committed");
  const { time, prepared, error } = pending ?? {};
  return {
    zeroTime,
    last: time ?? (committed.last > zeroTime ? committed.last : zeroTime),
    committed,
    pending: time === undefined ? undefined : { time, prepared, error },
  };
}

function broken(entry: Exclude<BatchLogEntry, { readonly kind: "base" }>, where: string): Error {
  const time = entry.kind === "planned" ? entry.input.time : entry.time;
  return inconsistent(
    `the batch log of the checkpoint directory has an entry "${entry.kind}" of batch ${time} ${where}. The job is not started, since it could lose or repeat batches. ` +
      "Restore the checkpoint directory from a copy, or start the job with an empty one.",
    { fields: { batch: time, entry: entry.kind } },
  );
}
