import { assert, type EngineError } from "@millrace/base";
import type { UpdatedState } from "@millrace/plan";
import { stageRerun } from "../warnings.ts";
import { enqueue, unqueue } from "./placement.ts";
import { rerunsExhausted, unknownShuffle } from "./task-errors.ts";
import {
  attemptKey,
  IDLE,
  isComplete,
  isUpdate,
  PAUSED,
  type Plan,
  RUNNING,
  type Slot,
  STAGE_RERUNS_MAX,
  type Stage,
  type TaskScheduler,
} from "./task-state.ts";

/** Starts a stage that a plan needs and the stages it depends on, except complete and started ones. */
export function activate(state: TaskScheduler, stage: Stage): void {
  if (stage.active || isComplete(stage)) return;
  stage.active = true;
  let at = state.active.length;
  while (at > 0 && (state.active[at - 1]?.order ?? 0) > stage.order) at--;
  state.active.splice(at, 0, stage);
  refresh(state, stage, "");
}

/**
 * Brings an active stage in line with its inputs. If they are complete, its idle tasks are queued; otherwise its queued
 * tasks wait, and the stages that write the missing inputs start. O(its tasks).
 *
 * @param reason The cause of a possible loss of inputs, for messages.
 */
export function refresh(state: TaskScheduler, stage: Stage, reason: string): void {
  if (!stage.active || stage.todo === 0) return;
  if (inputsComplete(state, stage)) {
    stage.ready = true;
    for (let i = 0; i < stage.status.length; i++) if (stage.status[i] === IDLE) enqueue(state, stage, i);
    return;
  }
  if (stage.ready) loseReadiness(state, stage, reason);
  for (const shuffle of stage.planned.reads) {
    const producer = state.shuffles.get(shuffle);
    if (producer === undefined) {
      state.failing.push({ stage, error: unknownShuffle(shuffle, stage.planned.name) });
    } else {
      activate(state, producer);
    }
  }
}

function loseReadiness(state: TaskScheduler, stage: Stage, reason: string): void {
  unqueue(stage);
  stage.ready = false;
  stage.reruns++;
  if (stage.reruns > STAGE_RERUNS_MAX) {
    state.failing.push({ stage, error: rerunsExhausted(stage, reason) });
    return;
  }
  const { name } = stage.planned;
  const message =
    `stage "${name}" waits until its lost inputs are recomputed, because ${reason}. ` +
    `Rerun ${stage.reruns} of at most ${STAGE_RERUNS_MAX} in a row.`;
  state.effects.push({ type: "warning", ...stageRerun(name, message) });
}

export function inputsComplete(state: TaskScheduler, stage: Stage): boolean {
  for (const shuffle of stage.planned.reads) {
    if (state.shuffles.get(shuffle)?.outputs?.missing !== 0) return false;
  }
  return true;
}

/** Requeues an idle task of an active stage, in O(1), or makes the stage wait for its inputs. */
export function requeue(state: TaskScheduler, stage: Stage, index: number, reason: string): void {
  if (stage.ready && inputsComplete(state, stage)) enqueue(state, stage, index);
  else refresh(state, stage, reason);
}

/** All tasks are done: readers may continue. */
export function completeStage(state: TaskScheduler, stage: Stage): void {
  deactivate(state, stage);
  if (stage.outputs === undefined) return;
  stage.outputs.differing = false;
  for (const reader of [...state.active]) {
    if (!reader.ready && reader.planned.reads.includes(stage.outputs.shuffle)) refresh(state, reader, "");
  }
}

function deactivate(state: TaskScheduler, stage: Stage): void {
  assert(stage.active, `stage ${stage.planned.run} is not active`);
  state.active.splice(state.active.indexOf(stage), 1);
  if (stage.todo > 0) unqueue(stage);
  if (stage.running > 0) abandonAll(state, stage);
  for (let i = 0; i < stage.status.length; i++) if (stage.status[i] === PAUSED) stage.status[i] = IDLE;
  stage.active = false;
  stage.ready = false;
  stage.reruns = 0;
  stage.failures.fill(0);
  stage.losses.fill(0);
  stage.failedOn.fill(undefined);
  quiesce(state, stage);
}

function abandonAll(state: TaskScheduler, stage: Stage): void {
  for (let i = 0; i < stage.status.length; i++) {
    const slot = stage.slots[i];
    if (stage.status[i] === RUNNING && slot !== undefined) abandon(state, stage, i, slot);
  }
}

/** Cancels an attempt: its task is idle again, while its slot stays taken until the report. */
export function abandon(state: TaskScheduler, stage: Stage, index: number, slot: Slot): void {
  const { run } = stage.planned;
  const partition = stage.planned.tasks[index]?.partition ?? index;
  slot.abandoned = true;
  state.abandoned.set(attemptKey(run, partition, slot.attempt), slot);
  stage.status[index] = IDLE;
  stage.slots[index] = undefined;
  stage.running--;
  stage.todo++;
  stage.abandoned++;
  state.effects.push({
    type: "cancel",
    executor: slot.executor.id,
    task: { run, partition, attempt: slot.attempt },
  });
}

/** Reports `stageDone` once no attempt of the stage runs and the stage is not needed. */
export function quiesce(state: TaskScheduler, stage: Stage): void {
  if (stage.active || stage.abandoned > 0) return;
  if (stage.outputs === undefined || stage.outputs.dropped) state.sweepDue = true;
  if (!stage.announced) return;
  stage.announced = false;
  state.effects.push({ type: "stageDone", run: stage.planned.run });
}

/** Ends every plan that needs the stage. */
export function failStage(state: TaskScheduler, stage: Stage, error: EngineError): void {
  for (const plan of [...state.plans.values()]) {
    if (needs(state, plan, stage)) endPlan(state, plan, error);
  }
}

/** Ends a plan with its results or with an error. */
export function endPlan(state: TaskScheduler, plan: Plan, error: EngineError | undefined): void {
  state.plans.delete(plan.id);
  state.sweepDue = true;
  if (error !== undefined) {
    state.effects.push({ type: "planFailed", plan: plan.id, error });
    return;
  }
  const results = plan.result.results.map((result, index) => {
    assert(result !== undefined, `plan ${plan.id} is done without the result of its task ${index}`);
    return result;
  });
  markGiven(state, plan);
  const states = updatedStates(state, plan);
  state.effects.push({ type: "planDone", plan: plan.id, results, accumulators: plan.accumulators, states });
}

/** The versions that the plan's stages, which are marked, have written for its batch. */
function updatedStates(state: TaskScheduler, { action, result }: Plan): readonly UpdatedState[] {
  const updated: UpdatedState[] = [];
  for (const stage of state.stages.values()) {
    if (stage.mark !== result.mark || stage.states.length === 0) continue;
    for (const [index, task] of stage.planned.tasks.entries()) {
      const ref = task.state;
      // A stage of an earlier batch may be among them, recomputed.
      if (ref === undefined || !isUpdate(task) || ref.batch !== action.batch) continue;
      updated.push({ operator: ref.operator, partition: ref.partition, version: stage.states[index] });
    }
  }
  return updated;
}

/** Marks the outputs from which the plan's results were computed as given out with them. */
function markGiven(state: TaskScheduler, plan: Plan): void {
  const mark = ++state.marks;
  walk(state, plan.result, mark, true);
  for (const { outputs, mark: marked } of state.shuffles.values()) {
    if (marked !== mark || outputs === undefined) continue;
    outputs.given = true;
    outputs.differences = 0;
  }
}

/** True if the plan cannot end without more work of the stage. */
export function needs(state: TaskScheduler, plan: Plan, stage: Stage): boolean {
  const mark = ++state.marks;
  walk(state, plan.result, mark, false);
  return stage.mark === mark;
}

/** Marks the stage and those it reads from: all of them, or only those with work left. */
function walk(state: TaskScheduler, stage: Stage, mark: number, all: boolean): void {
  if (stage.mark === mark || (!all && isComplete(stage))) return;
  stage.mark = mark;
  if (!all && stage.todo === 0) return; // running tasks have their inputs
  for (const shuffle of stage.planned.reads) {
    const producer = state.shuffles.get(shuffle);
    if (producer !== undefined) walk(state, producer, mark, all);
  }
}

/** Stops and drops stages that no plan needs any more. O(live stages). */
export function sweep(state: TaskScheduler): void {
  state.sweepDue = false;
  const working = ++state.marks;
  for (const plan of state.plans.values()) walk(state, plan.result, working, false);
  for (const stage of [...state.active]) if (stage.mark !== working) deactivate(state, stage);
  const reachable = ++state.marks;
  for (const plan of state.plans.values()) walk(state, plan.result, reachable, true);
  const dropped = [];
  for (const stage of state.stages.values()) {
    if (stage.mark === reachable || stage.active || stage.abandoned > 0) continue;
    if (stage.outputs === undefined) {
      state.stages.delete(stage.planned.run);
    } else if (stage.outputs.dropped) {
      state.stages.delete(stage.planned.run);
      state.shuffles.delete(stage.outputs.shuffle);
      dropped.push(stage.outputs.shuffle);
    }
  }
  state.sweepDue = false;
  if (dropped.length === 0) return;
  for (const executor of state.executors.keys())
    state.effects.push({ type: "dropShuffles", executor, shuffles: dropped });
}
