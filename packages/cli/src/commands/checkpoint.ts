import type { Command } from "commander";
import { type CheckFlags, checkedJob } from "../checked-job.ts";
import { type Console, outJson } from "../console.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { withConf } from "../job-options.ts";
import { showCheckpoint, showFindings } from "./checkpoint-view.ts";

interface CompareFlags extends CheckFlags {
  readonly name?: string;
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
    .option("--name <name>", "the name that the job is submitted with, in place of its own")
    .option("--json", "print JSON, for programs")
    .description("compare a changed job with its checkpoint, without starting it: exits with 1 if data would be lost")
    .action(async (file: string, dir: string, args: readonly string[], options: CompareFlags) => {
      const findings = await checkedJob({ program, console, setExit }, { file, args, options }, (request) =>
        console.engine.checkCheckpoint({ ...request, directory: dir, name: options.name }),
      );
      if (findings === undefined) return;
      const lost = findings.some(({ loses }) => loses !== undefined);
      await (options.json ? outJson(console, { findings, lost }) : console.out(showFindings(findings)));
      if (lost) setExit(EXIT.failed);
    });
  return checkpoint;
}
