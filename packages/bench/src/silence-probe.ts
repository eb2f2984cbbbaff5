// Loaded before an executor's own code (`node --import`): records whenever the main thread of a process did not get to its
// timers, and so to its heartbeats, in time. One line each: when the silence ended, and how long it lasted.
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const INTERVAL_MS = 10;
/** Shorter delays are normal for timers. */
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
