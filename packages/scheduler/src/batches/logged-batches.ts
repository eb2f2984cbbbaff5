import { assert, type EpochMs, type ErrorFactory, epochMs, errorKind, unreachable } from "@millrace/base";
import {
  type BatchEntry,
  type BatchInput,
  type BatchLogEntry,
  type CommittedBatches,
  headsAfter,
  type LoggedBatches,
  type PendingBatch,
  type PreparedBatch,
  type RememberedBatch,
} from "@millrace/plan";

const inconsistent: ErrorFactory = errorKind("CHECKPOINT_INCONSISTENT", "environment");

/** How far a log has come. */
export type LoggedPosition = Pick<LoggedBatches, "committed" | "pending" | "received">;

/**
 * The meaning of a log: its entries from a base on. Pure, O(entries).
 *
 * @returns `undefined`: nothing was logged.
 * @throws CHECKPOINT_INCONSISTENT No owner writes its entries like this.
 */
export function recallBatches(entries: Iterable<BatchLogEntry>): LoggedBatches | undefined {
  let base: LoggedBatches | undefined;
  let at: LoggedPosition | undefined;
  let remembered: RememberedBatch[] = [];
  for (const entry of entries) {
    if (entry.kind === "base") {
      ({ base } = entry);
      at = base;
      remembered = [...base.remembered];
      continue;
    }
    const next = at && afterEntry(at, entry);
    if (next === undefined) throw broken(entry, at);
    if (entry.kind === "committed" && at?.pending !== undefined) {
      const { time, inputs, states } = at.pending;
      remembered.push({ time, inputs, states });
    }
    at = next;
  }
  return base && at && { ...base, ...at, remembered };
}

/** @returns `undefined`: the entry cannot follow. */
export function afterEntry(
  { committed, pending, received }: LoggedPosition,
  entry: BatchEntry,
): LoggedPosition | undefined {
  if (entry.kind === "planned") {
    const { time, inputs } = entry.input;
    const { states } = committed;
    const again = pending?.time === time && pending.prepared === undefined;
    if (!again && (pending !== undefined || time <= committed.last)) return undefined;
    const done = pending?.done ?? [];
    return {
      committed,
      pending: { time, inputs, states, prepared: undefined, error: undefined, done },
      received: marksAfter(received, inputs),
    };
  }
  if (pending?.time !== entry.time) return undefined;
  switch (entry.kind) {
    case "prepared":
      return { committed, pending: { ...pending, prepared: entry.prepared }, received };
    case "committed":
      return { committed: afterBatch(committed, entry.time, entry.states), pending: undefined, received };
    case "abandoned": {
      const done = [...pending.done, ...entry.done];
      return { committed, pending: { ...pending, prepared: undefined, error: undefined, done }, received };
    }
    default:
      return unreachable(entry);
  }
}

function marksAfter(before: LoggedBatches["received"], inputs: BatchInput["inputs"]): LoggedBatches["received"] {
  const marks = new Map(before);
  for (const [name, input] of inputs) {
    if (input.kind === "received" && input.through !== undefined) marks.set(name, input.through);
  }
  return marks;
}

/** Another batch is committed. @param states Those that were brought up to it. */
export function afterBatch(
  before: CommittedBatches,
  time: EpochMs,
  states: CommittedBatches["states"],
): CommittedBatches {
  const after = new Map(before.states);
  for (const [name, heads] of states) after.set(name, headsAfter(before.states.get(name), heads, time));
  return { last: time, states: after };
}

/** From where the batches of a job go on. */
export interface ResumedBatches {
  /** `undefined`: there is only imported state, and batches begin as those of a new job, after `last`. */
  readonly zeroTime: EpochMs | undefined;
  /** The newest batch time that was ever planned, or that of the import. */
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
    last: time ?? epochMs(Math.max(committed.last, zeroTime ?? 0)),
    committed,
    pending: time === undefined ? undefined : { time, prepared, error },
  };
}

function broken(entry: BatchEntry, at: LoggedPosition | undefined): Error {
  const time = entry.kind === "planned" ? entry.input.time : entry.time;
  return inconsistent(
    `the batch log of the checkpoint directory has an entry "${entry.kind}" of batch ${time} ${placeOf(entry, at)}. The job is not started, since it could lose or repeat batches. ` +
      "Restore the checkpoint directory from a copy, or start the job with an empty one.",
    { fields: { batch: time, entry: entry.kind } },
  );
}

function placeOf({ kind }: BatchEntry, at: LoggedPosition | undefined): string {
  if (at === undefined) return "before everything else";
  return kind === "planned" ? `after batch ${at.pending?.time ?? at.committed.last}` : "without its plan";
}
