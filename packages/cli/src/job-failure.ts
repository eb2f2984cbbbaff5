import { type Console, tellError } from "./console.ts";
import { EXIT, exitCodeOfJob, isOfTheJob } from "./failure.ts";

/**
 * Reports why a job failed.
 *
 * Jobs are started without type checking, which takes seconds. If a job's own code fails before its first batch its
 * types are checked now: type errors are the reason, or come first.
 *
 * @param ran Its batches had begun.
 * @returns The exit code.
 */
export async function tellJobFailure(
  console: Console,
  file: string,
  error: unknown,
  options: { readonly ran: boolean; readonly json: boolean; readonly verbose: boolean },
): Promise<number> {
  const types = !options.ran && isOfTheJob(error) ? await console.engine.typeErrors(file) : undefined;
  if (types === undefined || !options.json) await tellError(console, error, options);
  if (types === undefined) return exitCodeOfJob(error, options.ran);
  await tellError(console, types, options);
  return EXIT.refused;
}
