import type { Command } from "commander";
import { type CheckFlags, checkedJob } from "../checked-job.ts";
import { type Console, outJson } from "../console.ts";
import { tellExternals } from "../externals.ts";
import type { SetExit } from "../failure.ts";
import { withJob } from "../job-options.ts";

export function registerCheck(program: Command, console: Console, setExit: SetExit): Command {
  return withJob(program.command("check"))
    .option("--json", "print JSON, for programs")
    .description(
      "check a job without running it: syntax, types, imports and, by declaring its graph, the captures of its functions",
    )
    .action(async (file: string, args: readonly string[], options: CheckFlags) => {
      const job = await checkedJob({ program, console, setExit }, { file, args, options }, (request) =>
        console.engine.check(request),
      );
      if (job === undefined) return;
      tellExternals(console, job.externals);
      if (options.json) return outJson(console, job);
      const files = job.files === 1 ? "" : ` and the ${job.files - 1} of its own that it imports`;
      return console.out(`${job.entry}${files}: no errors\n`);
    });
}
