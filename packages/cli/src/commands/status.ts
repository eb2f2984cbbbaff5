import { jobId } from "@millrace/base";
import type { Command } from "commander";
import { type Console, outJson } from "../console.ts";
import { type GlobalOptions, type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { showJob } from "../views.ts";

export function registerStatus(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("status"))
    .argument("<id>", "the job's id, as listed by `jobs`")
    .description("show the state and warnings of a job and, if it failed, why")
    .action(async (id: string, options: OperatorOptions) => {
      const job = await withOperator(console, options, (operator) => operator.status(jobId(id)));
      const show = (): string => showJob(job, console.clock.now(), program.opts<GlobalOptions>().verbose === true);
      await (options.json ? outJson(console, job) : console.out(show()));
    });
}
