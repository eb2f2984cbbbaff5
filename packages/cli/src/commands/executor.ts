import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { executorId, type Millis, parseDuration, parseSize } from "@millrace/base";
import { type Command, Option } from "commander";
import { type Console, tell } from "../console.ts";
import { executorName } from "../machine.ts";
import { type DriverFlags, withDriverOptions } from "../operator-command.ts";
import { type ServerOptions, serverSecurity, withServerCertificate } from "../security.ts";
import { untilInterrupted } from "../serve.ts";
import { driverAddress, parseCount, parseHost } from "../values.ts";

interface ExecutorOptions extends ServerOptions, DriverFlags {
  readonly name?: string;
  readonly slots?: number;
  readonly memory?: number;
  readonly workDir: string;
  readonly host: string;
  readonly advertise?: string;
  readonly insecure?: true;
  readonly grace: Millis;
  readonly dialPause: Millis;
}

export function registerExecutor(program: Command, console: Console): Command {
  return withServerCertificate(withDriverOptions(program.command("executor")))
    .option(
      "--name <name>",
      'name in the cluster, of a-z, 0-9 and "-" (default: the machine\'s name with a random suffix)',
    )
    .option("--slots <n>", "number of concurrent tasks (default: one per core)", parseCount("--slots", 256))
    .option(
      "--memory <size>",
      "memory for each job that it runs (default: 3/4 of the memory available to this process)",
      (text) => parseSize(text, "--memory"),
    )
    .option("--work-dir <dir>", "directory for spilled blocks and installed jobs", ".millrace/executor")
    .option("--host <address>", "address to serve blocks on; any but loopback requires a token", "127.0.0.1")
    .option(
      "--advertise <host>",
      "host at which drivers and other executors dial it (default: --host, or this machine's first address)",
      parseHost,
    )
    .option("--insecure", "serve blocks beyond loopback without a token")
    .addOption(
      new Option(
        "--grace <duration>",
        "how long its jobs may take to release it after SIGTERM; give it more than the driver",
      )
        .argParser((text) => parseDuration(text, "--grace"))
        .default(parseDuration("30s"), "30s"),
    )
    .addOption(
      new Option("--dial-pause <duration>", "longest pause between two attempts to reach the driver")
        .argParser((text) => parseDuration(text, "--dial-pause"))
        .default(parseDuration("5s"), "5s"),
    )
    .description("run an executor, which dials its driver until it answers; SIGTERM drains it")
    .action(async (options: ExecutorOptions) => {
      const driver = driverAddress(options.driver, console.env);
      const slots = options.slots ?? console.cores;
      const executor =
        options.name === undefined
          ? executorName(hostname(), randomBytes(3).toString("hex"))
          : executorId(options.name);
      const running = await console.engine.startExecutor({
        driver,
        executor,
        slots,
        memoryBytes: options.memory,
        workDir: options.workDir,
        host: options.host,
        advertise: options.advertise,
        ...serverSecurity(options, console.env),
        insecure: options.insecure === true,
        graceMs: options.grace,
        dialPauseMax: options.dialPause,
      });
      tell(console, `executor ${executor} with ${slots} slots for the driver at ${driver}`);
      const refused = running.ended.then((error) => {
        if (error !== undefined) throw error;
      });
      await Promise.race([refused, untilInterrupted(console, "executor", (graceful) => running.stop(graceful))]);
    });
}
