import {
  assert,
  type BackoffRange,
  backoffPause,
  clauseOf,
  type EpochMs,
  type ErrorFactory,
  epochMs,
  errorKind,
  formatDuration,
  type Millis,
  millis,
  type Rng,
  toWireError,
  unreachable,
  type WarningFactory,
  type WireError,
  warningKind,
} from "@millrace/base";
import { type CutReason, type JobEnd, jobStopped } from "../job/job-end.ts";
import { headline } from "../tasks/task-errors.ts";
import type { JobEffect, JobEvent, JobState, RestartSeries, SupervisedJob } from "./job-events.ts";

/** Of the job's thread, which its process survives: to its users that is no end of another kind. */
const DRIVER_OUT_OF_MEMORY = "DRIVER_OUT_OF_MEMORY";

const jobDriverEnded: ErrorFactory = errorKind("JOB_DRIVER_ENDED", "engine");
const jobDriverKeepsDying: ErrorFactory = errorKind("JOB_DRIVER_KEEPS_DYING", "user");
const jobDriverRestarted: WarningFactory = warningKind("JOB_DRIVER_RESTARTED");

export interface JobSettings {
  /** Time added to `stop.timeout`, which the job's own driver process enforces: a process still running after it hangs. */
  readonly overrun: Millis;
  /** The time for a process to exit when told to, before it is killed. */
  readonly exitGrace: Millis;
  /** The pauses before a driver process that died is restarted. */
  readonly restartDelay: BackoffRange;
  /** A process that ran this long after it was built had recovered: its death begins a new series. */
  readonly steadyAfter: Millis;
  readonly rng: Rng;
}

/**
 * A job as its driver supervisor sees it.
 *
 *     new ─submitted─▶ starting ─built─▶ running ─stopRequested─▶ stopping ──┐
 *                         │                 │                        │       │ driverExited
 *                         └─────────────────┼── driverExited ────────┴───────┴▶ finished | failed | killed
 *                                   built ▲ │ died, and the job is resumable
 *                       new ─restored─▶ restarting ── died again `restartsMax` times, a report of its end ─▶ as above
 *
 * The process reports which of the three in `ending`, since only it knows what it has discarded. If it exits without a
 * report, it has died, unless it was told to end: another one goes on from the job's log, if it has one. Otherwise the
 * job counts as killed if it was told to end at once, and as failed if not. Operators see one of the three only when the
 * process is gone.
 *
 * A job leaves the executors as soon as it reports its end or its process is gone for good: their processes end with it and must
 * not count as lost. While its driver process is restarted, they keep what they hold.
 *
 * `deadline` is the time of the timer: it limits the drain in "draining" and the exit in "exiting", and ends the pause
 * before a restart in "pausing", when there is no process.
 */
export interface JobLifecycle {
  readonly settings: JobSettings;
  state: JobState | "new";
  phase: "none" | "alive" | "draining" | "exiting" | "killing" | "pausing" | "gone";
  /** The end that its process has reported. */
  verdict: JobEnd["state"] | undefined;
  error: WireError | undefined;
  /** The reason why it was told to end at once. */
  killed: CutReason | undefined;
  /** The crash that its process has reported. */
  crash: WireError | undefined;
  pid: number | undefined;
  /** From its first process that was built on. */
  job: SupervisedJob | undefined;
  /** The time at which its current process was built. */
  builtAt: EpochMs | undefined;
  /** Deaths since a process ran for long. */
  series: RestartSeries | undefined;
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
    crash: undefined,
    pid: undefined,
    job: undefined,
    builtAt: undefined,
    series: undefined,
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
    case "restored":
      onRestored(state, event, effects);
      break;
    case "driverStarted":
      state.pid = event.pid;
      break;
    case "built":
      onBuilt(state, event.job, event.at, effects);
      break;
    case "ending":
      onEnding(state, event.end, event.at, effects);
      break;
    case "crashing":
      onCrashing(state, event.error, event.at, effects);
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

function onRestored(
  state: JobLifecycle,
  { job, error, at }: Extract<JobEvent, { readonly type: "restored" }>,
  effects: JobEffect[],
): void {
  assert(state.state === "new", "a job is restored once");
  state.state = "restarting";
  state.phase = "alive";
  state.submittedAt = at;
  state.job = job;
  state.error = error;
  state.onExecutors = true; // some may have processes of it
  const warning = jobDriverRestarted("", headline(error));
  effects.push({ type: "holdExecutors" }, { type: "restarting", warning }, { type: "startDriver" });
}

function onBuilt(state: JobLifecycle, job: SupervisedJob, at: EpochMs, effects: JobEffect[]): void {
  if (state.state === "new" || state.builtAt !== undefined) return;
  const first = state.job === undefined;
  state.job = job;
  state.builtAt = at;
  state.onExecutors = true;
  effects.push({ type: "startExecutors" });
  if (state.state !== "starting" && state.state !== "restarting") return; // it is being stopped: its end answers `submit`
  state.state = "running";
  state.error = undefined;
  if (first) effects.push({ type: "accepted" });
}

/** The job has not ended, only this process of it. */
function onCrashing(state: JobLifecycle, error: WireError, at: EpochMs, effects: JobEffect[]): void {
  state.crash ??= error;
  if (state.phase === "alive" || state.phase === "draining") awaitExit(state, at, effects);
}

/** The process has reported its end and gets some time to exit. */
function onEnding(state: JobLifecycle, end: JobEnd, at: EpochMs, effects: JobEffect[]): void {
  leaveExecutors(state, effects);
  const outOfMemory = end.state === "failed" && end.error.kind?.code === DRIVER_OUT_OF_MEMORY;
  if (outOfMemory && state.job !== undefined) return onCrashing(state, end.error, at, effects);
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
  if (state.phase !== "alive" && state.phase !== "pausing") return;
  if (state.builtAt === undefined || state.job === undefined) {
    onKillRequested(state, { kind: "operator" }, at, effects); // there is nothing to drain
    return;
  }
  state.state = "stopping";
  state.phase = "draining";
  effects.push({ type: "drainDriver" });
  setDeadline(state, at, millis(state.job.stopTimeout + state.settings.overrun), effects);
}

function onKillRequested(state: JobLifecycle, reason: CutReason, at: EpochMs, effects: JobEffect[]): void {
  if (state.phase === "pausing") {
    state.killed = reason;
    return end(state, at, effects); // no process runs
  }
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
    onKillRequested(state, { kind: "timeout", limit: stopTimeoutOf(state) }, at, effects);
  } else if (state.phase === "pausing") {
    state.phase = "alive";
    effects.push({ type: "startDriver" });
  } else if (state.phase === "exiting") {
    state.phase = "killing";
    effects.push({ type: "killDriver" });
  }
}

function onDriverExited(state: JobLifecycle, error: WireError | undefined, at: EpochMs, effects: JobEffect[]): void {
  if (state.state === "new") return;
  const reason = state.crash ?? error;
  state.crash = undefined;
  const { job } = state;
  const died = state.state !== "stopping" && state.verdict === undefined && reason !== undefined;
  if (died && job?.resumable === true) return onDied(state, { reason, restartsMax: job.restartsMax, at }, effects);
  settleVerdict(state, reason && withRemedy(state, reason));
  end(state, at, effects);
}

/** Another process goes on from the job's log, unless they keep dying soon after their start. */
function onDied(
  state: JobLifecycle,
  { reason, restartsMax, at }: { readonly reason: WireError; readonly restartsMax: number; readonly at: EpochMs },
  effects: JobEffect[],
): void {
  const { settings, series, builtAt } = state;
  const steady = builtAt !== undefined && at - builtAt >= settings.steadyAfter;
  const before = steady || series === undefined ? { count: 0, since: at } : series;
  const next: RestartSeries = { count: before.count + 1, since: before.since, reason };
  state.series = next;
  state.builtAt = undefined;
  state.pid = undefined;
  if (next.count > restartsMax) {
    state.verdict = "failed";
    state.error = keepsDying(next, restartsMax, at);
    return end(state, at, effects);
  }
  if (state.onExecutors) effects.push({ type: "holdExecutors" });
  state.state = "restarting";
  state.phase = "pausing";
  state.error = reason;
  const pause = backoffPause(settings.restartDelay, next.count, settings.rng);
  effects.push({ type: "restarting", warning: jobDriverRestarted("", restarts(next, pause, at)) });
  setDeadline(state, at, pause, effects);
}

function end(state: JobLifecycle, at: EpochMs, effects: JobEffect[]): void {
  settleVerdict(state, undefined);
  const verdict = state.verdict;
  assert(verdict !== undefined, "an ended job has a verdict");
  state.state = verdict;
  state.phase = "gone";
  state.endedAt = at;
  if (state.deadline !== undefined) effects.push({ type: "cancelWake" });
  state.deadline = undefined;
  leaveExecutors(state, effects);
  if (state.job === undefined) effects.push({ type: "rejected", error: state.error ?? neverRan() });
  effects.push({ type: "ended", state: verdict, error: state.error });
}

/** For a process that exited without a report. */
function settleVerdict(state: JobLifecycle, error: WireError | undefined): void {
  if (state.verdict !== undefined) return;
  if (state.killed !== undefined) {
    state.verdict = "killed";
    state.error = state.job === undefined ? neverRan() : silentEnd(state);
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

function silentEnd(state: JobLifecycle): WireError {
  const { killed, series, builtAt, job } = state;
  const why =
    killed?.kind === "timeout"
      ? `the job's driver process hung past stop.timeout = ${formatDuration(stopTimeoutOf(state))} and was killed`
      : builtAt === undefined && series !== undefined
        ? "the job was told to end while its driver process was being restarted"
        : "the job's driver process was told to end at once, and did";
  const remedy =
    job?.resumable === true ? "Submit it again: it goes on from its checkpoint directory." : "Submit it again.";
  return toWireError(
    jobStopped(`${why}, without reporting what was left: received data that was not processed is lost. ${remedy}`),
  );
}

/** The limit of a drain; 0 until the job is built. */
const stopTimeoutOf = ({ job }: JobLifecycle): Millis => job?.stopTimeout ?? millis(0);

function withRemedy({ job }: JobLifecycle, reason: WireError): WireError {
  const remedy =
    job?.resumable === false
      ? "The job has failed: it does not name its checkpoint directory (checkpointDir); one that does is restarted, and goes on from there. Fix the cause, and submit it again."
      : "Fix the cause, and submit it again.";
  return { ...reason, message: `${reason.message} ${remedy}` };
}

function restarts({ count, since, reason }: RestartSeries, pause: Millis, at: EpochMs): string {
  const times = count === 1 ? "" : `, the ${ordinal(count)} time in ${formatDuration(millis(at - since))}`;
  return `${clauseOf(headline(reason))}. Another one goes on from the job's log in ${formatDuration(pause)}${times}.`;
}

/** `2nd` */
function ordinal(n: number): string {
  const teens = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${(teens ? undefined : ["th", "st", "nd", "rd"][n % 10]) ?? "th"}`;
}

function keepsDying({ count, since, reason }: RestartSeries, restartsMax: number, at: EpochMs): WireError {
  const times = count === 1 ? "died" : `died ${count} times within ${formatDuration(millis(at - since))}`;
  const last = clauseOf(headline(reason));
  const error = jobDriverKeepsDying(
    `the job's driver process ${times}, and is not restarted again (driver.restarts.max = ${restartsMax}). The job has failed. The last time: ${last}. ` +
      "What it committed is in its checkpoint directory: fix the cause, and submit it again to go on from there.",
    { fields: { deaths: count, restartsMax } },
  );
  return { ...toWireError(error), cause: reason };
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
  const timed = state.phase === "draining" || state.phase === "exiting" || state.phase === "pausing";
  assert(timed === (state.deadline !== undefined), `the timer is wrong for a process that is ${state.phase}`);
  assert(state.state !== "running" || state.builtAt !== undefined, "only a job that was built runs");
  assert(state.phase !== "pausing" || state.state === "restarting", "only a restart pauses");
  assert(state.state !== "restarting" || state.error !== undefined, "a restart has a reason");
  assert(!over || !state.onExecutors, "an ended job runs on no executor");
}
