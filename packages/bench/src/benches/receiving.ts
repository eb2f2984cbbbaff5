import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { column } from "../child.ts";
import { runJob } from "../millrace.ts";
import { median } from "../statistics.ts";

const BATCHES = 50;
const WARM_UP = 10;

/** What it costs to write received blocks to the received log, beside a copy on a second executor, and beside neither. */
export const receiving: Bench = {
  name: "receiving",
  what: "records of 100 bytes, in blocks of 1,000 with 16 under way, and of 10 one after the other (safe: from store() until it resolves), without and with the received log",
  rounds: 3,
  metrics: {
    throughput: { unit: "M records/s", better: "higher" },
    safeMs: { unit: "ms", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) =>
      ["local[2]", "local-cluster[2,1]"].flatMap((master) =>
        ["off", "on"].map((log) => ({
          name: `${master}${log === "on" ? " logged" : ""}`,
          run: () => measured(engine, { master, log, batches: options.quick ? 15 : BATCHES }),
        })),
      ),
    ),
};

interface Case {
  readonly master: string;
  readonly log: string;
  readonly batches: number;
}

async function measured(engine: Engine, of: Case): Promise<Sample> {
  const flood = await run(engine, of, [1_000, 16]);
  const ms = column(flood, "ms").reduce((sum, n) => sum + n, 0);
  const records = column(flood, "records").reduce((sum, n) => sum + n, 0);
  const trickle = await run(engine, of, [10, 1]);
  return { throughput: records / ms / 1_000, safeMs: median(column(trickle, "safeMs")) };
}

async function run(engine: Engine, { master, log, batches }: Case, shape: readonly [records: number, blocks: number]) {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  try {
    const conf = { "receiver.log": log };
    const args = [directory, ...shape];
    const reports = await runJob({ engine, job: "receiving", master, batches, conf, args });
    return reports.slice(WARM_UP);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
