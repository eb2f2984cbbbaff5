import { type Console, tellError } from "./console.ts";
import { EXIT, exitCodeOfJob, isOfTheJob } from "./failure.ts";

/**
 * Tells why a job failed.
 *
 * Jobs are started without a look at their types, which takes seconds. One whose own code fails before its first batch is
 * looked at now: where its types do not hold, that is why, or it comes first.
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
