import type { Command } from "commander";
import { type Console, outJson, tell, tellError } from "../console.ts";
import type { CheckedJob } from "../engine.ts";
import { tellExternals } from "../externals.ts";
import { exitCodeOfJob, type SetExit } from "../failure.ts";
import { Interrupted } from "../interrupted.ts";
import { type JobFlags, withJob } from "../job-options.ts";
import type { GlobalOptions } from "../operator-command.ts";
import { checkConf } from "../values.ts";

interface CheckOptions extends JobFlags {
  readonly json?: true;
}

export function registerCheck(program: Command, console: Console, setExit: SetExit): Command {
  return withJob(program.command("check"))
    .option("--json", "print JSON, for programs")
    .description(
      "check a job without running it: syntax, types, imports and, by declaring its graph, the captures of its functions",
    )
    .action(async (file: string, args: readonly string[], options: CheckOptions) => {
      const conf = checkConf(options.conf);
      let job: CheckedJob;
      try {
        job = await console.engine.check({
          jobFile: file,
          conf,
          args,
          signal: console.interrupts,
          output: (_, bytes) => console.err(bytes),
          onWarning: (message) => tell(console, message),
          onProgress: (step) => tell(console, step),
        });
      } catch (error) {
        if (console.interrupts.graceful.aborted) throw new Interrupted();
        const verbose = program.opts<GlobalOptions>().verbose === true;
        await tellError(console, error, { json: options.json === true, verbose });
        return setExit(exitCodeOfJob(error, false));
      }
      tellExternals(console, job.externals);
      if (options.json) return outJson(console, job);
      const files = job.files === 1 ? "" : ` and the ${job.files - 1} of its own that it imports`;
      return console.out(`${job.entry}${files}: no errors\n`);
    });
}
