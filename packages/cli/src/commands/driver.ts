import { type Millis, parseDuration } from "@millrace/base";
import type { PortRange } from "@millrace/rpc";
import { type Command, Option } from "commander";
import { type Console, tell } from "../console.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { type ServerOptions, serverSecurity, withServerSecurity } from "../security.ts";
import { untilInterrupted } from "../serve.ts";
import { parseHost, parsePort, parsePorts } from "../values.ts";

interface DriverCommandOptions extends ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly uiPort: number;
  readonly dataDir: string;
  readonly advertise?: string;
  readonly jobPorts?: PortRange;
  readonly insecure?: true;
  readonly grace: Millis;
  readonly restartPause: Millis;
}

export function registerDriver(program: Command, console: Console, setExit: SetExit): Command {
  return withServerSecurity(program.command("driver"))
    .option("--host <address>", "address to listen on; any but loopback requires a token", "127.0.0.1")
    .option("--port <port>", "port for executors and commands", parsePort, 7077)
    .option("--ui-port <port>", "HTTP port of the health checks, /healthz and /readyz", parsePort, 4040)
    .option("--data-dir <dir>", "directory for jobs, logs and checkpoints", ".millrace/driver")
    .option(
      "--advertise <host>",
      "host at which executors dial job drivers (default: the one at which they dialled this driver)",
      parseHost,
    )
    .option(
      "--job-ports <first-last>",
      "ports for job drivers to listen on, two each (default: any free ports)",
      parsePorts,
    )
    .option("--insecure", "listen beyond loopback without a token: anyone who reaches the port can run code")
    .addOption(
      new Option("--grace <duration>", "how long jobs may take to drain after SIGTERM")
        .argParser((text) => parseDuration(text, "--grace"))
        .default(parseDuration("25s"), "25s"),
    )
    .addOption(
      new Option("--restart-pause <duration>", "longest pause before restarting a process of a job that died")
        .argParser((text) => parseDuration(text, "--restart-pause"))
        .default(parseDuration("30s"), "30s"),
    )
    .description("run a driver, which waits for executors and jobs; SIGTERM drains it")
    .action(async (options: DriverCommandOptions) => {
      const driver = await console.engine.startDriver({
        host: options.host,
        port: options.port,
        uiPort: options.uiPort,
        dataDir: options.dataDir,
        advertise: options.advertise,
        jobPorts: options.jobPorts,
        ...serverSecurity(options, console.env),
        insecure: options.insecure === true,
        graceMs: options.grace,
        restartPauseMax: options.restartPause,
      });
      tell(console, `driver listening at ${driver.address}, health at http://${driver.health}/healthz`);
      const interrupted = untilInterrupted(console, "driver", (graceful) => driver.stop(graceful));
      const killed = await Promise.race([interrupted, driver.taken]);
      if (killed.length === 0) return;
      tell(console, `the driver has stopped; jobs killed before they had drained: ${killed.join(", ")}`);
      setExit(EXIT.failed);
    });
}
