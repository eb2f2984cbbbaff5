import { jobId } from "@millrace/base";
import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";
import { askToEnd, tellEndedAlready } from "../job-end.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";

export function registerStop(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("stop"))
    .argument("<id>", "the job's id, as listed by `jobs`")
    .description("stop a job gracefully, after processing all received data")
    .action(async (id: string, options: OperatorOptions) => {
      const { job, already } = await withOperator(console, options, (operator) =>
        askToEnd(operator, jobId(id), "stop"),
      );
      if (options.json) return outJson(console, job);
      if (already) return tellEndedAlready(console, job);
      return tell(console, `job ${job.id} was asked to stop; it is now ${job.state}`);
    });
}
