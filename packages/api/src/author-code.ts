import { EngineError, type SourceSite } from "@millrace/base";
import { jobCodeFailed } from "./errors.ts";

/**
 * Runs code of the job's author on the driver, so that what it throws says which code it was and where.
 *
 * @param what Names the code in messages, such as `the body of foreachRDD`.
 * @param outcome What the engine does about a failure: a sentence.
 * @throws JOB_CODE_FAILED With the place and, as `cause`, what was thrown. Errors of the engine pass as they are.
 */
export async function runAuthorCode<T>(
  { what, outcome }: { readonly what: string; readonly outcome: string },
  code: () => T,
): Promise<Awaited<T>> {
  try {
    return await code();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const thrown =
      error instanceof Error ? `${error.name}: ${error.message}` : `a value that is not an Error: ${error}`;
    const site = error instanceof Error ? authorSite(error) : undefined;
    throw jobCodeFailed(
      `${what} threw ${thrown}. It runs on the driver. ${outcome} Correct it, or catch what it may throw.`,
      { cause: error, ...(site === undefined ? {} : { site }) },
    );
  }
}

/** A frame with a path: source maps give the author's files as paths, while the engine's own modules are URLs. */
const FRAME = /^\s+at (?:.* \()?(\/[^()]+):(\d+):(\d+)\)?$/;

function authorSite(error: Error): SourceSite | undefined {
  for (const line of (error.stack ?? "").split("\n")) {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file !== undefined && !file.includes("/node_modules/"))
      return { file, line: Number(row), column: Number(column) };
  }
  return undefined;
}
