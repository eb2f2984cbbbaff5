import type { Connection } from "@millrace/driver/embedded";
import type { Command } from "commander";
import { type CheckFlags, checkedJob } from "../checked-job.ts";
import { type Console, outJson } from "../console.ts";
import { tellExternals } from "../externals.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { withJob } from "../job-options.ts";

interface Flags extends CheckFlags {
  readonly connect?: true;
}

export function registerCheck(program: Command, console: Console, setExit: SetExit): Command {
  return withJob(program.command("check"))
    .option(
      "--connect",
      "also try to reach what the job reads and writes, and its checkpoint directory; exit 1 if something is not",
    )
    .option("--json", "print JSON, for programs")
    .description(
      "check a job without running it: syntax, types, imports and, by declaring its graph, the captures of its functions",
    )
    .action(async (file: string, args: readonly string[], options: Flags) => {
      const connects = options.connect === true;
      const job = await checkedJob({ program, console, setExit }, { file, args, options }, (request) =>
        console.engine.check({ ...request, connects }),
      );
      if (job === undefined) return;
      tellExternals(console, job.externals);
      const { connections = [] } = job;
      if (connections.some(({ state }) => state === "failed")) setExit(EXIT.failed);
      if (options.json) return outJson(console, job);
      const files = job.files === 1 ? "" : ` and the ${job.files - 1} of its own that it imports`;
      console.out(`${job.entry}${files}: no errors\n`);
      for (const connection of connections) console.out(`${lineOf(connection)}\n`);
    });
}

function lineOf({ name, use, state, problem }: Connection): string {
  const came = { reached: "reached", untried: "not tried, it has no way to", failed: problem?.message ?? "" };
  return `${use} ${name}: ${came[state]}`;
}
