import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { column } from "../child.ts";
import { runJob } from "../millrace.ts";
import { median, quantile } from "../statistics.ts";

const BATCHES = 1_000;
const WARM_UP = 300;

/** A hundred records, two stages, every 20 ms: measures planning, scheduling, messages, fetching, commit. */
export const smallBatch: Bench = {
  name: "small-batch",
  what: "two-stage batch of 100 records, one each 20 ms; ms: planned to result, lag: batch time to result",
  rounds: 3,
  metrics: {
    medianMs: { unit: "ms", better: "lower" },
    p99Ms: { unit: "ms", better: "lower" },
    lagMedianMs: { unit: "ms", better: "lower" },
    lagP99Ms: { unit: "ms", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) =>
      ["local[2]", "local-cluster[2,1]"].map((master) => ({
        name: master,
        run: () => measured(engine, master, options.quick ? 100 : BATCHES),
      })),
    ),
};

async function measured(engine: Engine, master: string, batches: number): Promise<Sample> {
  const reports = await runJob({ engine, job: "small-batch", master, batches });
  const warm = reports.slice(Math.floor((batches * WARM_UP) / BATCHES));
  const [ms, lag] = [column(warm, "ms"), column(warm, "lagMs")];
  return { medianMs: median(ms), p99Ms: quantile(ms, 0.99), lagMedianMs: median(lag), lagP99Ms: quantile(lag, 0.99) };
}
