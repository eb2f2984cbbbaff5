import {
  clauseOf,
  EngineError,
  type ErrorFactory,
  type ErrorFields,
  type ExecutorId,
  errorKind,
  fromWireError,
  type WireError,
} from "@millrace/base";
import type { BlockId, ShuffleId } from "@millrace/plan";
import { DIFFERENCES_MAX, EXECUTOR_LOSSES_MAX, STAGE_RERUNS_MAX, type Stage } from "./task-state.ts";

const shuffleUnknown: ErrorFactory = errorKind("SHUFFLE_UNKNOWN", "engine");
const inputBlockLost: ErrorFactory = errorKind("INPUT_BLOCK_LOST", "environment");
const stageRerunsExhausted: ErrorFactory = errorKind("STAGE_RERUNS_EXHAUSTED", "environment");
const stageNotRepeatable: ErrorFactory = errorKind("STAGE_NOT_REPEATABLE", "user");
const taskFailed: ErrorFactory = errorKind("TASK_FAILED", "user");
const taskLostExecutors: ErrorFactory = errorKind("TASK_LOST_EXECUTORS", "environment");
export const planCancelled: ErrorFactory = errorKind("PLAN_CANCELLED", "user");

/** `task 3 of stage "map at job.ts:12:8"`: how messages name a task. */
export function describeTask(stage: Stage, index: number): string {
  return `task ${stage.planned.tasks[index]?.partition ?? index} of stage "${stage.planned.name}"`;
}

/**
 * The failure of a plan caused by a task. Errors that must not be retried are passed on; others become TASK_FAILED with
 * the blame and site of the last error, and that error as `cause`.
 */
export function taskFailure(
  stage: Stage,
  index: number,
  failure: { readonly executor: ExecutorId; readonly error: WireError; readonly attemptsMax: number },
): EngineError {
  const { error, executor, attemptsMax } = failure;
  const cause = fromWireError(error);
  if (error.kind?.retry === "never" && cause instanceof EngineError) return cause;
  const times = attemptsMax === 1 ? "and is not retried (task.attempts.max is 1)" : `${attemptsMax} times`;
  // The engine's errors end with a remedy of their own.
  const remedy = error.kind === undefined || error.message.includes("\n") ? "Fix the cause of the error; " : "";
  return new EngineError(
    { code: taskFailed.code, blame: error.kind?.blame ?? taskFailed.blame, retry: taskFailed.retry },
    `${describeTask(stage, index)} failed ${times}, last on ${executor}: ${headline(error)}. ` +
      `Its batch fails. ${remedy}task.attempts.max sets the number of attempts.`,
    { cause, fields: taskFields(stage, index, executor), ...(error.site === undefined ? {} : { site: error.site }) },
  );
}

export function lostExecutors(
  stage: Stage,
  index: number,
  loss: { readonly executor: ExecutorId; readonly error: WireError | undefined },
): EngineError {
  const why = loss.error === undefined ? "" : ` The last one: ${headline(loss.error)}.`;
  return taskLostExecutors(
    `${describeTask(stage, index)} lost its executor ${EXECUTOR_LOSSES_MAX} times in a row, last ${loss.executor}.${why} ` +
      "Its batch fails, so that it does not take down every executor in turn. Check whether it needs more memory " +
      "(executor.slot.heap) or more partitions, or ends the process.",
    {
      fields: taskFields(stage, index, loss.executor),
      ...(loss.error === undefined ? {} : { cause: fromWireError(loss.error) }),
    },
  );
}

export function rerunsExhausted(stage: Stage, reason: string): EngineError {
  return stageRerunsExhausted(
    `stage "${stage.planned.name}" lost its inputs ${STAGE_RERUNS_MAX + 1} times in a row, last because ${reason}. ` +
      "Its batch fails. Executors die, or cannot reach each other's data ports, faster than the inputs are recomputed: " +
      "check their logs and `millrace executors`.",
    { fields: { stage: stage.planned.run } },
  );
}

/** The author's remedy for records that differ each time. */
export const MAKE_REPEATABLE: string =
  "Seed random generators with a constant and the partition's number, and avoid whatever changes from run to run, such as the time; " +
  "or persist the records at a level with copies.";

export function notRepeatable(stage: Stage, map: number): EngineError {
  return stageNotRepeatable(
    `${describeTask(stage, map)} was rerun because its output was lost and gave other records, as in ${DIFFERENCES_MAX} earlier runs ` +
      `of the stage; tasks that had read the previous ones had to rerun each time. Its batch fails. ${MAKE_REPEATABLE}`,
    { fields: { stage: stage.planned.run, partition: map } },
  );
}

export function unknownShuffle(shuffle: ShuffleId, reader: string): EngineError {
  return shuffleUnknown(
    `stage "${reader}" reads shuffle ${shuffle}, which no stage writes or which has been dropped. Its batch fails. ` +
      "This is a defect of the engine: please report it with the job's log.",
    { fields: { shuffle } },
  );
}

export function lostInput(stage: Stage, index: number, block: BlockId): EngineError {
  return inputBlockLost(
    `${describeTask(stage, index)} reads block ${block}, but every executor that held a copy is lost. Its batch fails. ` +
      "A second copy is made as records arrive, and again when an executor that held one is gone: run at least two executors, with a " +
      "storage level that keeps copies (as the default, MEMORY_AND_DISK_2, does), and end one only while COPIES_MISSING is not reported.",
    { fields: { block, stage: stage.planned.run } },
  );
}

/** The first line of an error, without a final full stop, for use within a sentence. */
export function headline(error: WireError): string {
  const text = clauseOf(error.message.split("\n", 1)[0] ?? "");
  return error.kind === undefined ? `${error.name}: ${text}` : text;
}

function taskFields(stage: Stage, index: number, executor: ExecutorId): ErrorFields {
  return { stage: stage.planned.run, partition: stage.planned.tasks[index]?.partition ?? index, executor };
}
