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
  const remedy = error.kind === undefined || error.message.includes("\n") ? "Mend what the error names; " : "";
  return new EngineError(
    { code: taskFailed.code, blame: error.kind?.blame ?? taskFailed.blame, retry: taskFailed.retry },
    `${describeTask(stage, index)} failed ${times}, last on ${executor}: ${headline(error)}. ` +
      `Its batch fails. ${remedy}task.attempts.max says how often a task is tried.`,
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
      "Its batch fails, so that it does not take down every executor in turn. See whether it needs more memory " +
      "(executor.slot.heap), more partitions, or ends the process.",
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
      "look at their logs, and at `millrace executors`.",
    { fields: { stage: stage.planned.run } },
  );
}

/** The author's remedy for records that differ each time. */
export const MAKE_REPEATABLE: string =
  "Draw chance from a generator with a fixed seed, by the partition's number, and leave out what changes from run to run, such as the time; " +
  "or keep it with persist, at a level with copies.";

export function notRepeatable(stage: Stage, map: number): EngineError {
  return stageNotRepeatable(
    `${describeTask(stage, map)} was run again for lost output and gave other records, as in ${DIFFERENCES_MAX} runs of the stage ` +
      `before; what had read the earlier ones had to run again each time. The batch fails. ${MAKE_REPEATABLE}`,
    { fields: { stage: stage.planned.run, partition: map } },
  );
}

export function unknownShuffle(shuffle: ShuffleId, reader: string): EngineError {
  return shuffleUnknown(
    `stage "${reader}" reads shuffle ${shuffle}, which no stage writes or which was dropped already. Its batch fails. ` +
      "This is a defect of the engine: please report it with the job's log.",
    { fields: { shuffle } },
  );
}

export function lostInput(stage: Stage, index: number, block: BlockId): EngineError {
  return inputBlockLost(
    `${describeTask(stage, index)} reads block ${block}, and every executor that held a copy is lost. Its batch fails. ` +
      "A second copy is made as records arrive, on another executor that is there at that moment: run two or more, with a storage level " +
      "that has copies (MEMORY_AND_DISK_2, the default, does), and replace one only when no window needs what it received.",
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
