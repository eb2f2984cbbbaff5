import {
  assert,
  type EpochMs,
  type ErrorFactory,
  epochMs,
  errorKind,
  formatDuration,
  type Millis,
  millis,
  toWireError,
  unreachable,
  type WireError,
} from "@millrace/base";
import { type CutReason, type JobEnd, jobStopped } from "../job/job-end.ts";
import type { JobEffect, JobEvent, JobState } from "./job-events.ts";

const jobDriverEnded: ErrorFactory = errorKind("JOB_DRIVER_ENDED", "engine");

export interface JobSettings {
  /** Time added to `stop.timeout`, which the job's own driver process enforces: a process still running after it hangs. */
  readonly overrun: Millis;
  /** The time for a process to exit when told to, before it is killed. */
  readonly exitGrace: Millis;
}

/**
 * A job as its driver supervisor sees it.
 *
 *     new ─submitted─▶ starting ─built─▶ running ─stopRequested─▶ stopping ──┐
 *                         │                 │                        │       │ driverExited
 *                         └─────────────────┴── driverExited ────────┴───────┴▶ finished | failed | killed
 *
 * The process reports which of the three in `ending`, since only it knows what it has discarded. If it exits without a
 * report, the job counts as killed if it was told to end at once, and as failed otherwise. Operators see a new state
 * only when the process is gone.
 *
 * A job leaves the executors as soon as it reports its end or its process is gone: their processes end with it and must
 * not count as lost.
 *
 * `deadline` is the time of the timer: it limits the drain in "draining" and the exit in "exiting".
 */
export interface JobLifecycle {
  readonly settings: JobSettings;
  state: JobState | "new";
  phase: "none" | "alive" | "draining" | "exiting" | "killing" | "gone";
  /** The end that its process has reported. */
  verdict: JobEnd["state"] | undefined;
  error: WireError | undefined;
  /** The reason why it was told to end at once. */
  killed: CutReason | undefined;
  /** The limit of a drain; 0 until it is built. */
  stopTimeout: Millis;
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
    killed: undefined,
    stopTimeout: millis(0),
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
  if (state.phase === "gone") return effects; // late events of a job that has ended
  switch (event.type) {
    case "submitted":
      onSubmitted(state, event.at, effects);
      break;
    case "driverStarted":
      state.pid = event.pid;
      break;
    case "built":
      onBuilt(state, event.stopTimeout, effects);
      break;
    case "ending":
      onEnding(state, event.end, event.at, effects);
      break;
    case "driverExited":
      onDriverExited(state, event.error, event.at, effects);
      break;
    case "stopRequested":
      onStopRequested(state, event.at, effects);
      break;
    case "killRequested":
      onKillRequested(state, event.reason, event.at, effects);
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

function onBuilt(state: JobLifecycle, stopTimeout: Millis, effects: JobEffect[]): void {
  if (state.state === "new" || state.built) return;
  state.stopTimeout = stopTimeout;
  state.built = true;
  state.onExecutors = true;
  effects.push({ type: "startExecutors" });
  if (state.state !== "starting") return; // it is being stopped: its end answers `submit`
  state.state = "running";
  effects.push({ type: "accepted" });
}

/** The process has reported its end and gets some time to exit. */
function onEnding(state: JobLifecycle, end: JobEnd, at: EpochMs, effects: JobEffect[]): void {
  leaveExecutors(state, effects);
  if (state.verdict !== undefined) return; // the first one counts
  state.verdict = end.state;
  state.error = end.state === "finished" ? undefined : end.error;
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
    onKillRequested(state, { kind: "operator" }, at, effects); // there is nothing to drain
    return;
  }
  state.state = "stopping";
  state.phase = "draining";
  effects.push({ type: "drainDriver" });
  setDeadline(state, at, millis(state.stopTimeout + state.settings.overrun), effects);
}

function onKillRequested(state: JobLifecycle, reason: CutReason, at: EpochMs, effects: JobEffect[]): void {
  if (state.phase !== "alive" && state.phase !== "draining") return;
  state.killed = reason;
  state.state = "stopping";
  effects.push({ type: "stopDriver", reason });
  awaitExit(state, at, effects);
}

function awaitExit(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  state.phase = "exiting";
  setDeadline(state, at, state.settings.exitGrace, effects);
}

function onTick(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  if (state.deadline === undefined) return;
  if (at < state.deadline) {
    effects.push({ type: "wakeAt", at: state.deadline }); // timers may fire a millisecond early
    return;
  }
  state.deadline = undefined;
  if (state.phase === "draining") {
    onKillRequested(state, { kind: "timeout", limit: state.stopTimeout }, at, effects);
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

/** For a process that exited without a report. */
function settleVerdict(state: JobLifecycle, error: WireError | undefined): void {
  if (state.verdict !== undefined) return;
  if (state.killed !== undefined) {
    state.verdict = "killed";
    state.error = state.built ? silentEnd(state) : neverRan();
    return;
  }
  state.verdict = "failed";
  state.error =
    error ??
    toWireError(
      jobDriverEnded(
        "the job's driver process exited with code 0 before its batches had ended. The job has failed. " +
          "A call of process.exit in driver code (build, transform, foreachRDD) does this: " +
          "use ssc.stop() instead.",
      ),
    );
}

function silentEnd({ killed, stopTimeout }: JobLifecycle): WireError {
  const why =
    killed?.kind === "timeout"
      ? `the job's driver process hung past stop.timeout = ${formatDuration(stopTimeout)} and was killed`
      : "the job's driver process was told to end at once, and did";
  return toWireError(
    jobStopped(
      `${why}, without reporting what was left: received data that was not processed is lost. Submit it again.`,
    ),
  );
}

const neverRan = (): WireError =>
  toWireError(jobStopped("the job was stopped before it was built. Nothing of it ran. Submit it again."));

function setDeadline(state: JobLifecycle, at: EpochMs, after: Millis, effects: JobEffect[]): void {
  state.deadline = epochMs(at + after);
  effects.push({ type: "wakeAt", at: state.deadline });
}

/** Throws if the state is unreachable for correct code. For tests and simulation. */
export function checkJobLifecycle(state: JobLifecycle): void {
  const over = state.state === "finished" || state.state === "failed" || state.state === "killed";
  assert(over === (state.phase === "gone"), `a job is ${state.state} while its process is ${state.phase}`);
  assert(!over || (state.verdict === state.state && state.endedAt !== undefined), "an ended job says how and when");
  assert(!over || state.state === "finished" || state.error !== undefined, "a job that did not finish says why");
  const timed = state.phase === "draining" || state.phase === "exiting";
  assert(timed === (state.deadline !== undefined), `the timer is wrong for a process that is ${state.phase}`);
  assert(state.state !== "running" || state.built, "only a job that was built runs");
  assert(!over || !state.onExecutors, "an ended job runs on no executor");
}
