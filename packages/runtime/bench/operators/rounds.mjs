// Times two ways of doing the same, in turn.
import { existsSync, readFileSync } from "node:fs";

/** Milliseconds that this thread has had a core, so that a busy machine does not count; else the time of day. */
const SCHEDULE = "/proc/thread-self/schedstat";
const now = existsSync(SCHEDULE)
  ? () => Number(readFileSync(SCHEDULE, "utf8").split(" ")[0]) / 1e6
  : () => performance.now();

/** Many ticks of the clock of threads. */
const ROUND_MS = 200;

/** Milliseconds a run. */
async function timed(once, runs) {
  const start = now();
  for (let i = 0; i < runs; i++) await once();
  return (now() - start) / runs;
}

/** The number of runs in a round. Warms up. */
async function runsOf(once) {
  await once();
  const start = now();
  for (let runs = 1; ; runs++) {
    await once();
    if (now() - start > ROUND_MS) return runs;
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Medians of rounds in which both run in turn.
 *
 * @returns {Promise<{ first: number, second: number, ratio: number }>} Milliseconds a run, and the time of the first in that
 *   of the second.
 */
export async function compared(first, second, rounds) {
  const runs = [await runsOf(first), await runsOf(second)];
  const times = [[], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(await timed(first, runs[0]));
    times[1].push(await timed(second, runs[1]));
  }
  const ratio = median(times[0].map((ms, i) => ms / times[1][i]));
  return { first: median(times[0]), second: median(times[1]), ratio };
}
