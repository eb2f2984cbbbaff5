import { fromWireError } from "@millrace/base";
import type { Command } from "commander";
import { type Console, tell } from "../console.ts";
import type { RunRequest } from "../engine.ts";
import { badUsage } from "../errors.ts";
import { EXIT, type SetExit } from "../failure.ts";
import { tellJobFailure } from "../job-failure.ts";
import { type RunFlags, runConf, withRunnableJob } from "../job-options.ts";
import { parseMaster } from "../master.ts";
import type { GlobalOptions } from "../operator-command.ts";
import { rerunOnChange, type StartRun } from "../rerun.ts";
import { readerIsGone } from "../signals.ts";
import { parseCount } from "../values.ts";
import { WaitingLines } from "../waiting.ts";

interface RunOptions extends RunFlags {
  readonly master: string;
  readonly batches?: number;
  readonly watch?: true;
}

export function registerRun(program: Command, console: Console, setExit: SetExit): Command {
  return withRunnableJob(program.command("run"))
    .option("--master <master>", "where to run: local, local[N], local[*] or local-cluster[E,S]", "local[*]")
    .option("--batches <n>", "stop after completing this many batches", parseCount("--batches"))
    .option("--watch", "start the job again whenever one of its files changes")
    .description("run a job on a cluster of its own; Ctrl-C stops it gracefully, a second Ctrl-C at once")
    .action(async (job: string, args: readonly string[], options: RunOptions) => {
      if (options.availableNow && options.batches !== undefined)
        throw badUsage("--batches and --available-now each say when the job ends. Give one of them.");
      const request = {
        ...{ jobFile: job, args, drop: options.drop ?? [] },
        ...{ batches: options.batches, availableNow: options.availableNow === true },
        ...{ master: parseMaster(options.master, console.cores), conf: runConf(options) },
      };
      const verbose = program.opts<GlobalOptions>().verbose === true;
      const { graceful, immediate } = console.interrupts;
      const onInterrupt = (): void => {
        if (readerIsGone(console.interrupts)) return;
        tell(console, "stopping once all received data is processed; Ctrl-C again stops at once");
      };
      graceful.addEventListener("abort", onInterrupt, { once: true });
      const start: StartRun = (signal, onFile) => runOnce(console, { ...request, signal, onFile }, verbose);
      setExit(
        options.watch ? await rerunOnChange(console, verbose, start) : await start(console.interrupts, () => undefined),
      );
      if (immediate.aborted) setExit(EXIT.interrupted);
    });
}

type OnceRequest = Omit<RunRequest, "output" | "onWarning" | "onProgress" | "onBatch" | "onDraining">;

/** Runs the job to its end and reports how it failed. */
async function runOnce(console: Console, request: OnceRequest, verbose: boolean): Promise<number> {
  const batches = { over: 0, failed: 0 };
  const lines = new WaitingLines(console, "stopping");
  const failure = await console.engine
    .runEmbedded({
      ...request,
      output: (stream, bytes) => (stream === "stdout" ? console.out(bytes) : console.err(bytes)),
      onWarning: (message) => tell(console, message),
      onProgress: (step) => tell(console, step),
      onDraining: (report) => lines.tell(report),
      onBatch: ({ state }) => {
        if (state === "failed") batches.failed += 1;
        if (state === "failed" || state === "completed") batches.over += 1;
      },
    })
    .finally(() => lines.end());
  if (failure !== undefined) {
    const told = { ran: failure.ran, json: false, verbose };
    return tellJobFailure(console, request.jobFile, fromWireError(failure.error), told);
  }
  if (batches.failed === 0) return EXIT.done;
  tell(console, `done, but ${batches.failed} of ${batches.over} batches failed: see BATCH_FAILED above`);
  return EXIT.failed;
}
