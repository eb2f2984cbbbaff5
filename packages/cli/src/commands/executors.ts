import { executorId } from "@millrace/base";
import type { OperatorClient } from "@millrace/rpc/grpc";
import type { Command } from "commander";
import { type Console, outJson, tell } from "../console.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";
import { showExecutors } from "../views.ts";
import { WaitingLines, waitFor } from "../waiting.ts";

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
      await withOperator(console, options, (operator) => drain(console, operator, id));
      if (options.json) await outJson(console, { id, state: "left" });
      else tell(console, `executor ${id} has left`);
    });
  return executors;
}

/** @throws The driver's reason why it may not leave, or why it did not leave in order. */
async function drain(console: Console, operator: OperatorClient, id: string): Promise<void> {
  const executor = executorId(id);
  const lines = new WaitingLines(console, `executor ${id} drains`);
  let end: { readonly error?: unknown } | undefined;
  const left = operator.drain(executor).then(
    () => {
      end = {};
    },
    (error: unknown) => {
      end = { error };
    },
  );
  const look = async (): Promise<void> => {
    const list = await operator.executors();
    lines.tell(list.find((one) => one.id === executor)?.waitsFor ?? []);
  };
  const ended = await waitFor(
    console,
    async () => {
      await Promise.race([left, console.terminal ? look() : left]);
      return end;
    },
    `executor ${id} goes on draining; millrace executors says what it waits for`,
  );
  if ("error" in ended) throw ended.error;
}
