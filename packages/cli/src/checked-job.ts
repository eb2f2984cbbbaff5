import type { Command } from "commander";
import { type Console, tell, tellError } from "./console.ts";
import type { CheckRequest } from "./engine.ts";
import { exitCodeOfJob, type SetExit } from "./failure.ts";
import { Interrupted } from "./interrupted.ts";
import type { JobFlags } from "./job-options.ts";
import type { GlobalOptions } from "./operator-command.ts";
import { checkConf } from "./values.ts";

/** Options of every command that looks at a job without running it. */
export interface CheckFlags extends JobFlags {
  readonly json?: true;
}

interface CheckedFile {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: CheckFlags;
}

/**
 * Looks at a job without running it.
 *
 * @returns `undefined` if its code is wrong, which has been reported then.
 * @throws {Interrupted} The user does not want to wait.
 */
export async function checkedJob<T>(
  { program, console, setExit }: { readonly program: Command; readonly console: Console; readonly setExit: SetExit },
  { file, args, options }: CheckedFile,
  look: (request: CheckRequest) => Promise<T>,
): Promise<T | undefined> {
  const conf = checkConf(options.conf);
  try {
    return await look({
      ...{ jobFile: file, conf, args, signal: console.interrupts },
      output: (_, bytes) => console.err(bytes),
      onWarning: (message) => tell(console, message),
      onProgress: (step) => tell(console, step),
    });
  } catch (error) {
    if (console.interrupts.graceful.aborted) throw new Interrupted();
    const verbose = program.opts<GlobalOptions>().verbose === true;
    await tellError(console, error, { json: options.json === true, verbose });
    setExit(exitCodeOfJob(error, false));
    return undefined;
  }
}
