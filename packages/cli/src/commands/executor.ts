import { parseSize } from "@millrace/base";
import type { Command } from "commander";
import { type Console, tell } from "../console.ts";
import { executorMemory } from "../machine.ts";
import { type DriverOptions, withDriverOptions } from "../operator-command.ts";
import { untilInterrupted } from "../serve.ts";
import { driverAddress, parseCount, readToken } from "../values.ts";

interface ExecutorOptions extends DriverOptions {
  readonly slots?: number;
  readonly memory?: number;
  readonly workDir: string;
  readonly host: string;
  readonly insecure?: true;
}

export function registerExecutor(program: Command, console: Console): Command {
  return withDriverOptions(program.command("executor"))
    .option("--slots <n>", "tasks at a time (default: a slot for each core)", parseCount("--slots", 256))
    .option("--memory <size>", "memory for the jobs it runs (default: 3/4 of what the process may use)", (text) =>
      parseSize(text, "--memory"),
    )
    .option("--work-dir <dir>", "spilled blocks and installed jobs", ".millrace/executor")
    .option("--host <address>", "address to serve blocks on; beyond this machine a token is needed", "127.0.0.1")
    .option("--insecure", "serve beyond this machine without a token")
    .description("an executor; it looks for its driver for as long as it takes")
    .action(async (options: ExecutorOptions) => {
      const driver = driverAddress(options.driver, console.env);
      const node = await console.engine.startNode({
        driver,
        slots: options.slots ?? console.cores,
        memoryBytes: options.memory ?? executorMemory(),
        workDir: options.workDir,
        token: readToken(options.tokenFile, console.env),
        host: options.host,
        insecure: options.insecure === true,
      });
      tell(console, `executor with ${options.slots ?? console.cores} slots for the driver at ${driver}`);
      await untilInterrupted(console, "executor", () => node.stop());
    });
}
