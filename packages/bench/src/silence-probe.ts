// Loaded ahead of an executor's own code (`node --import`): notes whenever the main thread of a process could not turn to its
// timers, and so to its heartbeats, for longer than they should have taken. A line for each: when it ended, how long it was.
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const INTERVAL_MS = 10;
/** A shorter delay is what timers are like. */
const NOTED_MS = 10;
const directory = process.env.MILLRACE_BENCH_SILENCES;

if (isMainThread && directory !== undefined) {
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    const late = now - last - INTERVAL_MS;
    last = now;
    if (late < NOTED_MS) return;
    appendFileSync(`${directory}/${process.pid}`, `${performance.timeOrigin + now} ${late}\n`);
    last = performance.now(); // without what the note took
  }, INTERVAL_MS).unref();
}
