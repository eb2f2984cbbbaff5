import { fromWireError } from "@millrace/base";
import type { Command } from "commander";
import { type Console, tell } from "../console.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { tellJobFailure } from "../job-failure.ts";
import { type JobFlags, withJob } from "../job-options.ts";
import { parseMaster } from "../master.ts";
import type { GlobalOptions } from "../operator-command.ts";
import { readerIsGone } from "../signals.ts";
import { checkConf, parseCount } from "../values.ts";

interface RunOptions extends JobFlags {
  readonly master: string;
  readonly batches?: number;
}

export function registerRun(program: Command, console: Console, setExit: SetExit): Command {
  return withJob(program.command("run"))
    .option("--master <master>", "where to run: local, local[N], local[*] or local-cluster[E,S]", "local[*]")
    .option("--batches <n>", "stop after completing this many batches", parseCount("--batches"))
    .description("run a job on a cluster of its own; Ctrl-C stops it gracefully, a second Ctrl-C at once")
    .action(async (job: string, args: readonly string[], options: RunOptions) => {
      const { graceful, immediate } = console.interrupts;
      const onInterrupt = (): void => {
        if (readerIsGone(console.interrupts)) return;
        tell(console, "stopping once all received data is processed; Ctrl-C again stops at once");
      };
      graceful.addEventListener("abort", onInterrupt, { once: true });
      const batches = { over: 0, failed: 0 };
      const failure = await console.engine.runEmbedded({
        jobFile: job,
        master: parseMaster(options.master, console.cores),
        batches: options.batches,
        conf: checkConf(options.conf),
        args,
        signal: console.interrupts,
        output: (stream, bytes) => (stream === "stdout" ? console.out(bytes) : console.err(bytes)),
        onWarning: (message) => tell(console, message),
        onProgress: (step) => tell(console, step),
        onBatch: ({ state }) => {
          if (state === "failed") batches.failed += 1;
          if (state === "failed" || state === "completed") batches.over += 1;
        },
      });
      if (failure !== undefined) {
        const verbose = program.opts<GlobalOptions>().verbose === true;
        const told = { ran: failure.ran, json: false, verbose };
        setExit(await tellJobFailure(console, job, fromWireError(failure.error), told));
      } else if (batches.failed > 0) {
        tell(console, `done, but ${batches.failed} of ${batches.over} batches failed: see BATCH_FAILED above`);
        setExit(EXIT.failed);
      }
      if (immediate.aborted) setExit(EXIT.interrupted);
    });
}
