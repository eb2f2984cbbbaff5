import type { Command } from "commander";
import { type Console, outJson } from "../console.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { showExecutors } from "../views.ts";

export function registerExecutors(program: Command, console: Console): Command {
  return withOperatorOptions(program.command("executors"))
    .description("list the executors known to the driver")
    .action(async (options: OperatorOptions) => {
      const executors = await withOperator(console, options, (operator) => operator.executors());
      const show = (): string => showExecutors(executors, console.clock.now());
      await (options.json ? outJson(console, executors) : console.out(show()));
    });
}
