import { assert } from "@millrace/base";
import type { ActionPlan, ShuffleId } from "@millrace/plan";
import { activate, endPlan } from "./stages.ts";
import { planCancelled, unknownShuffle } from "./task-errors.ts";
import type { PlanId } from "./task-events.ts";
import { isComplete, newStage, type Plan, type TaskScheduler } from "./task-state.ts";

export function onPlanSubmitted(state: TaskScheduler, id: PlanId, action: ActionPlan): void {
  assert(!state.plans.has(id), `plan ${id} is submitted twice`);
  const last = action.stages.at(-1);
  assert(last !== undefined && last.writes === undefined, `the last stage of plan ${id} gives no result`);
  const unknown = findUnknownShuffle(state, action);
  if (unknown !== undefined) {
    const error = unknownShuffle(unknown.shuffle, unknown.reader);
    state.effects.push({ type: "planFailed", plan: id, error });
    return;
  }
  for (const planned of action.stages) {
    // Another plan has brought the stage that writes this shuffle: its output serves both.
    if (planned.writes !== undefined && state.shuffles.has(planned.writes.shuffle)) continue;
    assert(!state.stages.has(planned.run), `stage run ${planned.run} is submitted twice`);
    const stage = newStage(planned, id, state.clock, state.stagesSeen++);
    state.stages.set(planned.run, stage);
    if (planned.writes !== undefined) state.shuffles.set(planned.writes.shuffle, stage);
  }
  const result = state.stages.get(last.run);
  assert(result !== undefined, "the last stage was entered above");
  const plan: Plan = { id, action, result, accumulators: [] };
  state.plans.set(id, plan);
  activate(state, result);
  if (isComplete(result)) endPlan(state, plan, undefined); // it has no tasks
}

/** A shuffle that is neither live nor written by an earlier stage of the plan. */
function findUnknownShuffle(
  state: TaskScheduler,
  action: ActionPlan,
): { readonly shuffle: ShuffleId; readonly reader: string } | undefined {
  const written = new Set<ShuffleId>();
  for (const stage of action.stages) {
    for (const shuffle of stage.reads) {
      if (!written.has(shuffle) && !state.shuffles.has(shuffle)) return { shuffle, reader: stage.name };
    }
    if (stage.writes !== undefined) written.add(stage.writes.shuffle);
  }
  return undefined;
}

export function onCancelPlan(state: TaskScheduler, id: PlanId, reason: string): void {
  const plan = state.plans.get(id);
  if (plan === undefined) return; // it has ended in the meantime
  endPlan(
    state,
    plan,
    planCancelled(
      `a plan of batch ${plan.action.batch} was cancelled: ${reason}. Its tasks stop, and its results are discarded.`,
      {
        fields: { plan: id, batch: plan.action.batch },
      },
    ),
  );
}

export function onDropShuffles(state: TaskScheduler, shuffles: readonly ShuffleId[]): void {
  for (const shuffle of shuffles) {
    const outputs = state.shuffles.get(shuffle)?.outputs;
    if (outputs !== undefined) outputs.dropped = true;
  }
  state.sweepDue = true;
}
