import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Bench, type BenchOptions, type Engine, forEngines, type Goal, type Sample } from "../bench.ts";
import { Child } from "../child.ts";
import { commandOf } from "../millrace.ts";

const KEYS = 1_000_000;
const PARTITIONS = 8;
const EXPORT_MAX_MS = 3_000;
const FORMATS = ["jsonl", "csv"] as const;

/** State as data: what `state import` and `state export` take for a million keys, from the command to its end. */
export const stateExport: Bench = {
  name: "state-export",
  what: "state import of a million keys from JSON lines, then state export of them to a file",
  rounds: 3,
  metrics: { exportMs: { unit: "ms", better: "lower" }, importMs: { unit: "ms", better: "lower" } },
  subjects: (options) =>
    forEngines(options, (engine) =>
      FORMATS.map((format) => ({ name: format, run: () => exported(engine, format, options) })),
    ),
  goals: (results) =>
    results.map(
      ({ name, metrics }): Goal => ({
        what: `${name}: a million keys are exported within ${EXPORT_MAX_MS / 1_000} s`,
        value: metrics.exportMs?.median,
        unit: "ms",
        max: EXPORT_MAX_MS,
      }),
    ),
};

async function exported(engine: Engine, format: string, { quick }: BenchOptions): Promise<Sample> {
  const root = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const [input, checkpoint] = [join(root, "in.jsonl"), join(root, "checkpoint")];
  try {
    await pipeline(Readable.from(lines(quick ? KEYS / 100 : KEYS)), createWriteStream(input));
    const partitions = ["--partitions", String(PARTITIONS)];
    const importMs = await timed(engine, "import", checkpoint, "totals", "--in", input, ...partitions);
    const out = join(root, "out");
    const exportMs = await timed(engine, "export", checkpoint, "--format", format, "--out", out);
    return { exportMs, importMs };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function* lines(keys: number): Generator<string> {
  const some = 1_000;
  for (let first = 0; first < keys; first += some)
    yield Array.from({ length: some }, (_, n) => `["key-${first + n}",${(first + n) * 3}]\n`).join("");
}

async function timed(engine: Engine, ...args: readonly string[]): Promise<number> {
  const child = new Child({ args: [commandOf(engine), "state", ...args] });
  try {
    await child.done;
    return performance.now() - child.startedAt;
  } finally {
    await child.stop();
  }
}
