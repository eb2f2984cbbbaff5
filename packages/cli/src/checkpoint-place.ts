import { existsSync } from "node:fs";
import { jobId } from "@millrace/base";
import type { Console } from "./console.ts";
import { jobWithoutCheckpoint } from "./errors.ts";
import { type DriverFlags, withOperator } from "./operator-command.ts";

/** For help: what {@link checkpointPlace} takes. */
export const CHECKPOINT_PLACE = "a checkpoint directory, a savepoint, or the id of a job of --driver";

/**
 * The checkpoint directory that a command is about. What is not there as a path is the id of a job, if there is a driver to ask.
 *
 * @throws JOB_WITHOUT_CHECKPOINT, and the errors of the driver
 */
export async function checkpointPlace(console: Console, where: string, options: DriverFlags): Promise<string> {
  const driver = options.driver ?? console.env.MILLRACE_DRIVER ?? "";
  if (driver === "" || /[/\\:.]/.test(where) || existsSync(where)) return where;
  const { log } = await withOperator(console, options, (operator) => operator.status(jobId(where)));
  if (log !== undefined) return log.directory;
  throw jobWithoutCheckpoint(
    `the job ${where} does not name a checkpoint directory, so nothing of it can be read. Let it name one, with checkpointDir of defineJob.`,
    { fields: { job: where } },
  );
}
