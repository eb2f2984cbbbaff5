import { assert, backoffPause, clauseOf, type ExecutorId, unreachable, type WireError } from "@millrace/base";
import type { MapOutcome, ResultOutcome, TaskKey, TaskOutcome } from "@millrace/plan";
import { taskRetried } from "../warnings.ts";
import { compareContent } from "./content.ts";
import { loseOutputs, parseShuffleBlock, registerOutput } from "./map-outputs.ts";
import { completeStage, endPlan, needs, quiesce, refresh, requeue } from "./stages.ts";
import { describeTask, headline, lostExecutors, taskFailure } from "./task-errors.ts";
import {
  attemptKey,
  DONE,
  EXECUTOR_LOSSES_MAX,
  IDLE,
  indexOf,
  isComplete,
  PAUSED,
  RUNNING,
  type Slot,
  type Stage,
  type TaskScheduler,
} from "./task-state.ts";

/** A report on one attempt. */
interface Report<Outcome> {
  readonly executor: ExecutorId;
  readonly task: TaskKey;
  readonly outcome: Outcome;
}
type FetchFailed = Extract<TaskOutcome, { readonly kind: "fetchFailed" }>;

export function onTaskReported(state: TaskScheduler, { executor, task, outcome }: Report<TaskOutcome>): void {
  switch (outcome.kind) {
    case "mapOutput":
    case "result":
      return onSucceeded(state, { executor, task, outcome });
    case "failed":
      return onFailed(state, { executor, task, outcome });
    case "fetchFailed":
      return onFetchFailed(state, { executor, task, outcome });
    case "cancelled":
      return onCancelled(state, executor, task);
    default:
      unreachable(outcome);
  }
}

/**
 * Frees the slot of the reported attempt.
 *
 * @returns Its stage, with the task idle; `undefined` for an attempt that was abandoned or is no longer known: its
 *   report changes nothing else.
 */
function endAttempt(state: TaskScheduler, executor: ExecutorId, key: TaskKey): Stage | undefined {
  const stage = state.stages.get(key.run);
  if (stage === undefined) return undefined;
  const index = indexOf(stage, key.partition);
  const slot = stage.slots[index];
  if (slot === undefined || slot.attempt !== key.attempt || slot.executor.id !== executor) {
    endAbandoned(state, executor, key, stage);
    return undefined;
  }
  if (stage.status[index] !== RUNNING) assert(false, `task ${index} of stage ${key.run} holds a slot but does not run`);
  stage.status[index] = IDLE;
  stage.slots[index] = undefined;
  stage.running--;
  stage.todo++;
  free(slot);
  return stage;
}

function endAbandoned(state: TaskScheduler, executor: ExecutorId, key: TaskKey, stage: Stage): void {
  if (state.abandoned.size === 0) return;
  const name = attemptKey(key.run, key.partition, key.attempt);
  const slot = state.abandoned.get(name);
  if (slot === undefined || slot.executor.id !== executor) return;
  state.abandoned.delete(name);
  stage.abandoned--;
  free(slot);
  quiesce(state, stage);
}

function free(slot: Slot): void {
  slot.stage = undefined;
  slot.abandoned = false;
  slot.executor.free++;
}

function onSucceeded(state: TaskScheduler, report: Report<MapOutcome | ResultOutcome>): void {
  const { executor, task, outcome } = report;
  const stage = endAttempt(state, executor, task);
  if (stage === undefined) return;
  const index = indexOf(stage, task.partition);
  stage.status[index] = DONE;
  stage.todo--;
  stage.failures[index] = 0;
  stage.losses[index] = 0;
  stage.failedOn[index] = undefined;
  countUpdates(state, stage, index, outcome.accumulators);
  if (stage.states.length > 0) stage.states[index] = outcome.state;
  if (outcome.kind === "mapOutput") {
    if (stage.outputs === undefined) assert(false, `stage ${task.run} writes no shuffle but reports map output`);
    const { bytes, copies, checksum } = outcome;
    // A replica that has left in the meantime no longer has a copy.
    const replica = outcome.replica !== undefined && state.executors.has(outcome.replica) ? outcome.replica : undefined;
    registerOutput(stage.outputs, index, { executor, replica, attempt: task.attempt, bytes, copies });
    compareContent(state, stage, index, checksum);
  } else {
    if (stage.outputs !== undefined) assert(false, `stage ${task.run} writes a shuffle but reports a result`);
    stage.results[index] = { executor, result: outcome.result };
  }
  if (!isComplete(stage)) return;
  completeStage(state, stage);
  const plan = stage.outputs === undefined ? state.plans.get(stage.plan) : undefined;
  if (plan !== undefined) endPlan(state, plan, undefined);
}

/** Keeps only the accumulator updates of a task's first success: a rerun would count its records twice. */
function countUpdates(state: TaskScheduler, stage: Stage, index: number, updates: Uint8Array): void {
  if (stage.counted[index] === 1) return;
  stage.counted[index] = 1;
  if (updates.length === 0) return;
  let plan = state.plans.get(stage.plan);
  if (plan === undefined) {
    for (const other of state.plans.values()) if (plan === undefined && needs(state, other, stage)) plan = other;
  }
  plan?.accumulators.push(updates);
}

function onFailed(state: TaskScheduler, report: Report<{ readonly error: WireError }>): void {
  const stage = endAttempt(state, report.executor, report.task);
  if (stage !== undefined) countFailure(state, stage, report);
}

function countFailure(
  state: TaskScheduler,
  stage: Stage,
  { executor, task, outcome: { error } }: Report<{ readonly error: WireError }>,
): void {
  const { attemptsMax } = state.settings;
  const index = indexOf(stage, task.partition);
  const failures = (stage.failures[index] ?? 0) + 1;
  stage.failures[index] = failures;
  stage.failedOn[index] = executor;
  stage.losses[index] = 0;
  if (error.kind?.retry === "never" || failures >= attemptsMax) {
    state.failing.push({ stage, error: taskFailure(stage, index, { executor, error, attemptsMax }) });
    return;
  }
  const delay = backoffPause(state.settings.retryDelay, failures, state.settings.rng);
  const which = describeTask(stage, index);
  const message =
    `${which} failed on ${executor}: ${headline(error)}. ` +
    `It is tried again${delay === 0 ? "" : ` in ${delay} ms`}; failure ${failures} of ${attemptsMax}.`;
  state.effects.push({ type: "warning", ...taskRetried(which, message) });
  if (delay === 0) return requeue(state, stage, index, headline(error));
  stage.status[index] = PAUSED;
  refresh(state, stage, headline(error)); // inputs lost while all of it ran are recomputed during the pause
  state.effects.push({ type: "retryAfter", task, delay });
}

/** Requeues a task after the pause, unless it is no longer needed or has been retried since. */
export function onRetryDue(state: TaskScheduler, task: TaskKey): void {
  const stage = state.stages.get(task.run);
  const index = stage === undefined ? -1 : indexOf(stage, task.partition);
  if (stage?.status[index] !== PAUSED || stage.attempts[index] !== task.attempt + 1) return;
  stage.status[index] = IDLE;
  requeue(state, stage, index, "it failed");
}

function onFetchFailed(state: TaskScheduler, report: Report<FetchFailed>): void {
  const { executor, task, outcome } = report;
  const stage = endAttempt(state, executor, task);
  if (stage === undefined) return;
  const block = parseShuffleBlock(outcome.block);
  const producer = block && state.shuffles.get(block.shuffle);
  if (block === undefined || producer === undefined || outcome.holder === "driver") {
    countFailure(state, stage, report); // received, broadcast or the driver's: it cannot be recomputed, but a retry may reach it
    return;
  }
  const index = indexOf(stage, task.partition);
  const output = producer.outputs?.maps[block.map];
  const reason = `executor ${outcome.holder} did not serve block ${outcome.block} (${clauseOf(outcome.error.message)})`;
  const { executor: first, replica } = output ?? {};
  if (output?.attempt === block.attempt && (first === outcome.holder || replica === outcome.holder)) {
    // If one block of a shuffle is missing, its neighbours usually are too: drop all of that holder's at once, for one
    // rerun. The holder of a second copy was tried too.
    loseOutputs(producer, output.executor);
    if (replica !== undefined) loseOutputs(producer, replica);
    for (const other of [...state.active]) {
      if (other === producer || other.planned.reads.includes(block.shuffle)) refresh(state, other, reason);
    }
  } else if (countLoss(state, stage, index, report)) {
    return;
  }
  requeue(state, stage, index, reason);
}

/**
 * The block has been replaced already, and the next attempt finds the new one. Bounded, in case a report is wrong.
 */
function countLoss(state: TaskScheduler, stage: Stage, index: number, report: Report<FetchFailed>): boolean {
  const losses = (stage.losses[index] ?? 0) + 1;
  stage.losses[index] = losses;
  if (losses < EXECUTOR_LOSSES_MAX) return false;
  const { executor, outcome } = report;
  state.failing.push({ stage, error: lostExecutors(stage, index, { executor, error: outcome.error }) });
  return true;
}

/** A cancelled attempt has stopped. An attempt that reports a cancellation nobody asked for counts as failed. */
function onCancelled(state: TaskScheduler, executor: ExecutorId, task: TaskKey): void {
  const stage = endAttempt(state, executor, task);
  if (stage === undefined) return;
  const message = `executor ${executor} cancelled it without being asked`;
  countFailure(state, stage, { executor, task, outcome: { error: { name: "TaskCancelled", message } } });
}
