import { jobId } from "@millrace/base";
import type { Command } from "commander";
import { type Console, outJson } from "../console.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { showBatches } from "../views.ts";

export function registerBatches(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("batches"))
    .argument("<id>", "the job's id, as listed by `jobs`")
    .description("list a job's latest batches with their records and times")
    .action(async (id: string, options: OperatorOptions) => {
      const batches = await withOperator(console, options, (operator) => operator.batches(jobId(id)));
      await (options.json ? outJson(console, batches) : console.out(showBatches(batches)));
    });
}
