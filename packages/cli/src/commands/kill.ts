import { jobId } from "@millrace/base";
import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";
import { askToEnd, tellEndedAlready } from "../job-end.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";

export function registerKill(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("kill"))
    .argument("<id>", "the job's id, as listed by `jobs`")
    .description("end a job at once, without processing what it has received")
    .action(async (id: string, options: OperatorOptions) => {
      const { job, already } = await withOperator(console, options, (operator) =>
        askToEnd(operator, jobId(id), "kill"),
      );
      if (options.json) return outJson(console, job);
      if (already) return tellEndedAlready(console, job);
      return tell(console, `job ${job.id} was told to end at once; it is now ${job.state}`);
    });
}
