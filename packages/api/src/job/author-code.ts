import { describeThrown, EngineError, located } from "@millrace/base";
import { jobCodeFailed } from "../errors.ts";

/**
 * Runs code of the job's author on the driver, and adds to its errors which code it was and where.
 *
 * @throws JOB_CODE_FAILED With the author's frames, and the original error as `cause`. Errors of the engine are passed on, with the
 *   author's line that led to them.
 */
export async function runAuthorCode<T>(about: AuthorCode, code: () => T): Promise<Awaited<T>> {
  try {
    return await code();
  } catch (error) {
    throw authorCodeFailed(about, error);
  }
}

/** Like {@link runAuthorCode}, for synchronous code. */
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
    `${what} threw ${describeThrown(error)}. It runs on the driver. ${outcome} Correct it, or catch the error.`,
    { cause: error },
  );
}

/** Codes of errors that already have the author's line, or that the author's code did not cause. */
const TOLD: ReadonlySet<string> = new Set(["TASK_FAILED", "PLAN_CANCELLED"]);

/**
 * Adds the line of the author's call to an error that arose on an executor or within the engine.
 *
 * @param asked Created where the author called the engine; its stack is read only when needed.
 */
export function askedAt(error: unknown, asked: Error): unknown {
  if (!(error instanceof EngineError) || error.blame !== "user" || TOLD.has(error.code)) return error;
  return located(error, asked.stack);
}

/** The author's code, as messages describe it. */
interface AuthorCode {
  /** A description of the code, such as `the body of foreachRDD`. */
  readonly what: string;
  /** The engine's reaction to a failure, as a sentence. */
  readonly outcome: string;
}
