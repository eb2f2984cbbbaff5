import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SubjectResult } from "../bench.ts";
import { type Bench, type Engine, forEngines, type Goal, type Sample } from "../bench.ts";
import { column } from "../child.ts";
import { TOUCHED } from "../jobs/keyed-state.ts";
import { runJob } from "../millrace.ts";
import { median } from "../statistics.ts";

export const FEW_KEYS = 10_000;
export const MANY_KEYS = 1_000_000;
const MEASURED = 150;
/** Nothing is removed, so that all that was written can be counted. */
const KEEP_ALL = { "state.retention.batches": "1000000" };
const RATIO_MAX = 2;

const label = (keys: number): string => `${keys.toLocaleString("en")} keys`;

/** A batch costs what it touches, however much state there is. */
export const state: Bench = {
  name: "state",
  what: `state in a checkpoint directory, ${TOUCHED.toLocaleString("en")} keys touched in each batch, back to back; bytes written for each key touched`,
  rounds: 3,
  metrics: {
    medianMs: { unit: "ms", better: "lower" },
    bytesPerKey: { unit: "bytes", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) =>
      [FEW_KEYS, options.quick ? MANY_KEYS / 10 : MANY_KEYS].map((keys) => ({
        name: label(keys),
        run: () => measured(engine, keys),
      })),
    ),
  goals: (results) =>
    results
      .slice(1)
      .flatMap((result) => [
        goal(result, "medianMs", `a batch takes at most ${RATIO_MAX} times as long as on few keys`),
        goal(result, "bytesPerKey", `at most ${RATIO_MAX} times as many bytes are written for each key touched`),
      ]),
};

function goal({ name, ratios }: SubjectResult, metric: string, what: string): Goal {
  return { what: `${name}: ${what}`, value: ratios[metric]?.median, unit: "×", max: RATIO_MAX };
}

async function measured(engine: Engine, keys: number): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const filling = Math.max(50, keys / TOUCHED);
    const batches = filling + MEASURED;
    const args = [directory, keys, 2];
    const reports = await runJob({ engine, job: "state", master: "local[2]", batches, conf: KEEP_ALL, args });
    const medianMs = median(column(reports.slice(filling), "turnMs"));
    return { medianMs, bytesPerKey: bytesBelow(join(directory, "state")) / (batches * TOUCHED) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function bytesBelow(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
