import { assert, type EpochMs, epochMs, type Millis, unreachable, type WireError } from "@millrace/base";
import type { BatchEffect, BatchEvent, BatchOutcome, BatchResume } from "./batch-events.ts";

export interface BatchSettings {
  readonly interval: Millis;
  /** `batches.planned.max`: batches whose input is fixed ahead of the one that runs. At least 1. */
  readonly plannedMax: number;
  /** `--batches N`: the job ends when N are over, failed ones included. */
  readonly batchesMax?: number;
  /** `batch.failure`. */
  readonly onFailure: "stop" | "continue";
}

/**
 * The batches of one job, from clock tick to end.
 *
 *     tick ─▶ waiting ─▶ fixing ─▶ planned ─▶ running ─▶ over (done | failed)
 *               │           └── its input could not be fixed ──────▲
 *               └ times only: the input stays in the source
 *
 * | state   | held in                | bound                              |
 * |---------|------------------------|------------------------------------|
 * | waiting | `nextWaiting`, `last`: every multiple of the interval in [nextWaiting, last] | two numbers, whatever the backlog |
 * | fixing  | `fixing`               | 1                                  |
 * | planned | `planned`, ascending   | `plannedMax`, with the fixing one; a resume may bring more |
 * | running | `running`              | 1                                  |
 * | over    | counted only           |                                    |
 *
 * The job as a whole:
 *
 *     new ─started─▶ open ─stopRequested─▶ stopping ─receiversStopped─▶ draining ─all over─▶ stopped
 *                     │                                                    ▲
 *                     ├── `batchesMax` taken ──────────────────────────────┘
 *                     └── batchFailed under "stop", stopNow (from any state) ──────────────▶ stopped
 */
export interface BatchGenerator {
  readonly settings: BatchSettings;
  mode: "new" | "open" | "stopping" | "draining" | "stopped";
  /** The first batch's time minus one interval; windows align with it. 0 before the start. */
  zeroTime: EpochMs;
  /** The oldest batch time that waits; past `last` when none does. */
  nextWaiting: EpochMs;
  /** The newest batch time taken from the clock. */
  last: EpochMs;
  fixing: EpochMs | undefined;
  readonly planned: EpochMs[];
  running: EpochMs | undefined;
  /** One more batch is taken at the next tick, for what the receivers had left. */
  finalTick: boolean;
  /** Batches taken from the clock or from the logs of an earlier run. */
  taken: number;
  /** Those of them that came from the logs. */
  resumed: number;
  completed: number;
  failed: number;
  outcome: BatchOutcome | undefined;
}

export function batchGenerator(settings: BatchSettings): BatchGenerator {
  assert(settings.interval > 0 && settings.plannedMax >= 1, "a batch interval above 0 and at least one planned batch");
  return {
    settings,
    mode: "new",
    zeroTime: epochMs(0),
    nextWaiting: epochMs(0),
    last: epochMs(0),
    fixing: undefined,
    planned: [],
    running: undefined,
    finalTick: false,
    taken: 0,
    resumed: 0,
    completed: 0,
    failed: 0,
    outcome: undefined,
  };
}

/** Advances the generator by one event. Owns `state`; reads no clock. O(1) per event, however many ticks are due. */
export function stepBatches(state: BatchGenerator, event: BatchEvent): readonly BatchEffect[] {
  if (state.mode === "stopped") return []; // late answers of what was abandoned
  const effects: BatchEffect[] = [];
  switch (event.type) {
    case "started":
      onStarted(state, event.now, event.resume, effects);
      break;
    case "tick":
      onTick(state, event.now, effects);
      break;
    case "inputFixed":
      onInputFixed(state, event.time);
      break;
    case "batchDone":
      onBatchDone(state, event.time);
      break;
    case "batchFailed":
      onBatchFailed(state, event.time, event.error, effects);
      break;
    case "stopRequested":
      onStopRequested(state, effects);
      break;
    case "receiversStopped":
      onReceiversStopped(state, event.pending, effects);
      break;
    case "stopNow":
      onStopNow(state, effects);
      break;
    default:
      return unreachable(event);
  }
  advance(state, effects);
  return effects;
}

/** Batch times that have come and are not over. O(1). */
export function batchesWaiting(state: BatchGenerator): number {
  return (
    countWaiting(state) +
    state.planned.length +
    (state.fixing === undefined ? 0 : 1) +
    (state.running === undefined ? 0 : 1)
  );
}

function onStarted(state: BatchGenerator, now: EpochMs, resume: BatchResume | undefined, effects: BatchEffect[]): void {
  assert(state.mode === "new", "a batch generator starts once");
  const { interval } = state.settings;
  const floor = Math.floor(now / interval) * interval;
  state.mode = "open";
  // A clock that was set back does not bring back batch times that were used already.
  state.last = epochMs(resume === undefined ? floor : Math.max(floor, resume.last));
  state.zeroTime = resume === undefined ? state.last : resume.zeroTime;
  state.nextWaiting = epochMs(state.last + interval);
  if (resume !== undefined) {
    state.planned.push(...resume.planned);
    state.resumed = resume.planned.length;
    state.taken = state.resumed;
  }
  if (takenAll(state)) state.mode = "draining";
  else setTimer(state, effects);
}

function onTick(state: BatchGenerator, now: EpochMs, effects: BatchEffect[]): void {
  if (!ticking(state)) return;
  const { interval, batchesMax } = state.settings;
  let due = Math.floor((now - state.last) / interval);
  if (batchesMax !== undefined) due = Math.min(due, batchesMax - state.taken);
  if (state.finalTick) due = Math.min(due, 1);
  if (due > 0) {
    state.last = epochMs(state.last + due * interval);
    state.taken += due;
    state.finalTick = false;
    if (takenAll(state)) state.mode = "draining";
  }
  if (ticking(state)) setTimer(state, effects);
}

function onInputFixed(state: BatchGenerator, time: EpochMs): void {
  assert(state.fixing === time, `the input of batch ${time} was fixed, but ${state.fixing ?? "none"} was asked for`);
  state.fixing = undefined;
  state.planned.push(time);
}

function onBatchDone(state: BatchGenerator, time: EpochMs): void {
  assert(state.running === time, `batch ${time} is done, but ${state.running ?? "none"} was running`);
  state.running = undefined;
  state.completed++;
}

function onBatchFailed(state: BatchGenerator, time: EpochMs, error: WireError, effects: BatchEffect[]): void {
  if (state.running === time) state.running = undefined;
  else if (state.fixing === time) state.fixing = undefined;
  else assert(false, `batch ${time} failed, but it was neither running nor having its input fixed`);
  state.failed++;
  if (state.settings.onFailure === "continue") return;
  if (state.running !== undefined) effects.push({ type: "cancelBatch", time: state.running });
  stop(state, { kind: "failed", time, error }, effects);
}

function onStopRequested(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.mode === "new") stop(state, { kind: "finished" }, effects);
  if (state.mode !== "open") return;
  // Ticks go on until the receivers have handed over what they hold: a slow one must not starve the others' data.
  state.mode = "stopping";
  effects.push({ type: "stopReceivers" });
}

function onReceiversStopped(state: BatchGenerator, pending: boolean, effects: BatchEffect[]): void {
  if (state.mode !== "stopping") return;
  state.mode = "draining";
  // A batch that waits takes what is left; without one, one more is taken.
  state.finalTick = pending && countWaiting(state) === 0;
  if (!state.finalTick) effects.push({ type: "cancelTimer" });
}

function onStopNow(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.running !== undefined) effects.push({ type: "cancelBatch", time: state.running });
  stop(state, { kind: "killed" }, effects);
}

/** Moves batches on as far as the bounds allow, and ends the job when nothing is left of it. */
function advance(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.mode === "new" || state.mode === "stopped") return;
  if (state.running === undefined) {
    const next = state.planned.shift();
    if (next !== undefined) {
      state.running = next;
      effects.push({ type: "runBatch", time: next });
    }
  }
  if (state.fixing === undefined && countWaiting(state) > 0 && state.planned.length < state.settings.plannedMax) {
    state.fixing = state.nextWaiting;
    state.nextWaiting = epochMs(state.nextWaiting + state.settings.interval);
    effects.push({ type: "fixInput", time: state.fixing });
  }
  if (state.mode === "draining" && !state.finalTick && batchesWaiting(state) === 0) {
    stop(state, { kind: "finished" }, effects);
  }
}

function stop(state: BatchGenerator, outcome: BatchOutcome, effects: BatchEffect[]): void {
  if (ticking(state)) effects.push({ type: "cancelTimer" });
  state.mode = "stopped";
  state.outcome = outcome;
  state.finalTick = false;
  state.fixing = undefined;
  state.running = undefined;
  state.planned.length = 0;
  state.nextWaiting = epochMs(state.last + state.settings.interval);
  effects.push({ type: "stopped", outcome });
}

function ticking(state: BatchGenerator): boolean {
  return state.mode === "open" || state.mode === "stopping" || state.finalTick;
}

function takenAll(state: BatchGenerator): boolean {
  return state.settings.batchesMax !== undefined && state.taken >= state.settings.batchesMax;
}

function countWaiting(state: BatchGenerator): number {
  return (state.last - state.nextWaiting) / state.settings.interval + 1;
}

function setTimer(state: BatchGenerator, effects: BatchEffect[]): void {
  effects.push({ type: "setTimer", at: epochMs(state.last + state.settings.interval) });
}

/** Throws when the state is one that correct code cannot reach. For tests and simulation. */
export function checkBatchGenerator(state: BatchGenerator): void {
  const { interval, batchesMax } = state.settings;
  const inOrder = [state.running, ...state.planned, state.fixing].filter((time) => time !== undefined);
  assert(
    inOrder.every((time, i) => i === 0 || time > (inOrder[i - 1] ?? time)),
    `batches out of order: ${inOrder.join(" ")}`,
  );
  assert(countWaiting(state) >= 0 && Number.isInteger(countWaiting(state)), "waiting times are whole intervals");
  assert(state.mode === "new" || (state.last - state.zeroTime) % interval === 0, "batch times are multiples");
  assert(
    batchesMax === undefined || state.taken <= Math.max(batchesMax, 0),
    "no more batches are taken than asked for",
  );
  assert((state.mode === "stopped") === (state.outcome !== undefined), "exactly a stopped job has an outcome");
  const over = state.completed + state.failed;
  assert(
    state.mode === "stopped" || state.taken === over + batchesWaiting(state),
    `${state.taken} batches taken, ${over} over, ${batchesWaiting(state)} waiting: one was lost or made up`,
  );
}
