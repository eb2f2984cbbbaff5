import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SubjectResult } from "../bench.ts";
import { type Bench, type Engine, forEngines, type Goal, type Sample } from "../bench.ts";
import { column } from "../child.ts";
import { TOUCHED } from "../jobs/keyed-state.ts";
import { processTree } from "../process-tree.ts";
import { type WatchedJob, watchJob } from "../watched-job.ts";
import { MANY_KEYS } from "./state.ts";

const BATCHES_MAX = 1_000_000;
/** Batches at a steady pace before anything is killed. */
const CALM = 20;
/** For as long as this, outputs are watched after an executor was killed. */
const WATCHED = 20;
const GOALS = { nextMs: 1_000, restartMs: 3_000 } as const;

interface Checkpoint {
  readonly engine: Engine;
  readonly directory: string;
  readonly keys: number;
}

/** What it takes to go on after a kill, with much state. */
export const stateFailures: Bench = {
  name: "state-failures",
  what: `kills with state of ${MANY_KEYS.toLocaleString("en")} keys: of an executor, to the next output; of the driver, from its next start to the first output; keys/s of reading all state, and of another number of partitions`,
  rounds: 3,
  metrics: {
    nextMs: { unit: "ms", better: "lower" },
    restartMs: { unit: "ms", better: "lower" },
    restored: { unit: "keys/s", better: "higher" },
    rescaled: { unit: "keys/s", better: "higher" },
  },
  subjects: (options) => {
    const keys = options.quick ? MANY_KEYS / 10 : MANY_KEYS;
    return forEngines(options, (engine) => [
      { name: "executor killed", run: () => inDirectory((directory) => executorKilled({ engine, directory, keys })) },
      { name: "driver killed", run: () => inDirectory((directory) => driverKilled({ engine, directory, keys })) },
    ]);
  },
  goals: (results) => [
    ...results.flatMap((result) => goal(result, "nextMs", "the next output comes")),
    ...results.flatMap((result) => goal(result, "restartMs", "the first output after its restart comes")),
  ],
};

function goal({ name, metrics }: SubjectResult, metric: keyof typeof GOALS, what: string): readonly Goal[] {
  const found = metrics[metric];
  const max = GOALS[metric];
  return found === undefined
    ? []
    : [{ what: `${name}: ${what} within ${max / 1_000} s`, value: found.max, unit: "ms", max }];
}

async function inDirectory(measure: (directory: string) => Promise<Sample>): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    return await measure(join(directory, "checkpoint"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function start(
  { engine, directory, keys }: Checkpoint,
  { master = "local[2]", partitions = 2, all = false }: { master?: string; partitions?: number; all?: boolean } = {},
): WatchedJob {
  const args = [directory, keys, partitions, ...(all ? ["all"] : [])];
  return watchJob({ engine, job: "state-steady", master, batches: BATCHES_MAX, args });
}

/** Until every key has state. */
async function filled(job: WatchedJob, keys: number): Promise<void> {
  await job.report((_, index) => index >= keys / TOUCHED + CALM);
}

/** The longest time between two outputs around the kill, which the time to the next output is a part of. */
async function executorKilled(checkpoint: Checkpoint): Promise<Sample> {
  const job = start(checkpoint, { master: "local-cluster[2,1]" });
  try {
    await filled(job, checkpoint.keys);
    const before = job.child.reports.length;
    const [, executor] = processTree(job.child.pid);
    if (executor === undefined) throw new Error("the cluster has no executor process");
    process.kill(executor.pid, "SIGKILL");
    await job.report((_, index) => index >= before + WATCHED);
    const at = column(job.child.reports.slice(before - 1), "at");
    return { nextMs: Math.max(...at.slice(1).map((time, i) => time - (at[i] ?? time))) };
  } finally {
    await job.child.stop();
  }
}

async function driverKilled(checkpoint: Checkpoint): Promise<Sample> {
  const first = start(checkpoint);
  await filled(first, checkpoint.keys).finally(() => first.kill());
  const { ms: restartMs } = await firstOutput(start(checkpoint));
  const restored = await firstOutput(start(checkpoint, { all: true }));
  const rescaled = await firstOutput(start(checkpoint, { all: true, partitions: 4 }));
  return { restartMs, restored: restored.keysPerSecond, rescaled: rescaled.keysPerSecond };
}

/** The time from the start of the process to its first output, and the keys that its action has read in a second. */
async function firstOutput(job: WatchedJob): Promise<{ readonly ms: number; readonly keysPerSecond: number }> {
  try {
    const { ms = 0, keys = 0 } = await job.report(() => true);
    return { ms: performance.now() - job.child.startedAt, keysPerSecond: (keys / ms) * 1_000 };
  } finally {
    await job.kill();
  }
}
