import { assert, type EpochMs, epochMs, unreachable } from "@millrace/base";
import { type Commit, commitAgain, discard, onCommitAnswered, onPreparedLogged, startCommit } from "./batch-commit.ts";
import type { BatchEffect, BatchEvent, BatchesEnd } from "./batch-events.ts";
import { type BatchGenerator, batchAtTurn, batchesDue, countWaiting, takenAll } from "./batch-state.ts";
import { afterBatch, type ResumedBatches } from "./logged-batches.ts";
import { availableTimes, gapTimes, latestTick, type TickPosition } from "./missed-ticks.ts";

type Event<Type extends BatchEvent["type"]> = Extract<BatchEvent, { readonly type: Type }>;

/** Advances the generator by one event. Owns `state`; reads no clock. O(1) per event, however many ticks are due. */
export function stepBatches(state: BatchGenerator, event: BatchEvent): readonly BatchEffect[] {
  const effects: BatchEffect[] = [];
  if (state.mode === "stopped") {
    if (event.type === "outputsDone") discard(event.time, event.prepared.outputs, effects); // of the cancelled batch
    return effects;
  }
  switch (event.type) {
    case "started":
      onStarted(state, event, effects);
      break;
    case "tick":
      onTick(state, event.now, effects);
      break;
    case "allocated":
      onAllocated(state, event.time);
      break;
    case "inputFixed":
      onInputFixed(state, event, effects);
      break;
    case "outputsDone":
      onOutputsDone(state, event, effects);
      break;
    case "committed":
      onCommitted(state, event, effects);
      break;
    case "logged":
      onLogged(state, event.time, effects);
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

function onStarted(state: BatchGenerator, { now, resumed }: Event<"started">, effects: BatchEffect[]): void {
  assert(state.mode === "new", "a batch generator starts once");
  const { interval } = state.settings;
  state.mode = "open";
  // Imported state may be of a later time than this one, by the clock of another machine.
  const begin = Math.max(Math.floor(now / interval), Math.ceil((resumed?.last ?? 0) / interval));
  state.zeroTime = resumed?.zeroTime ?? epochMs(begin * interval);
  state.last = resumed?.zeroTime === undefined ? state.zeroTime : resumed.last;
  state.nextWaiting = epochMs(state.last + interval);
  effects.push({ type: "begin", zeroTime: state.zeroTime });
  if (resumed !== undefined) resume(state, resumed, now);
  if (state.settings.availableNow === true && !takenAll(state)) takeTimes(state, availableTimes(position(state), now));
  if (takenAll(state)) state.mode = "draining";
  else setTimer(state, effects);
}

/** Goes on where an earlier run was: with the batch that it has not committed, then with the ticks that it has missed. */
function resume(state: BatchGenerator, { committed, pending }: ResumedBatches, now: EpochMs): void {
  const { missed, availableNow } = state.settings;
  state.committed = committed;
  if (pending?.prepared !== undefined) state.resumed = { ...pending, prepared: pending.prepared };
  if (pending !== undefined) takeTimes(state, [pending.time]);
  if (availableNow === true) return; // its first batch is to come
  if (missed === "one") takeTimes(state, gapTimes(position(state), latestTick(position(state), now)));
  else takeDue(state, now);
}

const position = ({ settings: { interval, slides = [] }, zeroTime, last }: BatchGenerator): TickPosition => ({
  interval,
  zeroTime,
  last,
  slides,
});

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
  const taken = Math.min(count, takeable(state));
  state.last = epochMs(state.last + taken * state.settings.interval);
  state.taken += taken;
}

/** Takes batches of these times, ascending, before any other is waiting. */
function takeTimes(state: BatchGenerator, times: readonly EpochMs[]): void {
  const taken = times.slice(0, takeable(state));
  state.gap.push(...taken);
  state.taken += taken.length;
  state.last = taken.at(-1) ?? state.last;
  state.nextWaiting = epochMs(state.last + state.settings.interval);
}

const takeable = ({ settings: { batchesMax }, taken }: BatchGenerator): number =>
  batchesMax === undefined ? Number.POSITIVE_INFINITY : batchesMax - taken;

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

function onInputFixed(state: BatchGenerator, { time, more }: Event<"inputFixed">, effects: BatchEffect[]): void {
  assert(state.fixing === time, `the input of batch ${time} is fixed, but ${state.fixing ?? "none"} was asked for`);
  if (state.settings.availableNow === true && state.mode === "open" && state.last === time) {
    if (more) take(state, 1);
    else state.exhausted = true;
    if (takenAll(state)) state.mode = "draining";
  }
  state.fixing = undefined;
  state.running = time;
  effects.push({ type: "runBatch", time });
}

/** What the batch has prepared is logged. */
function onLogged({ commit }: BatchGenerator, time: EpochMs, effects: BatchEffect[]): void {
  assert(
    commit?.time === time && commit.phase === "logging",
    `batch ${time} is logged, but ${commit?.time ?? "none"} was to be`,
  );
  onPreparedLogged(commit, effects);
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
  const known = state.resumed?.time === time; // its commit may have begun
  if (known || error === undefined || state.settings.onFailure === "continue") {
    const log = state.settings.logged === true && prepared.outputs.length > 0 && !known;
    state.commit = startCommit({ time, prepared, error }, { log, effects });
  } else {
    discard(time, prepared.outputs, effects);
    endBatch(state, { time, error, refused: [] }, effects);
  }
}

function onCommitted(state: BatchGenerator, { time, refused }: Event<"committed">, effects: BatchEffect[]): void {
  const { commit, settings, cut } = state;
  assert(commit?.time === time, `batch ${time} is committed, but ${commit?.time ?? "none"} was to be`);
  if (onCommitAnswered(commit, refused, { settings, last: cut, effects })) endCommit(state, commit, effects);
}

/** Every output is committed, or refused for good. What was refused is discarded after the entry: until then the log asks to commit it. */
function endCommit(state: BatchGenerator, commit: Commit, effects: BatchEffect[]): void {
  const { time, prepared, refused } = commit;
  const { cut } = state;
  if (state.settings.logged === true) logEnd(state, commit, effects);
  if (counts(state, commit)) state.committed = afterBatch(state.committed, time, prepared.states);
  discard(
    time,
    refused.map((output) => output.prepared),
    effects,
  );
  endBatch(state, { time, error: errorOf(commit), refused }, effects);
  if (cut && state.mode !== "stopped") onStopNow(state, effects);
}

function logEnd(state: BatchGenerator, commit: Commit, effects: BatchEffect[]): void {
  const { time, prepared, refused } = commit;
  if (counts(state, commit)) {
    const failed = errorOf(commit) !== undefined;
    effects.push({ type: "logEnded", end: "committed", time, states: prepared.states, failed });
  } else {
    const done = prepared.outputs.filter(
      (output) => !refused.some((one) => one.prepared.output.id === output.output.id),
    );
    effects.push({ type: "logEnded", end: "abandoned", time, done: done.map(({ output }) => output) });
  }
}

const errorOf = (commit: Commit): Commit["error"] => commit.error ?? commit.refused[0]?.error;

/** Whether later batches build on it. */
function counts(state: BatchGenerator, commit: Commit): boolean {
  return errorOf(commit) === undefined || state.settings.onFailure === "continue";
}

function endBatch(
  state: BatchGenerator,
  ended: Omit<Extract<BatchEffect, { readonly type: "batchEnded" }>, "type">,
  effects: BatchEffect[],
): void {
  state.running = undefined;
  state.commit = undefined;
  state.cut = false;
  state.resumed = undefined;
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
  if (state.settings.availableNow === true) return; // what is left waits for the next run
  effects.push({ type: "cancelTimer" });
  takeDue(state, now);
  // A waiting batch takes the receivers' remaining data, but polls only up to its own time, which is past.
  if (state.settings.polls === true || (pending && countWaiting(state) === 0)) take(state, 1);
}

function onStopNow(state: BatchGenerator, effects: BatchEffect[]): void {
  const { commit } = state;
  if (commit !== undefined) {
    state.cut = true; // it ends when the commit has
    if (commit.phase !== "paused") return;
    commit.refused.push(...commit.again);
    return endCommit(state, commit, effects);
  }
  const waiting = state.mode === "new" ? 0 : batchesDue(state);
  if (waiting === 0 && takenAll(state)) return stop(state, { kind: "finished", bounded: true }, effects); // only receivers were still running
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
    if (next !== undefined) startBatch(state, next, effects);
  }
  if (
    state.allocating === undefined &&
    countWaiting(state) > 0 &&
    state.allocated.length < state.settings.allocatedMax
  ) {
    state.allocating = nextTime(state);
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

/** Takes the oldest waiting time. */
function nextTime(state: BatchGenerator): EpochMs {
  const inGap = state.gap.shift();
  if (inGap !== undefined) return inGap;
  const time = state.nextWaiting;
  state.nextWaiting = epochMs(time + state.settings.interval);
  return time;
}

function startBatch(state: BatchGenerator, time: EpochMs, effects: BatchEffect[]): void {
  const { resumed } = state;
  if (resumed?.time === time) {
    state.running = time;
    effects.push({ type: "finishBatch", ...resumed });
  } else {
    state.fixing = time;
    effects.push({ type: "fixInput", time });
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
  state.gap.length = 0;
  state.nextWaiting = epochMs(state.last + state.settings.interval);
  effects.push({ type: "batchesEnded", end });
}

function ticking(state: BatchGenerator): boolean {
  return state.settings.availableNow !== true && (state.mode === "open" || state.mode === "stopping");
}

function setTimer(state: BatchGenerator, effects: BatchEffect[]): void {
  if (!ticking(state)) return;
  effects.push({ type: "setTimer", at: epochMs(state.last + state.settings.interval) });
}
