import { availableParallelism } from "node:os";
import { formatSize, millis, StreamTaker, SystemClock } from "@millrace/base";
import type { Console } from "./console.ts";
import { engine } from "./engine-adapter.ts";
import { describeFailure, EXIT } from "./failure.ts";
import { ReaderGone, whenOutputEnds } from "./reader.ts";
import { watchSignals } from "./signals.ts";

/** The time that readers of our output get after a second Ctrl-C. */
const CUT_AFTER = millis(1_000);

export interface ProcessConsole extends Console {
  /**
   * Resolves when all output has been read, however slowly, or was cut, which is reported.
   *
   * @returns The exit code, given the command's own: failing to write standard output is a failure.
   */
  flush(code: number): Promise<number>;
}

/**
 * The real process. A reader that goes away, like `head`, stops the command gracefully and silently; a full disk stops
 * it with a message.
 */
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
  // Standard error is optional: its loss is no reason to end.
  whenOutputEnds(process.stderr, () => stderr.abandon());
  const interrupts = watchSignals(clock, process, unread.signal);
  const takers = [stdout, stderr];
  // A reader that keeps up still learns how the job ended.
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
    input: () => process.stdin,
    interrupts,
    async flush(code) {
      const cut = (): void => {
        for (const taker of takers) taker.abandon();
      };
      if (interrupts.immediate.aborted) clock.after(CUT_AFTER, cut);
      await Promise.all(takers.map((taker) => taker.flush()));
      const bytes = (unread.signal.aborted ? 0 : stdout.droppedBytes) + stderr.droppedBytes;
      if (bytes > 0)
        process.stderr.write(`millrace: ${formatSize(bytes)} of output was dropped: it was not read in time\n`);
      return unwritable ? EXIT.failed : code;
    },
  };
}
