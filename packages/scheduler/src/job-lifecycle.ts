import {
  assert,
  type EpochMs,
  epochMs,
  errorKind,
  type Millis,
  toWireError,
  unreachable,
  type WireError,
} from "@millrace/base";
import type { JobEffect, JobEvent, JobState } from "./job-events.ts";

export const jobDriverEnded = errorKind("JOB_DRIVER_ENDED", "engine");
export const jobStopped = errorKind("JOB_STOPPED", "user");

export interface JobSettings {
  /** `stop.timeout`: a drain that takes longer becomes an immediate stop. */
  readonly stopTimeout: Millis;
  /** How long a process may take to exit after it was told to, before it is killed. */
  readonly exitGrace: Millis;
}

/**
 * A job as its driver supervisor sees it.
 *
 *     new ─submitted─▶ starting ─built─▶ running ─stopRequested─▶ stopping ──┐
 *                         │                 │                        │       │ driverExited
 *                         └─────────────────┴── driverExited ────────┴───────┴▶ finished | failed | killed
 *
 * Which of the three is settled by the first of: killRequested, or a drain that timed out → killed; `failed`, or an exit
 * that no `finished` announced → failed; `finished`, or an exit with code 0 while stopping → finished. The state an operator
 * sees changes only when the process is gone.
 *
 * It leaves the executors as soon as it told that it ends, or is gone without a word: their processes end with it, and must
 * not be taken for lost.
 *
 * `deadline` is what the timer is for: in "draining" the drain, in "exiting" the exit.
 */
export interface JobLifecycle {
  readonly settings: JobSettings;
  state: JobState | "new";
  phase: "none" | "alive" | "draining" | "exiting" | "killing" | "gone";
  /** How it is going to end. */
  verdict: "finished" | "failed" | "killed" | undefined;
  error: WireError | undefined;
  pid: number | undefined;
  built: boolean;
  onExecutors: boolean;
  submittedAt: EpochMs | undefined;
  endedAt: EpochMs | undefined;
  deadline: EpochMs | undefined;
}

export function jobLifecycle(settings: JobSettings): JobLifecycle {
  return {
    settings,
    state: "new",
    phase: "none",
    verdict: undefined,
    error: undefined,
    pid: undefined,
    built: false,
    onExecutors: false,
    submittedAt: undefined,
    endedAt: undefined,
    deadline: undefined,
  };
}

/** Advances a job by one event. Owns `state`; reads no clock. O(1). */
export function stepJob(state: JobLifecycle, event: JobEvent): readonly JobEffect[] {
  const effects: JobEffect[] = [];
  if (state.phase === "gone") return effects; // late events of a job that ended
  switch (event.type) {
    case "submitted":
      onSubmitted(state, event.at, effects);
      break;
    case "driverStarted":
      state.pid = event.pid;
      break;
    case "built":
      onBuilt(state, effects);
      break;
    case "finished":
      onVerdict(state, "finished", undefined, event.at, effects);
      break;
    case "failed":
      onVerdict(state, "failed", event.error, event.at, effects);
      break;
    case "driverExited":
      onDriverExited(state, event.error, event.at, effects);
      break;
    case "stopRequested":
      onStopRequested(state, event.at, effects);
      break;
    case "killRequested":
      onKillRequested(state, event.at, effects);
      break;
    case "tick":
      onTick(state, event.at, effects);
      break;
    default:
      return unreachable(event);
  }
  return effects;
}

function onSubmitted(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  assert(state.state === "new", "a job is submitted once");
  state.state = "starting";
  state.phase = "alive";
  state.submittedAt = at;
  effects.push({ type: "startDriver" });
}

function onBuilt(state: JobLifecycle, effects: JobEffect[]): void {
  if (state.state === "new" || state.built) return;
  state.built = true;
  state.onExecutors = true;
  effects.push({ type: "startExecutors" });
  if (state.state !== "starting") return; // it is being stopped: `submit` is answered by its end
  state.state = "running";
  effects.push({ type: "accepted" });
}

/** The process told how it ends: it gets a while to exit. */
function onVerdict(
  state: JobLifecycle,
  verdict: "finished" | "failed",
  error: WireError | undefined,
  at: EpochMs,
  effects: JobEffect[],
): void {
  leaveExecutors(state, effects);
  if (state.verdict !== undefined) return; // the first one counts
  state.verdict = verdict;
  state.error = error;
  if (state.phase === "alive" || state.phase === "draining") awaitExit(state, at, effects);
}

function leaveExecutors(state: JobLifecycle, effects: JobEffect[]): void {
  if (!state.onExecutors) return;
  state.onExecutors = false;
  effects.push({ type: "stopExecutors" });
}

function onStopRequested(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  if (state.phase !== "alive") return;
  if (!state.built) {
    onKillRequested(state, at, effects); // there is nothing to drain
    return;
  }
  state.state = "stopping";
  state.phase = "draining";
  effects.push({ type: "drainDriver" });
  setDeadline(state, at, state.settings.stopTimeout, effects);
}

function onKillRequested(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  if (state.phase !== "alive" && state.phase !== "draining") return;
  state.verdict ??= "killed";
  state.state = "stopping";
  effects.push({ type: "stopDriver" });
  awaitExit(state, at, effects);
}

function awaitExit(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  state.phase = "exiting";
  setDeadline(state, at, state.settings.exitGrace, effects);
}

function onTick(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  if (state.deadline === undefined || at < state.deadline) return;
  state.deadline = undefined;
  if (state.phase === "draining") {
    state.error = toWireError(
      jobStopped(
        `the job did not drain within ${state.settings.stopTimeout} ms and is stopped at once: batches that wait are not ` +
          "processed. Raise stop.timeout to give it longer.",
      ),
    );
    onKillRequested(state, at, effects);
  } else if (state.phase === "exiting") {
    state.phase = "killing";
    effects.push({ type: "killDriver" });
  }
}

function onDriverExited(state: JobLifecycle, error: WireError | undefined, at: EpochMs, effects: JobEffect[]): void {
  if (state.state === "new") return;
  settleVerdict(state, error);
  const verdict = state.verdict;
  assert(verdict !== undefined, "an ended job has a verdict");
  state.state = verdict;
  state.phase = "gone";
  state.endedAt = at;
  if (state.deadline !== undefined) effects.push({ type: "cancelWake" });
  state.deadline = undefined;
  leaveExecutors(state, effects);
  if (!state.built) effects.push({ type: "rejected", error: state.error ?? neverRan() });
  effects.push({ type: "ended", state: verdict, error: state.error });
}

function settleVerdict(state: JobLifecycle, error: WireError | undefined): void {
  if (state.verdict !== undefined) return;
  if (error === undefined && state.phase === "draining") {
    state.verdict = "finished";
    return;
  }
  state.verdict = "failed";
  state.error =
    error ??
    toWireError(
      jobDriverEnded(
        "the job's driver process ended with exit code 0 before its batches did. The job is over. " +
          "A call of process.exit in driver code (build, transform, foreachRDD) does this: remove it; " +
          "ssc.stop() ends a job.",
      ),
    );
}

const neverRan = (): WireError =>
  toWireError(jobStopped("the job was stopped before its build was done. Nothing of it ran. Submit it again."));

function setDeadline(state: JobLifecycle, at: EpochMs, after: Millis, effects: JobEffect[]): void {
  state.deadline = epochMs(at + after);
  effects.push({ type: "wakeAt", at: state.deadline });
}

/** Throws when the state is one that correct code cannot reach. For tests and simulation. */
export function checkJobLifecycle(state: JobLifecycle): void {
  const over = state.state === "finished" || state.state === "failed" || state.state === "killed";
  assert(over === (state.phase === "gone"), `a job is ${state.state} while its process is ${state.phase}`);
  assert(!over || (state.verdict === state.state && state.endedAt !== undefined), "an ended job says how and when");
  assert(state.state !== "failed" || state.error !== undefined, "a failed job says why");
  const timed = state.phase === "draining" || state.phase === "exiting";
  assert(timed === (state.deadline !== undefined), `the timer is wrong for a process that is ${state.phase}`);
  assert(state.state !== "running" || state.built, "only a job that was built runs");
  assert(!over || !state.onExecutors, "an ended job runs on no executor");
}
