import type { EngineError } from "@millrace/base";
import type { LaunchTask, TaskKey } from "@millrace/rpc";
import type { ResolvedInput, TaskOutcome } from "@millrace/runtime";
import type { HeldBlock } from "../blocks/block-fetcher.ts";

/** What became of an attempt, as the slot or its end tell it. */
export type AttemptEnd =
  | { readonly kind: "outcome"; readonly outcome: TaskOutcome }
  /** Its thread died. */
  | { readonly kind: "lost"; readonly error: EngineError };

/**
 * One attempt on this executor.
 *
 *     resolving (inputs on their way) ─▶ waiting (for a slot) ─▶ running ─▶ ended
 *         └─────────────────────────────────┴── cancelled ──────────────────▲
 */
export interface Attempt {
  readonly task: LaunchTask;
  readonly inputs: ResolvedInput[];
  /** Released when the attempt has ended. */
  readonly held: HeldBlock[];
  state: "resolving" | "waiting" | "running" | "ended";
  cancelled: boolean;
}

export const newAttempt = (task: LaunchTask): Attempt => ({
  task,
  inputs: [],
  held: [],
  state: "resolving",
  cancelled: false,
});

export const attemptName = (key: TaskKey): string => `${key.run}/${key.partition}/${key.attempt}`;

export function releaseHeld(attempt: Attempt): void {
  for (const block of attempt.held.splice(0)) block.release();
}
