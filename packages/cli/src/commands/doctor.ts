import type { Command } from "commander";
import { type Console, outJson } from "../console.ts";
import { type Finding, lookAround } from "../doctor.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { type OperatorOptions, withOperator, withOperatorOptions } from "../operator-command.ts";

interface DoctorOptions extends OperatorOptions {
  readonly dataDir: string;
}

export function registerDoctor(program: Command, console: Console, setExit: SetExit): Command {
  return withOperatorOptions(program.command("doctor"))
    .option("--data-dir <dir>", "directory to check for a driver's data; created if missing", ".millrace")
    .description("check Node, ports, disk and memory of this machine and, if a driver is given, the connection to it")
    .action(async (options: DoctorOptions) => {
      const findings = [
        ...(await lookAround(options.dataDir, {
          cores: console.cores,
          memoryBytes: await console.engine.memoryLimit(),
        })),
        ...(await lookAtDriver(console, options)),
      ];
      if (findings.some((one) => one.verdict === "fail")) setExit(EXIT.failed);
      if (options.json) return outJson(console, findings);
      return console.out(
        findings.map((one) => `${one.verdict.padEnd(4)}  ${one.what.padEnd(7)}  ${one.text}\n`).join(""),
      );
    });
}

async function lookAtDriver(console: Console, options: DoctorOptions): Promise<readonly Finding[]> {
  if (options.driver === undefined && !console.env.MILLRACE_DRIVER) return [];
  try {
    const executors = await withOperator(console, options, (operator) => operator.executors());
    const connected = executors.filter((one) => one.state === "connected");
    const slots = connected.reduce((sum, one) => sum + one.slots, 0);
    return [
      {
        what: "driver",
        verdict: slots > 0 ? "ok" : "warn",
        text: `answers; executors connected: ${connected.length}, with ${slots} slots in all`,
      },
    ];
  } catch (error) {
    return [{ what: "driver", verdict: "fail", text: error instanceof Error ? error.message : String(error) }];
  }
}
