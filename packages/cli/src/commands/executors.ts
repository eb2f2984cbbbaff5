import { executorId } from "@millrace/base";
import type { OperatorClient } from "@millrace/rpc/grpc";
import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { showExecutors } from "../views.ts";
import { untilOver } from "../waiting.ts";

export function registerExecutors(program: Command, console: Console): Command {
  const executors = withOperatorOptions(program.command("executors"))
    .description("list the executors known to the driver")
    .action(async (options: OperatorOptions) => {
      const list = await withOperator(console, options, (operator) => operator.executors());
      const show = (): string => showExecutors(list, console.clock.now());
      await (options.json ? outJson(console, list) : console.out(show()));
    });
  withOperatorOptions(executors.command("drain"))
    .argument("<id>", "the executor's id, as listed by `executors`")
    .description("have an executor hand over what it has and end, and wait until it has left")
    .action(async (id: string, _: OperatorOptions, command: Command) => {
      // Options that both commands have are the parent's, wherever they stand.
      const options = command.optsWithGlobals<OperatorOptions>();
      await withOperator(console, options, (operator, address) => drain(console, { operator, address, id }));
      if (options.json) await outJson(console, { id, state: "left" });
      else tell(console, `executor ${id} has left`);
    });
  return executors;
}

/** @throws The driver's reason why it may not leave, or why it did not leave in order. */
async function drain(
  console: Console,
  { operator, address, id }: { readonly operator: OperatorClient; readonly address: string; readonly id: string },
): Promise<void> {
  const executor = executorId(id);
  const goesOn = `executor ${id} goes on draining; millrace executors says what it waits for`;
  const waiting = { operator, address, whose: { executor }, who: `executor ${id} drains`, goesOn };
  const told = untilOver(console, waiting);
  const left = operator.drain(executor);
  await Promise.race([left, told]);
  await left;
}
