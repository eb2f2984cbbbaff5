import { unreachable } from "@millrace/base";
import { noExecutors } from "../warnings.ts";
import {
  onBatchEnded,
  onExecutorJoined,
  onExecutorLeaving,
  onExecutorLost,
  onExecutorReady,
  onHolderAdded,
} from "./executor-events.ts";
import { place } from "./placement.ts";
import { onCancelPlan, onDropShuffles, onPlanSubmitted } from "./plan-events.ts";
import { failStage, sweep } from "./stages.ts";
import type { TaskEffect, TaskEvent } from "./task-events.ts";
import { onRetryDue, onTaskReported } from "./task-reports.ts";
import type { TaskScheduler } from "./task-state.ts";

/**
 * Advances all plans of a job by one event. Owns `state`; reads no clock, no randomness, no I/O.
 *
 * A plan needs its last stage; a stage with work left needs the shuffles it reads; a shuffle with missing outputs needs
 * its stage, whichever plan brought that. So lost outputs are recomputed exactly when they are needed, and a shuffle
 * that two plans name is computed once.
 *
 * Cost: O(1) per task report, plus the size of its output and of the inputs of the tasks it launches; O(live tasks) for
 * a lost executor; O(live stages) when a plan ends.
 */
export function stepTasks(state: TaskScheduler, event: TaskEvent): readonly TaskEffect[] {
  const effects: TaskEffect[] = [];
  state.effects = effects;
  state.clock++;
  handle(state, event);
  settle(state);
  return effects;
}

function handle(state: TaskScheduler, event: TaskEvent): void {
  switch (event.type) {
    case "planSubmitted":
      onPlanSubmitted(state, event.plan, event.action);
      break;
    case "cancelPlan":
      onCancelPlan(state, event.plan, event.reason);
      break;
    case "executorJoined":
      onExecutorJoined(state, event.executor, event.slots);
      break;
    case "executorReady":
      onExecutorReady(state, event.executor);
      break;
    case "executorLeaving":
      onExecutorLeaving(state, event.executor);
      break;
    case "executorLost":
      onExecutorLost(state, event.executor, event.error);
      break;
    case "taskReported":
      onTaskReported(state, event);
      break;
    case "retryDue":
      onRetryDue(state, event.task);
      break;
    case "holderAdded":
      onHolderAdded(state, event.executor, event.blocks);
      break;
    case "copiesReleased":
      for (const block of event.blocks) state.addedHolders.delete(block);
      break;
    case "batchEnded":
      onBatchEnded(state);
      break;
    case "dropShuffles":
      onDropShuffles(state, event.shuffles);
      break;
    default:
      unreachable(event);
  }
}

/** Ends failed plans, drops unneeded stages and fills free slots. Terminates, since each round with failures ends a plan. */
function settle(state: TaskScheduler): void {
  do {
    for (let failed = state.failing.shift(); failed !== undefined; failed = state.failing.shift()) {
      failStage(state, failed.stage, failed.error);
    }
    if (state.sweepDue) sweep(state);
    place(state);
  } while (state.failing.length > 0);
  warnWhenStarved(state);
}

function warnWhenStarved(state: TaskScheduler): void {
  if (state.starved || state.ready.length > 0 || state.active.length === 0) return;
  state.starved = true;
  const joined = state.executors.size;
  const who = joined === 0 ? "the job has no executor" : `none of the job's ${joined} executors is ready yet`;
  const message = `${who}: stage "${state.active[0]?.planned.name}" waits. It continues by itself when one is ready.`;
  state.effects.push({ type: "warning", ...noExecutors("tasks", message) });
}
