import { describeThrown, EngineError, located } from "@millrace/base";
import { jobCodeFailed } from "./errors.ts";

/**
 * Runs code of the job's author on the driver, so that what it throws says which code it was and where.
 *
 * @param what Names the code in messages, such as `the body of foreachRDD`.
 * @param outcome What the engine does about a failure: a sentence.
 * @throws JOB_CODE_FAILED With the author's frames and, as `cause`, what was thrown. Errors of the engine pass, with the line that led to them.
 */
export async function runAuthorCode<T>(
  { what, outcome }: { readonly what: string; readonly outcome: string },
  code: () => T,
): Promise<Awaited<T>> {
  try {
    return await code();
  } catch (error) {
    if (error instanceof EngineError) throw located(error);
    throw jobCodeFailed(
      `${what} threw ${describeThrown(error)}. It runs on the driver. ${outcome} Correct it, or catch what it may throw.`,
      { cause: error },
    );
  }
}
