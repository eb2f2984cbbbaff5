import { availableParallelism } from "node:os";
import { formatSize, millis, StreamTaker, SystemClock } from "@millrace/base";
import type { Console } from "./console.ts";
import { engine } from "./engine-adapter.ts";
import { describeFailure, EXIT } from "./failure.ts";
import { ReaderGone, whenOutputEnds } from "./reader.ts";
import { watchSignals } from "./signals.ts";

/** How long a second Ctrl-C lets the readers of our output take what is left for them. */
const CUT_AFTER = millis(1_000);

export interface ProcessConsole extends Console {
  /**
   * Resolves when all output has been taken, however slow its reader; or was cut, which is said.
   *
   * @returns The exit code that this makes of the command's own: standard output that could not be written is a failure.
   */
  flush(code: number): Promise<number>;
}

/** The real process. A reader that goes away, as `head` does, stops what runs, gracefully and without a word; a full disk with one. */
export function processConsole(): ProcessConsole {
  const clock = new SystemClock();
  const stdout = new StreamTaker(process.stdout);
  const stderr = new StreamTaker(process.stderr);
  const unread = new AbortController();
  let unwritable = false;
  whenOutputEnds(process.stdout, (reason) => {
    stdout.abandon();
    if (!(reason instanceof ReaderGone)) {
      unwritable = true;
      stderr.write(describeFailure(reason, false));
    }
    unread.abort(reason);
  });
  // What is said there is only for whoever listens: no reason to end.
  whenOutputEnds(process.stderr, () => stderr.abandon());
  const interrupts = watchSignals(clock, process, unread.signal);
  const takers = [stdout, stderr];
  // A reader that keeps up is still told how the job ended.
  interrupts.immediate.addEventListener("abort", () => {
    clock.after(CUT_AFTER, () => {
      for (const taker of takers) if (taker.behind) taker.abandon();
    });
  });
  return {
    env: process.env,
    engine,
    clock,
    terminal: process.stderr.isTTY === true,
    cores: availableParallelism(),
    async out(text) {
      await stdout.write(text);
    },
    err: (text) => stderr.write(text),
    interrupts,
    async flush(code) {
      const cut = (): void => {
        for (const taker of takers) taker.abandon();
      };
      if (interrupts.immediate.aborted) clock.after(CUT_AFTER, cut);
      await Promise.all(takers.map((taker) => taker.flush()));
      const bytes = (unread.signal.aborted ? 0 : stdout.droppedBytes) + stderr.droppedBytes;
      if (bytes > 0)
        process.stderr.write(`millrace: ${formatSize(bytes)} of output are cut off: nobody read them in time\n`);
      return unwritable ? EXIT.failed : code;
    },
  };
}
