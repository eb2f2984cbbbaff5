import { assert, type Millis, millis, unreachable, type WireError } from "@millrace/base";
import { type CutReason, endBeforeBatches, endInCommit, endOfJob, type JobEnd } from "./job-end.ts";
import type { BuiltSettings, JobLifeEffect, JobLifeEvent, StopRequest } from "./job-life-events.ts";
import { codeCutOff, codeFailedLate, notStarted, notUsed, receiversHang, waiting } from "./job-life-warnings.ts";

export interface JobLifeSettings {
  /** Batches start once this many executors are ready, */
  readonly executors: number;
  /** or this long after the first is ready, with however many there are. */
  readonly gather: Millis;
  /** Lower limit of `ssc.defaultParallelism` without a setting: executors may still be joining when the job starts. */
  readonly parallelismMin: number;
}

/** The wait for a first executor before NO_EXECUTORS is reported. */
const WAITING_AFTER = millis(5_000);
/** The wait of a drain without any executor: a lost one is often back within a second or two. */
const ALONE = millis(5_000);
/** The wait for a commit in progress when the job is ended at once. */
const COMMIT = millis(4_000);
/** The time for a cut-off batch to undo its work, such as incomplete output. */
const UNWIND = millis(1_000);
/** The minimum time for user code to react to the end of the job. */
const TELL_MIN = millis(1_000);
/** The time for user code that still runs by itself: a loop on the driver, timers on executors. */
const LEAVE = millis(1_000);

/**
 * The phase of a job, and what each phase waits for. Times are monotonic milliseconds.
 *
 * | phase       | waits for                                                  | at most until                                |
 * | ----------- | ---------------------------------------------------------- | -------------------------------------------- |
 * | `building`  | the job thread: `built`                                    | a stop: user code may take its time          |
 * | `gathering` | executors                                                  | `gatherUntil`, once one is ready             |
 * | `running`   | a stop, a failed batch, the last batch                     |                                              |
 * | `draining`  | the batches: `batchesEnded`                                | `until`; `aloneUntil`, while none is ready   |
 * | `cutting`   | the batches: at once, or when a commit under way has ended | `until`                                      |
 * | `unwinding` | undoing of a cut-off batch, discards: `threadIdle`         | `until`                                      |
 * | `telling`   | user code on the driver: `told`                            | `until`                                      |
 * | `leaving`   | the job thread, where user code still runs: `left`         | `until`                                      |
 * | `settling`  | user code on executors: `settled`                          | `until`                                      |
 * | `ended`     |                                                            |                                              |
 */
export type JobPhase =
  | { readonly name: "building" }
  | {
      readonly name: "gathering";
      readonly built: BuiltSettings;
      readonly gatherUntil: number | undefined;
      /** The time to report that no executor is ready; `undefined` if one is, or after the report. */
      readonly tellAt: number | undefined;
      /** The report was made. */
      readonly told: boolean;
    }
  | { readonly name: "running"; readonly built: BuiltSettings }
  | {
      readonly name: "draining";
      readonly built: BuiltSettings;
      readonly until: number;
      readonly aloneUntil: number | undefined;
    }
  | {
      readonly name: "cutting";
      readonly built: BuiltSettings;
      readonly reason: CutReason;
      /** The deadline of the drain that was cut off, if there was one. */
      readonly drainUntil: number | undefined;
      readonly until: number;
    }
  | { readonly name: "unwinding"; readonly end: JobEnd; readonly until: number }
  | { readonly name: "telling"; readonly end: JobEnd; readonly limit: Millis; readonly until: number }
  | { readonly name: "leaving" | "settling"; readonly end: JobEnd; readonly until: number }
  | { readonly name: "ended"; readonly end: JobEnd };

/**
 * The life of one job, as decided in its driver process. It has no timers but these.
 *
 *     building ─built─▶ gathering ─executors ready─▶ running ─stop─▶ draining
 *                                                       │ └─ kill ───────┐ │ kill, too late, alone for too long
 *                                                       │                ▼ ▼
 *                                                       │              cutting
 *                                                       └─ batchesEnded ──┬─┘
 *                         ┌──────────────────────────────────────────────┴─── cut off, still busy ─▶ unwinding ─┐
 *                         ▼                                                                                     │
 *                      telling ─told─▶ (leaving ─left─▶) settling ─settled─▶ ended ◀────────────────────────────┘
 *
 *     building, gathering ─stop, kill─▶ ended     any ─failed─▶ ended     what waits until a time ─tick─▶ its next
 *     phase
 */
export interface JobLife {
  readonly settings: JobLifeSettings;
  phase: JobPhase;
  /** Ready executors, and their slots. */
  executors: number;
  slots: number;
  /** The current timer. */
  wakeAt: number | undefined;
}

export function jobLife(settings: JobLifeSettings): JobLife {
  assert(settings.executors >= 1 && settings.parallelismMin >= 1, "a job has an executor and a partition at least");
  return { settings, phase: { name: "building" }, executors: 0, slots: 0, wakeAt: undefined };
}

/** Advances a job by one event. Owns `state`; reads no clock. O(1). */
export function stepJobLife(state: JobLife, event: JobLifeEvent): readonly JobLifeEffect[] {
  const effects: JobLifeEffect[] = [];
  if (event.type === "executors") {
    state.executors = event.ready;
    state.slots = event.slots;
  }
  if (state.phase.name === "ended") return effects; // late answers
  switch (event.type) {
    case "built":
      onBuilt(state, event.settings, event.at, effects);
      break;
    case "failed":
      onFailed(state, event.error, effects);
      break;
    case "executorUnfit":
      onExecutorUnfit(state, event, effects);
      break;
    case "executors":
      onExecutors(state, event.at, effects);
      break;
    case "stopRequested":
      onStopRequested(state, event.how, event.at, effects);
      break;
    case "receiversAwaited":
      if (state.phase.name === "running") toDraining(state, state.phase.built, event.at, effects);
      break;
    case "batchesEnded":
      onBatchesEnded(state, event, effects);
      break;
    case "threadIdle":
      if (state.phase.name === "unwinding") end(state, state.phase.end, effects);
      break;
    case "told":
      if (state.phase.name === "telling") toLeaving(state, event.goesOn, event.at, effects);
      break;
    case "left":
      onLeft(state, event.error, event.at, effects);
      break;
    case "settled":
      if (state.phase.name === "settling") end(state, state.phase.end, effects);
      break;
    case "tick":
      state.wakeAt = undefined; // if it was early, it is requested again
      onTick(state, event.at, effects);
      break;
    default:
      return unreachable(event);
  }
  wake(state, effects);
  return effects;
}

function onBuilt(state: JobLife, built: BuiltSettings, at: number, effects: JobLifeEffect[]): void {
  assert(state.phase.name === "building", "a job is built once");
  state.phase = { name: "gathering", built, gatherUntil: undefined, tellAt: at + WAITING_AFTER, told: false };
  onExecutors(state, at, effects);
}

/** An earlier cause takes precedence, unless the job seemed to have finished well. */
function onFailed(state: JobLife, error: WireError, effects: JobLifeEffect[]): void {
  const known = knownEnd(state.phase);
  end(state, known === undefined || known.state === "finished" ? { state: "failed", error } : known, effects);
}

/** Whoever starts a job is there to mend its cluster. One that goes on does so with the executors that it can use. */
function onExecutorUnfit(
  state: JobLife,
  { executor, error }: Extract<JobLifeEvent, { readonly type: "executorUnfit" }>,
  effects: JobLifeEffect[],
): void {
  const { phase } = state;
  if (phase.name === "gathering" && !phase.built.resumes) return onFailed(state, notStarted(error), effects);
  effects.push({ type: "warning", warning: notUsed(executor, error) });
}

function onExecutors(state: JobLife, at: number, effects: JobLifeEffect[]): void {
  const { phase, executors, settings } = state;
  if (phase.name === "draining") {
    const aloneUntil = executors > 0 ? undefined : (phase.aloneUntil ?? at + ALONE);
    state.phase = { ...phase, aloneUntil };
    return;
  }
  if (phase.name !== "gathering") return;
  if (executors === 0) {
    const tellAt = phase.told ? undefined : (phase.tellAt ?? at + WAITING_AFTER);
    state.phase = { ...phase, gatherUntil: undefined, tellAt };
    return;
  }
  if (phase.told) effects.push({ type: "warningOver", subject: waiting.subject, message: undefined });
  const gatherUntil = phase.gatherUntil ?? at + settings.gather;
  state.phase = { ...phase, gatherUntil, tellAt: undefined, told: false };
  if (executors >= settings.executors) startBatches(state, phase.built, effects);
}

function startBatches(state: JobLife, built: BuiltSettings, effects: JobLifeEffect[]): void {
  const parallelism = built.parallelism || Math.max(state.slots, state.settings.parallelismMin);
  state.phase = { name: "running", built };
  effects.push({ type: "startBatches", executors: state.executors, parallelism });
}

function onStopRequested(state: JobLife, how: StopRequest, at: number, effects: JobLifeEffect[]): void {
  const { phase } = state;
  switch (phase.name) {
    case "building":
    case "gathering": {
      // `ssc.stop()` in `build` keeps the job from starting, which loses nothing.
      const nothingLost = how.graceful || how.reason.kind === "job";
      return end(state, nothingLost ? { state: "finished" } : endBeforeBatches(how.reason), effects);
    }
    case "running":
      if (how.graceful) return toDraining(state, phase.built, at, effects);
      return cut(state, how.reason, at, effects);
    case "draining":
      return how.graceful ? undefined : cut(state, how.reason, at, effects);
    case "telling":
    case "leaving":
    case "settling":
      return how.graceful ? undefined : end(state, phase.end, effects);
    case "cutting":
    case "unwinding":
    case "ended":
      return; // it is being ended at once already
    default:
      return unreachable(phase);
  }
}

function toDraining(state: JobLife, built: BuiltSettings, at: number, effects: JobLifeEffect[]): void {
  const aloneUntil = state.executors > 0 ? undefined : at + ALONE;
  state.phase = { name: "draining", built, until: at + built.stopTimeout, aloneUntil };
  effects.push({ type: "stopBatches" });
}

function cut(state: JobLife, reason: CutReason, at: number, effects: JobLifeEffect[]): void {
  const { phase } = state;
  assert(phase.name === "running" || phase.name === "draining", `batches of a job that is ${phase.name} are cut off`);
  const drainUntil = phase.name === "draining" ? phase.until : undefined;
  state.phase = { name: "cutting", built: phase.built, reason, drainUntil, until: at + COMMIT };
  effects.push({ type: "cutBatches" });
}

function onBatchesEnded(
  state: JobLife,
  { end: batches, received, busy, at }: Extract<JobLifeEvent, { readonly type: "batchesEnded" }>,
  effects: JobLifeEffect[],
): void {
  const { phase } = state;
  if (phase.name !== "running" && phase.name !== "draining" && phase.name !== "cutting") return; // the job has failed in the meantime
  const reason = phase.name === "cutting" ? phase.reason : undefined;
  const result = endOfJob(batches, reason, received);
  if (batches.kind === "killed") {
    // Its tasks are cancelled: give the code that waits for them time to remove incomplete output.
    if (!busy) return end(state, result, effects);
    state.phase = { name: "unwinding", end: result, until: at + UNWIND };
    return;
  }
  if (result.state === "finished" && reason?.kind === "timeout")
    effects.push({ type: "warning", warning: receiversHang(reason.limit) });
  const { stopTimeout } = phase.built;
  const limit = millis(Math.max(TELL_MIN, (drainUntilOf(phase) ?? at + stopTimeout) - at));
  state.phase = { name: "telling", end: result, limit, until: at + limit };
  effects.push({ type: "tellEnd", end: result });
}

function drainUntilOf(phase: JobPhase): number | undefined {
  if (phase.name === "draining") return phase.until;
  return phase.name === "cutting" ? phase.drainUntil : undefined;
}

function toLeaving(state: JobLife, goesOn: boolean, at: number, effects: JobLifeEffect[]): void {
  if (!goesOn) return toSettling(state, at, effects);
  state.phase = { name: "leaving", end: endOf(state.phase), until: at + LEAVE };
  effects.push({ type: "leave" });
}

/** A failed job has already reported its error, perhaps to a loop that did not catch it. */
function onLeft(state: JobLife, error: string | undefined, at: number, effects: JobLifeEffect[]): void {
  const { phase } = state;
  if (phase.name !== "leaving" && phase.name !== "settling") return;
  if (error !== undefined && phase.end.state === "finished") {
    effects.push({ type: "warning", warning: codeFailedLate(error) });
  }
  if (phase.name === "leaving") toSettling(state, at, effects);
}

function toSettling(state: JobLife, at: number, effects: JobLifeEffect[]): void {
  state.phase = { name: "settling", end: endOf(state.phase), until: at + LEAVE };
  effects.push({ type: "settle" });
}

function onTick(state: JobLife, at: number, effects: JobLifeEffect[]): void {
  const { phase } = state;
  switch (phase.name) {
    case "building":
    case "running":
    case "ended":
      return;
    case "cutting":
      return isDue(phase.until, at) ? end(state, endInCommit(phase.reason, COMMIT), effects) : undefined;
    case "gathering":
      if (isDue(phase.gatherUntil, at)) return startBatches(state, phase.built, effects);
      if (!isDue(phase.tellAt, at)) return;
      state.phase = { ...phase, tellAt: undefined, told: true };
      effects.push({ type: "warning", warning: waiting });
      return;
    case "draining":
      if (isDue(phase.until, at)) return cut(state, { kind: "timeout", limit: phase.built.stopTimeout }, at, effects);
      if (isDue(phase.aloneUntil, at)) return cut(state, { kind: "alone", limit: ALONE }, at, effects);
      return;
    case "telling":
      if (!isDue(phase.until, at)) return;
      effects.push({ type: "warning", warning: codeCutOff(phase.limit) });
      return toSettling(state, at, effects);
    case "leaving":
      return isDue(phase.until, at) ? toSettling(state, at, effects) : undefined;
    case "unwinding":
    case "settling":
      return isDue(phase.until, at) ? end(state, phase.end, effects) : undefined;
    default:
      return unreachable(phase);
  }
}

const isDue = (time: number | undefined, at: number): boolean => time !== undefined && at >= time;

function end(state: JobLife, how: JobEnd, effects: JobLifeEffect[]): void {
  state.phase = { name: "ended", end: how };
  wake(state, effects); // first: nothing follows the end
  effects.push({ type: "ended", end: how });
}

/** Keeps one timer for the earliest deadline. */
function wake(state: JobLife, effects: JobLifeEffect[]): void {
  const at = nextDeadline(state.phase);
  if (at === state.wakeAt) return;
  state.wakeAt = at;
  effects.push(at === undefined ? { type: "cancelWake" } : { type: "wakeAt", at });
}

function nextDeadline(phase: JobPhase): number | undefined {
  switch (phase.name) {
    case "building":
    case "running":
    case "ended":
      return undefined;
    case "gathering":
      return phase.gatherUntil ?? phase.tellAt;
    case "draining":
      return Math.min(phase.until, phase.aloneUntil ?? phase.until);
    case "cutting":
    case "unwinding":
    case "telling":
    case "leaving":
    case "settling":
      return phase.until;
    default:
      return unreachable(phase);
  }
}

/** The end that the job is heading for, once it is known. */
function knownEnd(phase: JobPhase): JobEnd | undefined {
  return "end" in phase ? phase.end : undefined;
}

function endOf(phase: JobPhase): JobEnd {
  const known = knownEnd(phase);
  assert(known !== undefined, `a job that is ${phase.name} does not know yet how it ends`);
  return known;
}

/** Throws if the state is unreachable for correct code. For tests and simulation. */
export function checkJobLife(state: JobLife): void {
  const { phase, executors, wakeAt } = state;
  const waitsWithLimit = ["draining", "cutting", "unwinding", "telling", "leaving", "settling"].includes(phase.name);
  assert(!waitsWithLimit || wakeAt !== undefined, `a job that is ${phase.name} has a limit`);
  assert(wakeAt === nextDeadline(phase), "the timer that was asked for is the one of the phase");
  if (phase.name === "gathering") {
    assert(executors > 0 === (phase.gatherUntil !== undefined), "executors are gathered from the first one on");
    assert(executors > 0 || phase.told || phase.tellAt !== undefined, "a job without executors reports it");
    assert(executors < state.settings.executors, "batches begin as soon as all executors are ready");
  }
  if (phase.name === "draining") {
    assert((executors === 0) === (phase.aloneUntil !== undefined), "a drain waits for an executor while there is none");
  }
}
