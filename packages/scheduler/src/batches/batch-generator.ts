import { assert, type EpochMs, epochMs, type Millis, unreachable } from "@millrace/base";
import type { CommittedBatches } from "@millrace/plan";
import {
  afterCommit,
  type Commit,
  type CommitSettings,
  commitAgain,
  discard,
  onCommitAnswered,
  startCommit,
} from "./batch-commit.ts";
import type { BatchEffect, BatchEvent, BatchesEnd, RefusedOutput } from "./batch-events.ts";

type Event<Type extends BatchEvent["type"]> = Extract<BatchEvent, { readonly type: Type }>;

export interface BatchSettings extends CommitSettings {
  readonly interval: Millis;
  /** `batches.allocated.max`: batches with allocated blocks ahead of the running one. At least 1. */
  readonly allocatedMax: number;
  /** `--batches N`: the job ends after N batches, including failed ones. */
  readonly batchesMax?: number;
  /** `batch.failure`. */
  readonly onFailure: "stop" | "continue";
  /** The job has polled inputs, such as directories: a graceful stop runs one more batch to poll them again. */
  readonly polls?: boolean;
}

/**
 * The batches of one job, from clock tick to end.
 *
 *     tick ─▶ waiting ─▶ allocating ─▶ allocated ─▶ fixing ─▶ running ─outputsDone─▶ committing ─▶ ended (committed |
 *     failed)
 *               │                                               │  └─ an output failed, under "stop" ─▶ ended (failed)
 *               │                                               └─ stopNow ─▶ cancelled
 *               └ a time only: its input stays in the source
 *
 * | state      | held in                | bound                              |
 * |------------|------------------------|------------------------------------|
 * | waiting    | `nextWaiting`, `last`: every multiple of the interval in [nextWaiting, last] | two numbers, whatever the backlog |
 * | allocating | `allocating`           | 1                                  |
 * | allocated  | `allocated`, ascending | `allocatedMax`, with the allocating one |
 * | fixing     | `fixing`               | 1, and then none runs              |
 * | running    | `running`              | 1, and then none is fixing         |
 * | committing | `running`, `commit`    | the same one                       |
 * | ended      | counted only           |                                    |
 *
 * Nothing that a batch wrote counts before its commit: saved files stay hidden, sinks have committed nothing, and later batches build on the
 * state versions in `committed`. This machine never cuts off a commit in progress; `jobLife` bounds the wait for one.
 *
 * The job as a whole:
 *
 *     new ─started─▶ open ─stopRequested─▶ stopping ─receiversStopped─▶ draining ─all over─▶ stopped
 *                     │                       │                            ▲
 *                     └───────────────────────┴── `batchesMax` taken ──────┘
 *     any ─ a batch failed under "stop", stopNow ──────────────────────────────────────────▶ stopped
 *
 * Data that stopping receivers hand over gets a last batch at once. It has the next batch time and runs before that
 * time: batch times stay multiples of the interval, and none is used twice.
 */
export interface BatchGenerator {
  readonly settings: BatchSettings;
  mode: "new" | "open" | "stopping" | "draining" | "stopped";
  /** The first batch's time minus one interval; windows align with it. 0 before the start. */
  zeroTime: EpochMs;
  /** The oldest waiting batch time; past `last` if there is none. */
  nextWaiting: EpochMs;
  /** The newest batch time taken from the clock. */
  last: EpochMs;
  allocating: EpochMs | undefined;
  readonly allocated: EpochMs[];
  /** The batch whose turn has come and whose polled inputs are being fixed. */
  fixing: EpochMs | undefined;
  running: EpochMs | undefined;
  /** The commit of the running batch, once its outputs are done. */
  commit: Commit | undefined;
  committed: CommittedBatches;
  /** The job was ended at once during a commit, and stops when that has finished. */
  cut: boolean;
  /** Receivers are told to stop once, when no further batch will be taken. */
  receivers: "running" | "stopping" | "stopped";
  /** `awaitReceivers` was sent. */
  awaiting: boolean;
  /** Batches taken from the clock. */
  taken: number;
  /** Batches that were committed without a failure. */
  succeeded: number;
  failed: number;
  end: BatchesEnd | undefined;
}

export function batchGenerator(settings: BatchSettings): BatchGenerator {
  assert(
    settings.interval > 0 && settings.allocatedMax >= 1,
    "a batch interval above 0 and at least one allocated batch",
  );
  return {
    settings,
    mode: "new",
    zeroTime: epochMs(0),
    nextWaiting: epochMs(0),
    last: epochMs(0),
    allocating: undefined,
    allocated: [],
    fixing: undefined,
    running: undefined,
    commit: undefined,
    committed: { last: epochMs(0), states: new Map() },
    cut: false,
    receivers: "running",
    awaiting: false,
    taken: 0,
    succeeded: 0,
    failed: 0,
    end: undefined,
  };
}

/** Advances the generator by one event. Owns `state`; reads no clock. O(1) per event, however many ticks are due. */
export function stepBatches(state: BatchGenerator, event: BatchEvent): readonly BatchEffect[] {
  const effects: BatchEffect[] = [];
  if (state.mode === "stopped") {
    if (event.type === "outputsDone") discard(event.time, event.prepared.outputs, effects); // of the cancelled batch
    return effects;
  }
  switch (event.type) {
    case "started":
      onStarted(state, event.now, effects);
      break;
    case "tick":
      onTick(state, event.now, effects);
      break;
    case "allocated":
      onAllocated(state, event.time);
      break;
    case "inputFixed":
      onInputFixed(state, event.time, effects);
      break;
    case "outputsDone":
      onOutputsDone(state, event, effects);
      break;
    case "committed":
      onCommitted(state, event, effects);
      break;
    case "commitDue":
      if (state.commit?.time === event.time && state.commit.phase === "paused") commitAgain(state.commit, effects);
      break;
    case "stopRequested":
      onStopRequested(state, effects);
      break;
    case "receiversStopped":
      onReceiversStopped(state, event, effects);
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

/** Batches that are due and have not ended. O(1). */
export function batchesDue(state: BatchGenerator): number {
  return (
    countWaiting(state) +
    state.allocated.length +
    (state.allocating === undefined ? 0 : 1) +
    (batchAtTurn(state) === undefined ? 0 : 1)
  );
}

/** The batch whose turn it is: its input is being fixed, or it runs. */
export function batchAtTurn(state: BatchGenerator): EpochMs | undefined {
  return state.fixing ?? state.running;
}

function onStarted(state: BatchGenerator, now: EpochMs, effects: BatchEffect[]): void {
  assert(state.mode === "new", "a batch generator starts once");
  const { interval } = state.settings;
  state.mode = "open";
  state.last = epochMs(Math.floor(now / interval) * interval);
  state.zeroTime = state.last;
  state.nextWaiting = epochMs(state.last + interval);
  if (takenAll(state)) state.mode = "draining";
  else setTimer(state, effects);
}

function onTick(state: BatchGenerator, now: EpochMs, effects: BatchEffect[]): void {
  if (!ticking(state)) return;
  takeDue(state, now);
  if (takenAll(state)) state.mode = "draining";
  else setTimer(state, effects);
}

/** Takes every due batch. */
function takeDue(state: BatchGenerator, now: EpochMs): void {
  take(state, Math.max(0, Math.floor((now - state.last) / state.settings.interval)));
}

function take(state: BatchGenerator, count: number): void {
  const { interval, batchesMax } = state.settings;
  const taken = batchesMax === undefined ? count : Math.min(count, batchesMax - state.taken);
  state.last = epochMs(state.last + taken * interval);
  state.taken += taken;
}

function stopReceivers(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.receivers !== "running") return;
  state.receivers = "stopping";
  effects.push({ type: "stopReceivers" });
}

function onAllocated(state: BatchGenerator, time: EpochMs): void {
  assert(state.allocating === time, `batch ${time} has its blocks, but ${state.allocating ?? "none"} was to have them`);
  state.allocating = undefined;
  state.allocated.push(time);
}

function onInputFixed(state: BatchGenerator, time: EpochMs, effects: BatchEffect[]): void {
  assert(state.fixing === time, `the input of batch ${time} is fixed, but ${state.fixing ?? "none"} was asked for`);
  state.fixing = undefined;
  state.running = time;
  effects.push({ type: "runBatch", time });
}

function onOutputsDone(
  state: BatchGenerator,
  { time, prepared, error }: Event<"outputsDone">,
  effects: BatchEffect[],
): void {
  assert(
    state.running === time && state.commit === undefined,
    `the outputs of batch ${time} are done, but ${state.running ?? "none"} was running`,
  );
  if (error === undefined || state.settings.onFailure === "continue") {
    state.commit = startCommit({ time, prepared, error }, effects);
  } else {
    discard(time, prepared.outputs, effects);
    endBatch(state, { time, error, refused: [] }, effects);
  }
}

function onCommitted(state: BatchGenerator, { time, refused }: Event<"committed">, effects: BatchEffect[]): void {
  const { commit, settings, cut } = state;
  assert(commit?.time === time, `batch ${time} is committed, but ${commit?.time ?? "none"} was to be`);
  if (!onCommitAnswered(commit, refused, { settings, last: cut, effects })) return;
  endCommit(state, commit, [], effects);
  if (cut && state.mode !== "stopped") onStopNow(state, effects);
}

/** @param more Outputs that would have been retried. */
function endCommit(
  state: BatchGenerator,
  commit: Commit,
  more: readonly RefusedOutput[],
  effects: BatchEffect[],
): void {
  const refused = [...commit.refused, ...more];
  const error = commit.error ?? refused[0]?.error;
  if (error === undefined || state.settings.onFailure === "continue")
    state.committed = afterCommit(state.committed, commit);
  discard(
    commit.time,
    refused.map((output) => output.prepared),
    effects,
  );
  endBatch(state, { time: commit.time, error, refused }, effects);
}

function endBatch(
  state: BatchGenerator,
  ended: Omit<Extract<BatchEffect, { readonly type: "batchEnded" }>, "type">,
  effects: BatchEffect[],
): void {
  state.running = undefined;
  state.commit = undefined;
  state.cut = false;
  if (ended.error === undefined) state.succeeded++;
  else state.failed++;
  effects.push({ type: "batchEnded", ...ended });
  if (ended.error !== undefined && state.settings.onFailure === "stop")
    stop(state, { kind: "failed", time: ended.time, error: ended.error }, effects);
}

function onStopRequested(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.mode === "new") stop(state, { kind: "finished", bounded: takenAll(state) }, effects);
  if (state.mode !== "open" && state.mode !== "draining") return;
  // Ticks continue until all receivers have handed over their data: a slow one must not starve the others.
  if (state.mode === "open") state.mode = "stopping";
  stopReceivers(state, effects);
}

function onReceiversStopped(
  state: BatchGenerator,
  { pending, now }: Event<"receiversStopped">,
  effects: BatchEffect[],
): void {
  if (state.receivers !== "stopping") return;
  state.receivers = "stopped";
  if (state.mode !== "stopping") return; // all requested batches are taken
  state.mode = "draining";
  effects.push({ type: "cancelTimer" });
  takeDue(state, now);
  // A waiting batch takes the receivers' remaining data, but polls only up to its own time, which is past.
  if (state.settings.polls === true || (pending && countWaiting(state) === 0)) take(state, 1);
}

function onStopNow(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.commit?.phase === "committing") {
    state.cut = true;
    return;
  }
  if (state.commit !== undefined) endCommit(state, state.commit, state.commit.again, effects);
  if (state.mode === "stopped") return;
  const waiting = state.mode === "new" ? 0 : batchesDue(state);
  if (waiting === 0 && takenAll(state)) return stop(state, { kind: "finished", bounded: takenAll(state) }, effects); // only receivers were still running
  const cutOff = batchAtTurn(state);
  const notRun = waiting - (cutOff === undefined ? 0 : 1);
  const unread = state.settings.polls === true && state.mode === "stopping";
  if (cutOff !== undefined) effects.push({ type: "cancelBatch", time: cutOff });
  stop(state, { kind: "killed", cutOff, notRun, unread }, effects);
}

/** Advances batches as far as the bounds allow, and ends the job when nothing is left to do. */
function advance(state: BatchGenerator, effects: BatchEffect[]): void {
  if (state.mode === "new" || state.mode === "stopped") return;
  if (batchAtTurn(state) === undefined) {
    const next = state.allocated.shift();
    if (next !== undefined) {
      state.fixing = next;
      effects.push({ type: "fixInput", time: next });
    }
  }
  if (
    state.allocating === undefined &&
    countWaiting(state) > 0 &&
    state.allocated.length < state.settings.allocatedMax
  ) {
    state.allocating = state.nextWaiting;
    state.nextWaiting = epochMs(state.nextWaiting + state.settings.interval);
    effects.push({ type: "allocate", time: state.allocating });
  }
  // The last batch has its blocks: data received from now on would never be read.
  if (takenAll(state) && countWaiting(state) === 0) stopReceivers(state, effects);
  if (state.mode !== "draining" || batchesDue(state) > 0) return;
  if (state.receivers !== "stopping") {
    stop(state, { kind: "finished", bounded: takenAll(state) }, effects);
  } else if (!state.awaiting) {
    state.awaiting = true;
    effects.push({ type: "awaitReceivers" });
  }
}

function stop(state: BatchGenerator, end: BatchesEnd, effects: BatchEffect[]): void {
  if (ticking(state)) effects.push({ type: "cancelTimer" });
  state.mode = "stopped";
  state.end = end;
  state.allocating = undefined;
  state.fixing = undefined;
  state.running = undefined;
  state.allocated.length = 0;
  state.nextWaiting = epochMs(state.last + state.settings.interval);
  effects.push({ type: "batchesEnded", end });
}

function ticking(state: BatchGenerator): boolean {
  return state.mode === "open" || state.mode === "stopping";
}

function takenAll(state: BatchGenerator): boolean {
  return state.settings.batchesMax !== undefined && state.taken >= state.settings.batchesMax;
}

/** Batches that are only a time so far. */
export function countWaiting(state: BatchGenerator): number {
  return (state.last - state.nextWaiting) / state.settings.interval + 1;
}

function setTimer(state: BatchGenerator, effects: BatchEffect[]): void {
  effects.push({ type: "setTimer", at: epochMs(state.last + state.settings.interval) });
}
