import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { column } from "../child.ts";
import { runJob } from "../millrace.ts";
import { median, quantile } from "../statistics.ts";

const BATCHES = 1_500;
const WARM_UP = 500;

/** The cost of a batch with state in a job that can be killed and started again, beside one in a job that cannot. */
export const loggedBatch: Bench = {
  name: "logged-batch",
  what: "stateful batch of 100 records, back to back, without and with a checkpoint directory of its own; ms: output to output",
  rounds: 3,
  metrics: {
    medianMs: { unit: "ms", better: "lower" },
    p99Ms: { unit: "ms", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) =>
      ["local[2]", "local-cluster[2,1]"].flatMap((master) =>
        [false, true].map((logged) => ({
          name: `${master}${logged ? " logged" : ""}`,
          run: () => measured(engine, { master, logged, batches: options.quick ? 100 : BATCHES }),
        })),
      ),
    ),
  goals: (results) =>
    results.flatMap(({ name, metrics }, i) => {
      const without = results[i - 1]?.metrics.medianMs?.median;
      const ms = metrics.medianMs?.median;
      if (!name.includes(" logged")) return [];
      const value = without === undefined || ms === undefined ? undefined : ms / without;
      return [{ what: `${name}: a batch costs at most 15 % more`, value, unit: "×", max: RATIO_MAX }];
    }),
};

/** A batch with a log costs at most this many times one without. */
const RATIO_MAX = 1.15;

async function measured(
  engine: Engine,
  { master, logged, batches }: { readonly master: string; readonly logged: boolean; readonly batches: number },
): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  try {
    const reports = await runJob({ engine, job: "logged-batch", master, batches, args: logged ? [directory] : [] });
    const ms = column(reports.slice(Math.floor((batches * WARM_UP) / BATCHES)), "ms");
    return { medianMs: median(ms), p99Ms: quantile(ms, 0.99) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
