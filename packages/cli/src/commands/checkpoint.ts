import type { Command } from "commander";
import { type Console, outJson, tell, tellError } from "../console.ts";
import type { CheckpointFinding } from "../engine.ts";
import { EXIT, exitCodeOfJob, type SetExit } from "../failure.ts";
import { Interrupted } from "../interrupted.ts";
import { type JobFlags, withConf } from "../job-options.ts";
import type { GlobalOptions } from "../operator-command.ts";
import { checkConf } from "../values.ts";
import { showCheckpoint, showFindings } from "./checkpoint-view.ts";

interface CheckOptions extends JobFlags {
  readonly json?: true;
}

export function registerCheckpoint(program: Command, console: Console, setExit: SetExit): Command {
  const checkpoint = program
    .command("checkpoint")
    .description("look at what a job has left in its checkpoint directory");
  checkpoint
    .command("inspect")
    .argument("<dir>", "the checkpoint directory of a job")
    .option("--json", "print JSON, for programs")
    .description("show what is in a checkpoint: batches, states, sources, outputs, sizes, and damaged files")
    .action(async (dir: string, options: { readonly json?: true }) => {
      const found = await console.engine.inspectCheckpoint(dir);
      await (options.json ? outJson(console, found) : console.out(showCheckpoint(found)));
      if (found.damaged.length > 0) setExit(EXIT.failed);
    });
  withConf(checkpoint.command("check"))
    .argument("<job>", "the job's file, as it is now")
    .argument("<dir>", "the checkpoint directory")
    .argument("[args...]", "arguments for the job, after --")
    .option("--json", "print JSON, for programs")
    .description("compare a changed job with its checkpoint, without starting it: exits with 1 if data would be lost")
    .action(async (file: string, dir: string, args: readonly string[], options: CheckOptions) => {
      const conf = checkConf(options.conf);
      let findings: readonly CheckpointFinding[];
      try {
        findings = await console.engine.checkCheckpoint({
          ...{ jobFile: file, directory: dir, conf, args, signal: console.interrupts },
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
      const lost = findings.some(({ loses }) => loses !== undefined);
      await (options.json ? outJson(console, { findings, lost }) : console.out(showFindings(findings)));
      if (lost) setExit(EXIT.failed);
    });
  return checkpoint;
}
