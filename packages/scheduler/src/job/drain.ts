import { assert, type Millis, unreachable } from "@millrace/base";
import type { CutReason } from "./job-end.ts";

export interface DrainSettings {
  /** `stop.timeout`: a drain that takes longer is cut off. */
  readonly timeout: Millis;
  /** How long a drain waits for an executor when there is none: one that was lost may come back. */
  readonly alone: Millis;
}

/** What happens while a job comes to its end. `at`: monotonic milliseconds. */
export type DrainEvent =
  /** A graceful stop was asked for; or every batch is over, and only receivers have not stopped. */
  | { readonly type: "drain"; readonly at: number }
  | { readonly type: "cut"; readonly reason: CutReason }
  /** So many executors are ready. */
  | { readonly type: "executors"; readonly ready: number; readonly at: number }
  | { readonly type: "batchesOver" }
  /** The timer asked for by `wakeAt` fired; early and late ones do no harm. */
  | { readonly type: "tick"; readonly at: number };

export type DrainEffect =
  | { readonly type: "stopBatches" }
  /** `stopNow`. `reason` says why, for {@link endOfJob}. */
  | { readonly type: "cutBatches"; readonly reason: CutReason }
  /** Replaces the timer asked for before. */
  | { readonly type: "wakeAt"; readonly at: number }
  | { readonly type: "cancelWake" };

/**
 * The end of a job's batches, as its driver process decides it. Nobody else has a timer for the drain: what is ended at
 * once, and why, is decided here alone.
 *
 *     running ─drain─▶ draining ─batchesOver─▶ over
 *        │                │                     ▲
 *        └──── cut ───────┴─ cut, timeout, ─────┘
 *                            alone for too long
 */
export interface Drain {
  readonly settings: DrainSettings;
  mode: "running" | "draining" | "over";
  executors: number;
  /** When the drain has to be over. */
  deadline: number | undefined;
  /** When it is given up for want of an executor. */
  aloneUntil: number | undefined;
}

export function drain(settings: DrainSettings, executors: number): Drain {
  return { settings, mode: "running", executors, deadline: undefined, aloneUntil: undefined };
}

/** Advances a drain by one event. Owns `state`; reads no clock. O(1). */
export function stepDrain(state: Drain, event: DrainEvent): readonly DrainEffect[] {
  const effects: DrainEffect[] = [];
  if (event.type === "executors") state.executors = event.ready;
  if (state.mode === "over") return effects;
  switch (event.type) {
    case "drain":
      if (state.mode === "draining") return effects;
      state.mode = "draining";
      state.deadline = event.at + state.settings.timeout;
      watchAlone(state, event.at);
      effects.push({ type: "stopBatches" });
      break;
    case "cut":
      return cut(state, event.reason, effects);
    case "executors":
      if (state.mode === "running") return effects;
      watchAlone(state, event.at);
      break;
    case "batchesOver":
      return end(state, effects);
    case "tick": {
      const reason = due(state, event.at);
      if (reason !== undefined) return cut(state, reason, effects);
      break;
    }
    default:
      return unreachable(event);
  }
  const at = Math.min(state.deadline ?? Number.POSITIVE_INFINITY, state.aloneUntil ?? Number.POSITIVE_INFINITY);
  if (at < Number.POSITIVE_INFINITY) effects.push({ type: "wakeAt", at });
  return effects;
}

/** How much of `stop.timeout` is left for code of the job that is told of the end; all of it when nobody asked to stop. */
export function drainTimeLeft(state: Drain, at: number): number {
  return state.deadline === undefined ? state.settings.timeout : Math.max(0, state.deadline - at);
}

function watchAlone(state: Drain, at: number): void {
  if (state.executors > 0) state.aloneUntil = undefined;
  else state.aloneUntil ??= at + state.settings.alone;
}

function due(state: Drain, at: number): CutReason | undefined {
  const { timeout, alone } = state.settings;
  if (state.deadline !== undefined && at >= state.deadline) return { kind: "timeout", limit: timeout };
  if (state.aloneUntil !== undefined && at >= state.aloneUntil) return { kind: "alone", limit: alone };
  return undefined;
}

function cut(state: Drain, reason: CutReason, effects: DrainEffect[]): DrainEffect[] {
  end(state, effects);
  effects.push({ type: "cutBatches", reason });
  return effects;
}

function end(state: Drain, effects: DrainEffect[]): DrainEffect[] {
  if (state.mode === "draining") effects.push({ type: "cancelWake" });
  state.mode = "over";
  state.aloneUntil = undefined;
  return effects;
}

/** Throws when the state is one that correct code cannot reach. For tests and simulation. */
export function checkDrain(state: Drain): void {
  assert(state.mode !== "draining" || state.deadline !== undefined, "a drain has a limit");
  assert(
    state.aloneUntil === undefined || state.executors === 0,
    "a drain waits for an executor only while there is none",
  );
}
