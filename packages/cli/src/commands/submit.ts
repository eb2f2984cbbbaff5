import { type Millis, parseDuration } from "@millrace/base";
import type { JobSummary } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";
import { beginInWords } from "@millrace/rpc/resumed";
import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";
import { tellExternals } from "../externals.ts";
import { describeWireFailure, EXIT, type SetExit } from "../failure.ts";
import { tellJobFailure } from "../job-failure.ts";
import { copyLog, ENGINE_OPTION, type JobLogOptions, type LogShowOptions, logOptions } from "../job-log.ts";
import { type RunFlags, runConf, withRunnableJob } from "../job-options.ts";
import { type GlobalOptions, type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { readerIsGone } from "../signals.ts";
import { isUnreachable, untilReachable } from "../wait.ts";

interface SubmitOptions extends OperatorOptions, RunFlags, LogShowOptions {
  readonly name?: string;
  readonly follow?: true;
  readonly timeout?: Millis;
}

export function registerSubmit(program: Command, console: Console, setExit: SetExit): Command {
  return withOperatorOptions(withRunnableJob(program.command("submit")))
    .option("--name <name>", "name for the job, in place of its own")
    .option(
      "--timeout <duration>",
      "give up if the driver cannot be reached within this time (default: never)",
      (text) => parseDuration(text, "--timeout"),
    )
    .option("--follow", "print the job's log until it ends; Ctrl-C leaves the job running")
    .option(...ENGINE_OPTION)
    .description("bundle a job, refuse what cannot run, start it on a cluster, and print its id")
    .action(async (file: string, args: readonly string[], options: SubmitOptions) => {
      const conf = runConf(options);
      await withOperator(console, options, async (operator, address) => {
        const { artefact, externals } = await console.engine.bundle(file, (step) => tell(console, step));
        tellExternals(console, externals);
        // Submitting is not idempotent; listing the jobs is.
        const waiting = { address, timeout: options.timeout, option: "--timeout", outcome: "Nothing was submitted." };
        await untilReachable(console, waiting, (within) => operator.jobs(within));
        const verbose = program.opts<GlobalOptions>().verbose === true;
        let job: JobSummary;
        try {
          const { drop = [], availableNow = false } = options;
          job = await operator.submit({ artefact, name: options.name, conf, args, drop, availableNow });
        } catch (error) {
          const told = { ran: false, json: options.json === true, verbose };
          setExit(await tellJobFailure(console, file, error, told));
          // It answered a moment ago.
          if (isUnreachable(error))
            tell(
              console,
              "the driver may have taken the job all the same: before you submit again, see `millrace jobs`",
            );
          return;
        }
        if (job.log !== undefined) tell(console, beginInWords(job.log));
        await (options.json ? outJson(console, job, { line: options.follow === true }) : console.out(`${job.id}\n`));
        if (!options.follow) return;
        setExit(await follow(console, operator, job.id, { ...logOptions(options), verbose }));
      });
    });
}

/** Shows the job's log until it ends; the exit code reports the outcome. */
async function follow(
  console: Console,
  operator: OperatorClient,
  id: Parameters<OperatorClient["status"]>[0],
  options: JobLogOptions & { readonly verbose: boolean },
): Promise<number> {
  const detached = (): void => {
    if (!readerIsGone(console.interrupts)) tell(console, `job ${id} keeps running; millrace stop ${id} ends it`);
  };
  console.interrupts.graceful.addEventListener("abort", detached, { once: true });
  try {
    await copyLog(console, operator.logs(id, { follow: true }), options);
  } finally {
    console.interrupts.graceful.removeEventListener("abort", detached);
  }
  const job = await operator.status(id);
  tell(console, `job ${id} is ${job.state}`);
  if (options.json) await outJson(console, job, { line: true });
  else if (job.error) console.err(describeWireFailure(job.error, options.verbose));
  return job.state === "failed" || job.state === "killed" ? EXIT.failed : EXIT.done;
}
