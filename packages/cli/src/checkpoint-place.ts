import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { EngineError, jobId } from "@millrace/base";
import type { Console } from "./console.ts";
import { checkpointElsewhere, jobWithoutCheckpoint } from "./errors.ts";
import { type DriverFlags, withOperator } from "./operator-command.ts";

/** For help: what {@link checkpointPlace} takes. */
export const CHECKPOINT_PLACE = "a checkpoint directory, a savepoint, or the id of a job of --driver";

/**
 * The checkpoint directory that a command is about. What is not there as a path is the id of a job, if there is a driver to ask.
 *
 * @throws JOB_WITHOUT_CHECKPOINT, CHECKPOINT_ELSEWHERE, and the errors of the driver
 */
export async function checkpointPlace(console: Console, where: string, options: DriverFlags): Promise<string> {
  const driver = options.driver ?? console.env.MILLRACE_DRIVER ?? "";
  if (driver === "" || /[/\\:.]/.test(where) || existsSync(where)) return where;
  const { log, name } = await withOperator(console, options, (operator) => operator.status(jobId(where)));
  if (log === undefined)
    throw jobWithoutCheckpoint(
      `the job ${where} does not name a checkpoint directory, so nothing of it can be read. Let it name one, with checkpointDir of defineJob.`,
      { fields: { job: where } },
    );
  const { directory } = log;
  const other = await othersIn(console, directory, name);
  if (other === undefined) return directory;
  throw checkpointElsewhere(
    `the job ${where} keeps its checkpoint in ${directory}, and on this machine (${hostname()}) ${other.what} there. Nothing was read. ` +
      "The files are read by this command, not by the driver: run it where the directory is shared with the job, such as on the driver's machine, or mount the directory here under that path. " +
      "A job that is just starting has no checkpoint yet.",
    { cause: other.cause, fields: { job: where, directory } },
  );
}

/** What is in a directory that should have the checkpoint of a job; `undefined`: that. */
async function othersIn(
  console: Console,
  directory: string,
  job: string,
): Promise<{ readonly what: string; readonly cause?: unknown } | undefined> {
  try {
    const found = (await console.engine.openState(directory)).job;
    if (found === undefined || found === job) return undefined;
    return { what: `the checkpoint of another job, ${JSON.stringify(found)}, is` };
  } catch (error) {
    if (!(error instanceof EngineError && NOT_HERE.has(error.code))) throw error;
    return { what: "none can be found", cause: error };
  }
}

const NOT_HERE: ReadonlySet<string> = new Set([
  "CHECKPOINT_NOT_FOUND",
  "FILE_SYSTEM_UNKNOWN",
  "FILE_FORBIDDEN",
  "FILE_NOT_FOUND",
]);
