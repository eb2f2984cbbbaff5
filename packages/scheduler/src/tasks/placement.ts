import { assert, EngineError, type ExecutorId } from "@millrace/base";
import type { LaunchTask, PlannedState, StateRef } from "@millrace/plan";
import { resolveInputs, scoreInputs } from "./map-outputs.ts";
import { Queue } from "./queue.ts";
import { ownerOf } from "./state-owners.ts";
import { type Executor, IDLE, QUEUED, RUNNING, type Slot, type Stage, type TaskScheduler } from "./task-state.ts";

/** Queues an idle task of a ready stage where a slot will find it. O(1), plus the input blocks scored for its preference. */
export function enqueue(state: TaskScheduler, stage: Stage, index: number): void {
  if (stage.status[index] !== IDLE) assert(false, `task ${index} of stage ${stage.planned.run} is queued twice`);
  stage.status[index] = QUEUED;
  const failedOn = stage.failedOn[index];
  if (stage.planned.tasks[index]?.state !== undefined) {
    stage.unowned.push(index);
  } else if (failedOn !== undefined) {
    queueOf(stage.avoiding, failedOn).push(index);
  } else {
    stage.any.push(index);
    if (scoreInputs(state, stage, index)) prefer(state, stage, index);
  }
}

/** Removes all queued tasks of a stage from its queues; entries in slots' queues are skipped later. O(tasks). */
export function unqueue(stage: Stage): void {
  for (let i = 0; i < stage.status.length; i++) if (stage.status[i] === QUEUED) stage.status[i] = IDLE;
  stage.any.clear();
  stage.unowned.clear();
  stage.preferring.clear();
  stage.avoiding.clear();
}

/**
 * Launches tasks on free slots. Earlier stages go first. Within a stage: tasks whose state is in a free slot, retries,
 * tasks most of whose input is on an executor with a free slot, then any task anywhere. Nothing waits for locality;
 * only stateful tasks wait for their slot, and retries for another executor if there is one.
 */
export function place(state: TaskScheduler): void {
  if (state.ready.length === 0) return;
  for (const stage of state.active) if (stage.unowned.size > 0) assignOwners(state, stage);
  // State of a leaving executor stays there until the batch has ended.
  for (const executor of state.executors.values()) if (executor.free > 0) placePinned(state, executor);
  for (const stage of state.active) {
    if (state.failing.length > 0) return; // plans that cannot continue end first
    if (!stage.ready || stage.todo === 0) continue;
    if (stage.avoiding.size > 0) placeRetries(state, stage);
    if (stage.preferring.size > 0) placePreferred(state, stage);
    if (stage.any.size > 0) placeAny(state, stage);
  }
}

function assignOwners(state: TaskScheduler, stage: Stage): void {
  for (let index = stage.unowned.shift(); index !== undefined; index = stage.unowned.shift()) {
    const ref = stage.planned.tasks[index]?.state;
    if (ref === undefined || stage.status[index] !== QUEUED) continue;
    const owner = ownerOf(state, ref);
    assert(owner !== undefined, "a ready executor has a slot");
    owner.pinned.push({ stage, task: index });
  }
}

function placePinned(state: TaskScheduler, executor: Executor): void {
  for (const slot of executor.slots) {
    while (slot.stage === undefined && slot.pinned.size > 0 && state.failing.length === 0) {
      const entry = slot.pinned.shift();
      if (entry === undefined || entry.stage.status[entry.task] !== QUEUED) continue;
      // An entry from before the stage was unqueued may name a task that is queued again for another owner.
      const ref = entry.stage.planned.tasks[entry.task]?.state;
      if (ref !== undefined && ownerOf(state, ref) === slot) launch(state, entry.stage, entry.task, slot);
    }
  }
}

function placeRetries(state: TaskScheduler, stage: Stage): void {
  for (const [avoid, queue] of stage.avoiding) {
    while (state.failing.length === 0) {
      const executor = roomiest(state, avoid) ?? (onlyOne(state, avoid) ? roomiest(state, undefined) : undefined);
      if (executor === undefined) break;
      const index = takeQueued(stage, queue);
      if (index === undefined) break;
      launch(state, stage, index, freeSlot(executor));
    }
    if (queue.size === 0) stage.avoiding.delete(avoid);
  }
}

function placePreferred(state: TaskScheduler, stage: Stage): void {
  for (const executor of state.ready) {
    const queue = executor.free > 0 ? stage.preferring.get(executor.id) : undefined;
    while (queue !== undefined && executor.free > 0 && state.failing.length === 0) {
      const index = takeFresh(stage, queue);
      if (index === undefined) break;
      launch(state, stage, index, freeSlot(executor));
    }
  }
}

function placeAny(state: TaskScheduler, stage: Stage): void {
  while (state.failing.length === 0) {
    let executor = roomiest(state, undefined);
    if (executor === undefined) return;
    const index = takeFresh(stage, stage.any);
    if (index === undefined) return;
    if (stage.preferring.size > 0 && scoreInputs(state, stage, index)) executor = bestScored(state) ?? executor;
    launch(state, stage, index, freeSlot(executor));
  }
}

/** The next entry that is still queued. Entries of tasks launched from another queue are skipped. */
function takeQueued(stage: Stage, queue: Queue<number>): number | undefined {
  for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
    if (stage.status[index] === QUEUED) return index;
  }
  return undefined;
}

/** Like `takeQueued`, without tasks that have failed since and are in `avoiding`. */
function takeFresh(stage: Stage, queue: Queue<number>): number | undefined {
  for (let index = takeQueued(stage, queue); index !== undefined; index = takeQueued(stage, queue)) {
    if (stage.failedOn[index] === undefined) return index;
  }
  return undefined;
}

function launch(state: TaskScheduler, stage: Stage, index: number, slot: Slot): void {
  const planned = stage.planned.tasks[index];
  if (planned === undefined || slot.stage !== undefined)
    assert(false, `slot ${slot.index} of ${slot.executor.id} is taken`);
  const inputs = resolveInputs(state, stage, index);
  if (inputs instanceof EngineError) {
    // The task stays marked as queued but is in no queue: its plans fail before this step ends, which removes it.
    state.failing.push({ stage, error: inputs });
    return;
  }
  const attempt = stage.attempts[index] ?? 0;
  stage.attempts[index] = attempt + 1;
  stage.status[index] = RUNNING;
  stage.slots[index] = slot;
  stage.todo--;
  stage.running++;
  stage.announced = true;
  slot.stage = stage;
  slot.task = index;
  slot.attempt = attempt;
  slot.abandoned = false;
  slot.executor.free--;
  const task: LaunchTask = {
    run: stage.planned.run,
    partition: planned.partition,
    attempt,
    template: planned.template,
    inputs,
    slot: slot.index,
    ...(planned.state === undefined ? undefined : { state: stateRef(state, planned.state) }),
    ...(planned.output === undefined ? undefined : { output: planned.output }),
  };
  state.effects.push({ type: "launch", executor: slot.executor.id, stage: stage.planned, task });
}

/** Every launch that may write state has a version of its own to write, however often its stage is submitted. */
function stateRef(state: TaskScheduler, { after, ...planned }: PlannedState): StateRef {
  if (after === undefined) {
    const { batch } = planned;
    return { ...planned, writes: { batch, attempt: state.stateAttempts++, epoch: state.settings.epoch } };
  }
  const written = state.shuffles.get(after.shuffle)?.states[after.map];
  return { ...planned, head: written ?? planned.head, writes: undefined };
}

/** Queues the task under each executor that holds most of its input; copies can make several equal. */
function prefer(state: TaskScheduler, stage: Stage, index: number): void {
  let most = 0;
  for (const executor of state.ready) if (executor.score > most) most = executor.score;
  if (most === 0) return;
  for (const executor of state.ready) {
    if (executor.score === most) queueOf(stage.preferring, executor.id).push(index);
  }
}

/** The ready executor with the most free slots, other than `avoid`. */
function roomiest(state: TaskScheduler, avoid: ExecutorId | undefined): Executor | undefined {
  let best: Executor | undefined;
  for (const executor of state.ready) {
    if (executor.id !== avoid && executor.free > (best?.free ?? 0)) best = executor;
  }
  return best;
}

/** The ready executor with a free slot that holds most of the last scored input; `undefined` if none holds any. */
function bestScored(state: TaskScheduler): Executor | undefined {
  let best: Executor | undefined;
  for (const executor of state.ready) {
    if (executor.free > 0 && executor.score > (best?.score ?? 0)) best = executor;
  }
  return best;
}

function onlyOne(state: TaskScheduler, id: ExecutorId): boolean {
  return state.ready.length === 1 && state.ready[0]?.id === id;
}

function freeSlot(executor: Executor): Slot {
  for (const slot of executor.slots) if (slot.stage === undefined) return slot;
  assert(false, `${executor.id} counts ${executor.free} free slots and has none`);
}

function queueOf(queues: Map<ExecutorId, Queue<number>>, executor: ExecutorId): Queue<number> {
  let queue = queues.get(executor);
  if (queue === undefined) {
    queue = new Queue();
    queues.set(executor, queue);
  }
  return queue;
}
