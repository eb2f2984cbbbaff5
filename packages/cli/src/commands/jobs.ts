import type { Command } from "commander";
import { type Console, outJson } from "../console.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { showJobs } from "../views.ts";

export function registerJobs(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("jobs"))
    .description("list the driver's jobs, including those that have ended")
    .action(async (options: OperatorOptions) => {
      const jobs = await withOperator(console, options, (operator) => operator.jobs());
      await (options.json ? outJson(console, jobs) : console.out(showJobs(jobs)));
    });
}
