import { assert, type BackoffRange, backoffPause, type EpochMs, type Rng, type WireError } from "@millrace/base";
import type { CommittedBatches, PreparedBatch, PreparedOutput } from "@millrace/plan";
import type { BatchEffect, RefusedOutput } from "./batch-events.ts";

export interface CommitSettings {
  /** `task.attempts.max`: attempts to commit an output. At least 1. */
  readonly attemptsMax: number;
  /** `task.retry.delay`: the pause before it is retried. */
  readonly retryDelay: BackoffRange;
  readonly rng: Rng;
}

/**
 * The commit of one batch.
 *
 *     committing ─committed─▶ ended
 *       ▲      └─ some refused outputs may be retried ─▶ paused
 *       └──────────────────────── commitDue ──────────────────────────────┘
 */
export interface Commit {
  readonly time: EpochMs;
  readonly prepared: PreparedBatch;
  /** The failure of an output before the commit; the successful ones are committed nevertheless. */
  readonly error: WireError | undefined;
  phase: "committing" | "paused";
  attempts: number;
  /** Outputs to retry. */
  again: readonly RefusedOutput[];
  /** Outputs refused for good. */
  readonly refused: RefusedOutput[];
}

export function startCommit(
  { time, prepared, error }: Pick<Commit, "time" | "prepared" | "error">,
  effects: BatchEffect[],
): Commit {
  effects.push({ type: "commit", time, outputs: prepared.outputs });
  return { time, prepared, error, phase: "committing", attempts: 1, again: [], refused: [] };
}

/** @param last Retry nothing. @returns True if the commit has ended. */
export function onCommitAnswered(
  commit: Commit,
  refused: readonly RefusedOutput[],
  { settings, last, effects }: { settings: CommitSettings; last: boolean; effects: BatchEffect[] },
): boolean {
  assert(commit.phase === "committing", `the commit of batch ${commit.time} is answered, but it pauses`);
  const mayPass = ({ error }: RefusedOutput): boolean => error.kind?.retry !== "never";
  const again = refused.filter(mayPass);
  commit.refused.push(...refused.filter((output) => !mayPass(output)));
  if (last || again.length === 0 || commit.attempts >= settings.attemptsMax) {
    commit.refused.push(...again);
    return true;
  }
  const delay = backoffPause(settings.retryDelay, commit.attempts, settings.rng);
  commit.again = again;
  commit.phase = "paused";
  if (delay === 0) commitAgain(commit, effects);
  else effects.push({ type: "commitAfter", time: commit.time, delay });
  return false;
}

/** The pause is over. */
export function commitAgain(commit: Commit, effects: BatchEffect[]): void {
  commit.phase = "committing";
  commit.attempts += 1;
  effects.push({ type: "commit", time: commit.time, outputs: commit.again.map((refused) => refused.prepared) });
}

/** The committed state after a batch. */
export function afterCommit(before: CommittedBatches, { time, prepared }: Commit): CommittedBatches {
  const states = new Map(before.states);
  for (const state of prepared.states) states.set(state, time);
  return { last: time, states };
}

export function discard(time: EpochMs, outputs: readonly PreparedOutput[], effects: BatchEffect[]): void {
  if (outputs.length > 0) effects.push({ type: "discard", time, outputs });
}
