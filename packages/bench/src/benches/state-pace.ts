import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { column } from "../child.ts";
import { TOUCHED } from "../jobs/keyed-state.ts";
import { runJob } from "../millrace.ts";
import { median, quantile } from "../statistics.ts";
import { MANY_KEYS } from "./state.ts";

const BATCHES_PER_MINUTE = 60_000 / 20;
const OVER_MAX = 10;

/** No batch notices that state is written whole in the background. */
export const statePace: Bench = {
  name: "state-pace",
  what: `state of ${MANY_KEYS.toLocaleString("en")} keys, ${TOUCHED.toLocaleString("en")} of them touched every 20 ms, for --minutes; ms: the action of a batch`,
  rounds: 1,
  metrics: {
    medianMs: { unit: "ms", better: "lower" },
    p99Ms: { unit: "ms", better: "lower" },
    maxMs: { unit: "ms", better: "lower" },
    over: { unit: "×", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) => [
      {
        name: "local[2]",
        run: () => measured(engine, options.quick ? 200 : options.minutes * BATCHES_PER_MINUTE),
      },
    ]),
  goals: (results) =>
    results.map(({ name, metrics }) => ({
      what: `${name}: no batch takes more than ${OVER_MAX} times the median`,
      ...{ value: metrics.over?.max, unit: "×", max: OVER_MAX },
    })),
};

async function measured(engine: Engine, batches: number): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const filling = MANY_KEYS / TOUCHED + 50; // and code that is still being compiled
    const args = [directory, MANY_KEYS, 2];
    const reports = await runJob({ engine, job: "state-paced", master: "local[2]", batches: filling + batches, args });
    const ms = column(reports.slice(filling), "ms");
    const [medianMs, maxMs] = [median(ms), Math.max(...ms)];
    return { medianMs, p99Ms: quantile(ms, 0.99), maxMs, over: maxMs / medianMs };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
