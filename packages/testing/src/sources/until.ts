import { fail } from "node:assert/strict";
import { formatDuration, type Millis, millis, SystemClock } from "@millrace/base";

const PAUSE = millis(5);
const clock = new SystemClock();

/** Waits for something outside of this process, which tells nobody when it happens. Rejects when `patience` is over. */
export async function until(what: string, fits: () => boolean | Promise<boolean>, patience: Millis): Promise<void> {
  const end = clock.monotonicMs() + patience;
  while (!(await fits())) {
    if (clock.monotonicMs() > end) fail(`${what}: not within ${formatDuration(patience)}`);
    await pause();
  }
}

/** Time for what must not happen. */
export async function aWhile(): Promise<void> {
  for (let i = 0; i < 10; i++) await pause();
}

const pause = (): Promise<void> => new Promise((resolve) => void clock.after(PAUSE, resolve));
