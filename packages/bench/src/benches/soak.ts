import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { column, type Report } from "../child.ts";
import { startJob } from "../millrace.ts";
import { treeMegabytes } from "../process-tree.ts";
import { median, quantile, slope } from "../statistics.ts";

const BATCHES = 6_000;
const SAMPLE_MS = 2_000;

/** A point of the memory curve: minutes since the start, resident MB of all processes together. */
type MemoryPoint = readonly [minutes: number, megabytes: number];

/** Ten minutes of a stateful job at 100 ms: are batches on time, is memory stable. */
export const soak: Bench = {
  name: "soak",
  what: "10 minutes at 100 ms with state: lag of the last third, resident MB of all processes in the 2nd and last tenth",
  rounds: 1,
  metrics: {
    batches: { unit: "batches", better: "higher" },
    lagMedianMs: { unit: "ms", better: "lower" },
    lagP99Ms: { unit: "ms", better: "lower" },
    earlyMB: { unit: "MB", better: "lower" },
    lateMB: { unit: "MB", better: "lower" },
    growth: { unit: "MB/min", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) => [
      { name: "local-cluster[2,1]", run: () => soaked(engine, options.quick ? 200 : BATCHES) },
    ]),
};

async function soaked(engine: Engine, batches: number): Promise<Sample> {
  const child = startJob({ engine, job: "steady", master: "local-cluster[2,1]", batches });
  const memory: MemoryPoint[] = [];
  const timer = setInterval(() => {
    memory.push([(performance.now() - child.startedAt) / 60_000, treeMegabytes(child.pid)]);
  }, SAMPLE_MS);
  try {
    await child.done;
  } finally {
    clearInterval(timer);
    await child.stop();
  }
  return { ...pace(child.reports), ...levels(memory) };
}

function pace(reports: readonly Report[]): Sample {
  const lag = column(reports.slice(Math.floor((reports.length * 2) / 3)), "lagMs");
  return { batches: reports.length, lagMedianMs: median(lag), lagP99Ms: quantile(lag, 0.99) };
}

/** The slope over the last two thirds, without the last points, when processes are exiting. */
function levels(points: readonly MemoryPoint[]): Sample {
  const running = points.slice(0, -2);
  const tenth = (n: number): number => {
    const part = running.slice(Math.floor((running.length * n) / 10), Math.ceil((running.length * (n + 1)) / 10));
    return median(part.map(([, megabytes]) => megabytes));
  };
  return { earlyMB: tenth(1), lateMB: tenth(9), growth: slope(running.slice(Math.floor(running.length / 3))) };
}
