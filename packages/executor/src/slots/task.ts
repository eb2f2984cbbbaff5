import type { EngineError } from "@millrace/base";
import type { LaunchTask, StageRunId, TaskKey } from "@millrace/plan";
import type { ResolvedInput, SlotOutcome, SlotTask, StageStart } from "@millrace/runtime/threads";
import type { PinnedBlock } from "../blocks/block-fetcher.ts";

/** The end of an attempt, as reported by its slot. */
export type AttemptEnd =
  | { readonly kind: "outcome"; readonly outcome: SlotOutcome }
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
  readonly held: PinnedBlock[];
  state: "resolving" | "waiting" | "running" | "ended";
  cancelled: boolean;
}

/** Runs attempts: on the slot threads of this process, or in the thread of a test. */
export interface TaskSlots {
  startStage(stage: StageStart): void;
  endStage(run: StageRunId): void;
  /** Runs the attempt when its slot is free. */
  submit(attempt: Attempt): void;
  /** A queued attempt is removed, which returns `true`; a running one is asked to stop. */
  cancel(attempt: Attempt): boolean;
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

/** The message to a slot for an attempt whose inputs are all available. */
export function slotTask(attempt: Attempt): SlotTask {
  return { ...attempt.task, inputs: attempt.inputs };
}
