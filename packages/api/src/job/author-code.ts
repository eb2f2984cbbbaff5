import { describeThrown, EngineError, located } from "@millrace/base";
import { jobCodeFailed } from "../errors.ts";

/**
 * Runs code of the job's author on the driver, so that what it throws says which code it was and where.
 *
 * @throws JOB_CODE_FAILED With the author's frames and, as `cause`, what was thrown. Errors of the engine pass, with the line that led to them.
 */
export async function runAuthorCode<T>(about: AuthorCode, code: () => T): Promise<Awaited<T>> {
  try {
    return await code();
  } catch (error) {
    throw authorCodeFailed(about, error);
  }
}

/** The same for code that gives its result at once. */
export function callAuthorCode<T>(about: AuthorCode, code: () => T): T {
  try {
    return code();
  } catch (error) {
    throw authorCodeFailed(about, error);
  }
}

function authorCodeFailed({ what, outcome }: AuthorCode, error: unknown): EngineError {
  if (error instanceof EngineError) return located(error);
  return jobCodeFailed(
    `${what} threw ${describeThrown(error)}. It runs on the driver. ${outcome} Correct it, or catch what it may throw.`,
    { cause: error },
  );
}

/** Errors that say already where the author's code went wrong, or that are no fault of it. */
const TOLD: ReadonlySet<string> = new Set(["TASK_FAILED", "PLAN_CANCELLED"]);

/**
 * A refusal that came up on an executor, or in what the engine does by itself, with the line where the author asked for it.
 *
 * @param asked Made where the author called the engine; its stack is read only when it is needed.
 */
export function askedAt(error: unknown, asked: Error): unknown {
  if (!(error instanceof EngineError) || error.blame !== "user" || TOLD.has(error.code)) return error;
  return located(error, asked.stack);
}

/** Code of the author, for messages. */
interface AuthorCode {
  /** Names it, such as `the body of foreachRDD`. */
  readonly what: string;
  /** What the engine does about a failure: a sentence. */
  readonly outcome: string;
}
