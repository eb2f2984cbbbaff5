import { jobId } from "@millrace/base";
import type { Command } from "commander";
import type { Console } from "../console.ts";
import { tellFailure } from "../job-end.ts";
import { copyLog, ENGINE_OPTION, type LogShowOptions, logOptions } from "../job-log.ts";
import { type GlobalOptions, type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";

interface LogsOptions extends OperatorOptions, LogShowOptions {
  readonly follow?: true;
}

export function registerLogs(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("logs"))
    .argument("<id>", "the job's id, as listed by `jobs`")
    .option("-f, --follow", "follow the log until the job ends")
    .option(...ENGINE_OPTION)
    .description(
      "print a job's output from its beginning and, on standard error, its warnings and why it failed; exits with 0 either way",
    )
    .action(async (name: string, options: LogsOptions) => {
      await withOperator(console, options, async (operator) => {
        const id = jobId(name);
        await copyLog(console, operator.logs(id, { follow: options.follow === true }), logOptions(options));
        // Programs use `status --json`: they would not look on standard error.
        if (options.json === true) return;
        tellFailure(console, await operator.status(id), program.opts<GlobalOptions>().verbose === true);
      });
    });
}
