import { assert, type BackoffRange, backoffPause, type EpochMs, type Rng, type WireError } from "@millrace/base";
import type { PreparedBatch, PreparedOutput } from "@millrace/plan";
import type { BatchEffect, RefusedOutput } from "./batch-events.ts";

export interface CommitSettings {
  /** `task.attempts.max`: attempts to commit an output. At least 1. */
  readonly attemptsMax: number;
  /** `task.retry.delay`: the pause before it is retried. */
  readonly retryDelay: BackoffRange;
  readonly rng: Rng;
}

/**
 * The commit of one batch; `logging` is left out without a log.
 *
 *     logging ─logged─▶ committing ─committed─▶ ended
 *                         ▲      └─ some refused outputs may be retried ─▶ paused
 *                         └──────────────────────── commitDue ──────────────────┘
 */
export interface Commit {
  readonly time: EpochMs;
  readonly prepared: PreparedBatch;
  /** The failure of an output before the commit; the successful ones are committed nevertheless. */
  readonly error: WireError | undefined;
  phase: "logging" | "committing" | "paused";
  attempts: number;
  /** Outputs to retry. */
  again: readonly RefusedOutput[];
  /** Outputs refused for good. */
  readonly refused: RefusedOutput[];
}

/** @param log The log is to know first what was prepared. */
export function startCommit(
  { time, prepared, error }: Pick<Commit, "time" | "prepared" | "error">,
  { log, effects }: { readonly log: boolean; readonly effects: BatchEffect[] },
): Commit {
  const commit: Commit = { time, prepared, error, phase: "logging", attempts: 0, again: [], refused: [] };
  if (log) effects.push({ type: "logPrepared", time, prepared, error });
  else commitOutputs(commit, prepared.outputs, effects);
  return commit;
}

/** The log knows what was prepared. */
export function onPreparedLogged(commit: Commit, effects: BatchEffect[]): void {
  commitOutputs(commit, commit.prepared.outputs, effects);
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
  commitOutputs(
    commit,
    commit.again.map((refused) => refused.prepared),
    effects,
  );
}

function commitOutputs(commit: Commit, outputs: readonly PreparedOutput[], effects: BatchEffect[]): void {
  commit.phase = "committing";
  commit.attempts += 1;
  effects.push({ type: "commit", time: commit.time, outputs });
}

export function discard(time: EpochMs, outputs: readonly PreparedOutput[], effects: BatchEffect[]): void {
  if (outputs.length > 0) effects.push({ type: "discard", time, outputs });
}
