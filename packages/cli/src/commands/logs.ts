import { jobId } from "@millrace/base";
import type { Command } from "commander";
import type { Console } from "../console.ts";
import { copyLog } from "../job-log.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";

interface LogsOptions extends OperatorOptions {
  readonly follow?: true;
}

export function registerLogs(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("logs"))
    .argument("<id>", "the job, as `jobs` shows it")
    .option("-f, --follow", "go on until the job ends")
    .description("what a job printed, from its beginning")
    .action(async (id: string, options: LogsOptions) => {
      await withOperator(console, options, (operator) => {
        const log = operator.logs(jobId(id), { follow: options.follow === true });
        return copyLog(console, log, options.json === true);
      });
    });
}
