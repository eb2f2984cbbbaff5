import type { ExecutorId, WireError } from "@millrace/base";
import type { BlockId } from "@millrace/plan";
import { stateMoved } from "../warnings.ts";
import { loseOutputs, loseResults } from "./map-outputs.ts";
import { quiesce, refresh } from "./stages.ts";
import { disown, rebalance } from "./state-owners.ts";
import { headline, lostExecutors } from "./task-errors.ts";
import {
  attemptKey,
  EXECUTOR_LOSSES_MAX,
  type Executor,
  IDLE,
  newExecutor,
  QUEUED,
  type Slot,
  type TaskScheduler,
} from "./task-state.ts";

export function onExecutorJoined(state: TaskScheduler, id: ExecutorId, slots: number): void {
  onExecutorLost(state, id, undefined);
  state.executors.set(id, newExecutor(id, slots, state.clock));
}

export function onExecutorReady(state: TaskScheduler, id: ExecutorId): void {
  const executor = state.executors.get(id);
  if (executor === undefined || executor.ready) return; // it was lost in the meantime
  executor.ready = true;
  if (state.operators.size > 0) state.joined = true;
  chooseReady(state);
  if (state.starved) state.effects.push({ type: "warningOver", subject: "tasks", message: undefined });
  state.starved = false;
}

export function onExecutorLeaving(state: TaskScheduler, id: ExecutorId): void {
  const executor = state.executors.get(id);
  if (executor === undefined || executor.leaving) return;
  executor.leaving = true;
  chooseReady(state);
  // Tasks that prefer it would wait for it in vain; they are in `any` too.
  if (!state.ready.includes(executor)) for (const stage of state.active) stage.preferring.delete(id);
}

/** Those that leave take tasks only if nobody else does. O(executors). */
function chooseReady(state: TaskScheduler): void {
  const there = [...state.executors.values()].filter(({ ready }) => ready);
  const staying = there.filter(({ leaving }) => !leaving);
  state.ready = staying.length > 0 ? staying : there;
}

export function onExecutorLost(state: TaskScheduler, id: ExecutorId, error: WireError | undefined): void {
  const executor = state.executors.get(id);
  if (executor === undefined) return;
  state.executors.delete(id);
  chooseReady(state);
  dropAddedHolder(state, id);
  for (const stage of state.shuffles.values()) loseOutputs(stage, id);
  for (const { result } of state.plans.values()) loseResults(result, id);
  for (const stage of state.active) stage.preferring.delete(id);
  for (const slot of executor.slots) endAttempt(state, slot, error);
  disown(state, executor); // nothing of it is busy any more
  for (const slot of executor.slots) releasePinned(slot);
  // All losses are registered by now: each stage that still needs lost outputs waits for them.
  const reason = error === undefined ? `executor ${id} was lost` : `executor ${id} was lost (${headline(error)})`;
  for (const stage of [...state.active]) refresh(state, stage, reason);
}

export function onHolderAdded(state: TaskScheduler, id: ExecutorId, blocks: readonly BlockId[]): void {
  if (!state.executors.has(id)) return; // it was lost in the meantime
  for (const block of blocks) state.addedHolders.set(block, [...(state.addedHolders.get(block) ?? []), id]);
}

function dropAddedHolder(state: TaskScheduler, id: ExecutorId): void {
  for (const [block, holders] of state.addedHolders) {
    if (!holders.includes(id)) continue;
    const rest = holders.filter((holder) => holder !== id);
    if (rest.length > 0) state.addedHolders.set(block, rest);
    else state.addedHolders.delete(block);
  }
}

/** Ends the attempt on a slot of a lost executor. This is not the task's fault, but is bounded nevertheless. */
function endAttempt(state: TaskScheduler, slot: Slot, error: WireError | undefined): void {
  const { stage, task } = slot;
  if (stage === undefined) return;
  slot.stage = undefined;
  if (slot.abandoned) {
    state.abandoned.delete(attemptKey(stage.planned.run, stage.planned.tasks[task]?.partition ?? task, slot.attempt));
    stage.abandoned--;
    quiesce(state, stage);
    return;
  }
  stage.status[task] = IDLE;
  stage.slots[task] = undefined;
  stage.running--;
  stage.todo++;
  const losses = (stage.losses[task] ?? 0) + 1;
  stage.losses[task] = losses;
  if (losses >= EXECUTOR_LOSSES_MAX) {
    state.failing.push({ stage, error: lostExecutors(stage, task, { executor: slot.executor.id, error }) });
  }
}

/** Tasks pinned to the slot wait for a new owner of their state. */
function releasePinned(slot: Slot): void {
  for (let entry = slot.pinned.shift(); entry !== undefined; entry = slot.pinned.shift()) {
    if (entry.stage.status[entry.task] === QUEUED) entry.stage.unowned.push(entry.task);
  }
}

/** Moves state away from executors that leave, and to those that have joined, while no task uses it. */
export function onBatchEnded(state: TaskScheduler): void {
  for (const executor of state.executors.values())
    if (executor.leaving && !state.ready.includes(executor)) handOver(state, executor);
  if (!state.joined) return;
  state.joined = false;
  const moved = rebalance(state);
  if (moved === 0) return;
  for (const executor of state.ready) for (const slot of executor.slots) releasePinned(slot);
  const message =
    `${moved} ${moved === 1 ? "partition of state moves" : "partitions of state move"} to executors that have joined, so that all ` +
    `${state.ready.length} share the work. Each is loaded from the checkpoint directory when its next batch runs; no action is needed.`;
  state.effects.push({ type: "warning", ...stateMoved("", message) });
}

/** Whoever runs the next task of its state becomes the owner, and loads the last committed version. */
function handOver(state: TaskScheduler, executor: Executor): void {
  if (executor.slots.every((slot) => slot.owned === 0)) return;
  disown(state, executor);
  for (const slot of executor.slots) releasePinned(slot);
}
