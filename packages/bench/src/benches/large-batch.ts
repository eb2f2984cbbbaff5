import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import type { Report } from "../child.ts";
import { Cluster } from "../cluster.ts";
import { processTree } from "../process-tree.ts";
import { longestSilence, silenceEnvironment } from "../silences.ts";

const RECORDS = 10_000_000;
const SLOTS = 2;
const SMALL_MIB = 512;
/** Enough for the default heaps and pool: five million strings under one key are 300 MB. */
const DEFAULT_MIB = 1424;

interface Row {
  /** A case of `jobs/large-batch.ts`. */
  readonly name: string;
  /** The case is larger than memory. */
  readonly spills: boolean;
  /** `--memory` of the executor. */
  readonly memoryMiB: number;
}

const ROWS: readonly Row[] = [
  { name: "group", spills: true, memoryMiB: SMALL_MIB },
  { name: "join", spills: true, memoryMiB: SMALL_MIB },
  { name: "sort-numbers", spills: true, memoryMiB: SMALL_MIB },
  { name: "sort-objects", spills: true, memoryMiB: SMALL_MIB },
  { name: "half-one-key", spills: true, memoryMiB: SMALL_MIB },
  { name: "hot-numbers", spills: false, memoryMiB: SMALL_MIB },
  { name: "hot-join", spills: false, memoryMiB: SMALL_MIB },
  { name: "hot-texts", spills: false, memoryMiB: DEFAULT_MIB },
];

/** Batches far larger than memory: they spill, stay within the executor's memory and never stop its heartbeats. */
export const largeBatch: Bench = {
  name: "large-batch",
  what: `10,000,000 records in one batch on an executor of --slots ${SLOTS} --memory ${SMALL_MIB}m (hot-texts: ${DEFAULT_MIB}m); its peak MB, MB spilled, its main thread's longest silence`,
  rounds: 3,
  metrics: {
    seconds: { unit: "s", better: "lower" },
    records: { unit: "M records/s", better: "higher" },
    peakMB: { unit: "MB", better: "lower" },
    spilledMB: { unit: "MB", better: "lower" },
    silenceMs: { unit: "ms", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) =>
      ROWS.map((row) => ({
        name: row.name,
        run: () =>
          measured(engine, options.quick ? { ...row, spills: false } : row, RECORDS / (options.quick ? 20 : 1)),
      })),
    ),
};

/** Figures of a job whose case is done, while its executor process is still there. */
interface Done {
  readonly job: string;
  readonly report: Report;
  readonly pids: readonly number[];
  readonly peakBytes: number;
}

async function measured(engine: Engine, row: Row, records: number): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const silences = join(directory, "silences");
  mkdirSync(silences);
  try {
    const env = silenceEnvironment(silences);
    const cluster = await Cluster.start(engine, { slots: SLOTS, memory: `${row.memoryMiB}m`, directory, env });
    try {
      const { job, report, pids, peakBytes } = await finished(cluster, row, records);
      const { start = 0, end = 0, records: done = 0 } = report;
      const spilledBytes = await spilled(cluster, job);
      await checkUneventful(cluster, job);
      if (row.spills && spilledBytes === 0) throw new Error("nothing was spilled: the case is too small for its name");
      if (peakBytes > row.memoryMiB * 2 ** 20) throw new Error(`${peakBytes} bytes resident on ${row.memoryMiB} MiB`);
      return {
        seconds: (end - start) / 1000,
        records: done / 1000 / (end - start),
        peakMB: peakBytes / 1e6,
        spilledMB: spilledBytes / 1e6,
        silenceMs: Math.max(...pids.map((pid) => longestSilence(silences, pid, start, end))),
      };
    } finally {
      await cluster.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a case to its end; the job checks its result, and fails if it is wrong. */
async function finished(cluster: Cluster, row: Row, records: number): Promise<Done> {
  let job = "";
  let done: Done | undefined;
  const child = cluster.follow("large-batch", [row.name, records], {
    onLine: (line) => {
      if (job === "" && /^large-batch-\d+$/.test(line)) job = line; // from the name of its file
    },
    onReport: (report) => {
      const [, ...processes] = processTree(cluster.executor.pid); // the first is the supervisor, which runs no job
      const peakBytes = Math.max(...processes.map((one) => one.peakBytes));
      done = { job, report, pids: processes.map(({ pid }) => pid), peakBytes };
      cluster.stopJob(job).catch(() => child.stop());
    },
  });
  await child.done;
  if (done === undefined) throw new Error(`${row.name} ended without a report`);
  return done;
}

async function spilled(cluster: Cluster, job: string): Promise<number> {
  const batches: readonly { readonly spilledBytes: number }[] = JSON.parse(await cluster.ask(["batches", job]));
  return batches.reduce((sum, batch) => sum + batch.spilledBytes, 0);
}

/** The job has a warning for each retry, lost executor or anything else that the operator should know. */
async function checkUneventful(cluster: Cluster, job: string): Promise<void> {
  const { warnings }: { readonly warnings: readonly { readonly message: string }[] } = JSON.parse(
    await cluster.ask(["status", job]),
  );
  if (warnings.length > 0)
    throw new Error(`it did not go smoothly: ${warnings.map(({ message }) => message).join(" ")}`);
}
