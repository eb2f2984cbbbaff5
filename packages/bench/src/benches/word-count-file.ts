import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { runJob } from "../millrace.ts";
import { zipfLines } from "../zipf-text.ts";
import { summarize } from "./word-count.ts";

const LINES = 3_480_000; // 201 MB, the file other systems were measured with
const WARM_UP = 2;
const MEASURED = 4;

/** Word count from a text file: read, split into lines, decoded, counted. */
export const wordCountFile: Bench = {
  name: "word-count-file",
  what: "word count of a text file of 3,480,000 ten-word lines (201 MB, in the page cache)",
  rounds: 3,
  metrics: { msPerBatch: { unit: "ms", better: "lower" }, words: { unit: "M words/s", better: "higher" } },
  subjects: (options) => {
    const lines = options.quick ? LINES / 20 : LINES;
    return forEngines(options, (engine) =>
      ["local[2]", "local-cluster[2,1]"].map((master) => ({
        name: master,
        run: () => withText(lines, (path) => counted(engine, { master, path, lines })),
      })),
    );
  },
};

async function counted(
  engine: Engine,
  at: { readonly master: string; readonly path: string; readonly lines: number },
): Promise<Sample> {
  const batches = WARM_UP + MEASURED;
  const reports = await runJob({ engine, job: "word-count-file", master: at.master, batches, args: [at.path, 2] });
  return summarize(reports, at.lines, WARM_UP);
}

async function withText<T>(lines: number, use: (path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const path = join(directory, "words.txt");
    writeText(path, lines);
    return await use(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function writeText(path: string, lines: number): void {
  const next = zipfLines(1);
  const file = openSync(path, "w");
  for (let left = lines; left > 0; left -= 10_000) {
    writeSync(file, Array.from({ length: Math.min(left, 10_000) }, () => `${next()}\n`).join(""));
  }
  closeSync(file);
}
