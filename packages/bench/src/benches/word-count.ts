import { fileURLToPath } from "node:url";
import { type Bench, type BenchOptions, forEngines, type Sample, type Subject } from "../bench.ts";
import { column, type Report, reportsOf } from "../child.ts";
import { runJob } from "../millrace.ts";
import { median } from "../statistics.ts";

const LINES = 1_000_000;
const WARM_UP = 5;
const MEASURED = 7;
const MASTERS = ["local[1]", "local[2]", "local-cluster[2,1]"];

/** One million ten-word lines in memory, split and counted; the ten most frequent words go to the driver. */
export const wordCount: Bench = {
  name: "word-count",
  what: "word count of 1,000,000 ten-word lines in memory; the reference is one plain loop on one thread",
  rounds: 3,
  metrics: { msPerBatch: { unit: "ms", better: "lower" }, words: { unit: "M words/s", better: "higher" } },
  subjects: (options) => [
    plain(options),
    ...forEngines(options, (engine) => MASTERS.map((master) => counted(master, { engine, options }))),
  ],
};

function plain(options: BenchOptions): Subject {
  const program = fileURLToPath(new URL("../plain-word-count.js", import.meta.url));
  const { lines, batches, warmUp } = sizes(options);
  const run = async (): Promise<Sample> =>
    summarize(await reportsOf({ args: [program, String(lines), String(batches)] }), lines, warmUp);
  return { name: "plain loop", run };
}

function counted(
  master: string,
  { engine, options }: { readonly engine: BenchOptions["engines"][number]; readonly options: BenchOptions },
): Subject {
  const { lines, batches, warmUp } = sizes(options);
  const run = async (): Promise<Sample> =>
    summarize(await runJob({ engine, job: "word-count", master, batches, args: [lines, 2] }), lines, warmUp);
  return { name: master, run };
}

function sizes({ quick }: BenchOptions): { readonly lines: number; readonly batches: number; readonly warmUp: number } {
  return quick
    ? { lines: LINES / 10, batches: 3, warmUp: 1 }
    : { lines: LINES, batches: WARM_UP + MEASURED, warmUp: WARM_UP };
}

/** @throws Error A batch did not count all words: a fast wrong answer does not count. */
export function summarize(reports: readonly Report[], lines: number, warmUp: number): Sample {
  for (const words of column(reports, "words")) {
    if (words !== lines * 10) throw new Error(`a batch counted ${words} words of ${lines * 10}`);
  }
  const msPerBatch = median(column(reports.slice(warmUp), "ms"));
  return { msPerBatch, words: (lines * 10) / msPerBatch / 1000 };
}
