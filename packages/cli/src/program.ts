import { directoryUnusable, type EngineError, logTroubles } from "@millrace/base";
import { Command, CommanderError } from "commander";
import { registerBatches } from "./commands/batches.ts";
import { registerCheck } from "./commands/check.ts";
import { registerCheckpoint } from "./commands/checkpoint.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerDriver } from "./commands/driver.ts";
import { registerExecutor } from "./commands/executor.ts";
import { registerExecutors } from "./commands/executors.ts";
import { registerInit } from "./commands/init.ts";
import { registerJobs } from "./commands/jobs.ts";
import { registerKill } from "./commands/kill.ts";
import { registerLogs } from "./commands/logs.ts";
import { registerRun } from "./commands/run.ts";
import { registerSavepoint } from "./commands/savepoint.ts";
import { registerState } from "./commands/state.ts";
import { registerStatus } from "./commands/status.ts";
import { registerStop } from "./commands/stop.ts";
import { registerSubmit } from "./commands/submit.ts";
import { type Console, tell, tellError } from "./console.ts";
import { EXIT, exitCodeOf } from "./failure.ts";
import { Interrupted } from "./interrupted.ts";
import { readerIsGone } from "./signals.ts";
import { describeVersion } from "./version.ts";

const REGISTRATIONS = [
  registerRun,
  registerSubmit,
  registerCheck,
  registerCheckpoint,
  registerInit,
  registerJobs,
  registerStatus,
  registerLogs,
  registerBatches,
  registerExecutors,
  registerStop,
  registerKill,
  registerDriver,
  registerExecutor,
  registerState,
  registerSavepoint,
  registerDoctor,
] as const;

/**
 * Runs one command line.
 *
 * @param args Everything after the program's name.
 * @returns The exit code: 0 done, 1 the job or the cluster failed, 2 bad usage or a job that does not compile, 130
 *   interrupted. Failures are written to standard error; nothing is thrown.
 */
export async function runCli(args: readonly string[], console: Console): Promise<number> {
  let exit: number = EXIT.done;
  const program = new Command("millrace")
    .description("A distributed micro-batch stream engine for TypeScript.")
    .version(describeVersion(), "--version", "print the version and the commit it was built from")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .option("--verbose", "print the stack traces of errors")
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => void console.out(text),
      writeErr: (text) => console.err(text),
      outputError: () => undefined, // reported below, in our form
    });
  for (const register of REGISTRATIONS) {
    register(program, console, (code) => {
      exit = code;
    });
  }
  try {
    if (args.length === 0) {
      program.outputHelp({ error: true });
      return EXIT.refused;
    }
    for (const trouble of logTroubles(console.env)) tell(console, trouble);
    await program.parseAsync(args, { from: "user" });
    return exit;
  } catch (thrown) {
    const error = isFolderGone(thrown) ? folderGone(thrown) : thrown;
    if (error instanceof Interrupted) return readerIsGone(console.interrupts) ? EXIT.done : EXIT.interrupted;
    if (!isHelp(error)) await tellError(console, error, { json: has(args, "--json"), verbose: has(args, "--verbose") });
    return exitCodeOf(error);
  }
}

/** Node says no more than `uv_cwd` of a working directory that was removed since. */
function isFolderGone(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

function folderGone(cause: unknown): EngineError {
  return directoryUnusable(
    "The folder that this command was started in is gone, so relative paths lead nowhere. Nothing was started. " +
      "Change to another folder, with cd, and run the command again.",
    { cause },
  );
}

function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && error.exitCode === 0;
}

/** Parsed by hand: a command line that failed to parse has no options. */
function has(args: readonly string[], option: "--verbose" | "--json"): boolean {
  const own = args.indexOf("--");
  return args.slice(0, own === -1 ? undefined : own).includes(option);
}
