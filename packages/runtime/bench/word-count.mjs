// Map side of a word count on one core: node packages/runtime/bench/word-count.mjs [lines=200000] [rounds=7]
// flatMap(line => line.split(" ")).map(w => [w, 1]).reduceByKey(add), 10 words a line, 10,000 words, Zipf. Needs a build.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "@millrace/base";
import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { localVersion } from "@millrace/files";
import { BlockPool, freeSlices, localFileSystems, SpillDirectory } from "@millrace/storage";
import { SegmentState } from "../dist/compile/segment-state.js";
import { compileTemplate, FunctionTable, SlotRuntime } from "../dist/index.js";
import { TaskControl } from "../dist/job/task-control.js";
import { AggregateTable } from "../dist/table/aggregate-table.js";
import { TableBudget } from "../dist/table/table-budget.js";
import { lineGenerator } from "./zipf-words.mjs";

const lineCount = Number(process.argv[2] ?? 200_000);
const rounds = Number(process.argv[3] ?? 7);
const WORDS_PER_LINE = 10;

const nextLine = lineGenerator(1);
const lines = Array.from({ length: lineCount }, nextLine);
const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const file = join(directory, "lines.txt");
writeFileSync(file, `${lines.join("\n")}\n`);

const files = localFileSystems();
const functions = new FunctionTable({ files });
functions.define("split", () => (line) => line.split(" "));
functions.define("pair", () => (word) => [word, 1]);
functions.define("add", () => (a, b) => a + b);

const combine = { create: undefined, mergeValue: 2, mergeCombiners: 2 };
const ops = [
  { kind: "flatMap", fn: 0, label: "flatMap" },
  { kind: "map", fn: 1, label: "map" },
];
const template = (id, source, partitions = 2) => ({
  id,
  pipeline: { source, ops },
  sink: { kind: "shuffle", partitioner: { kind: "hash", partitions }, combine },
  functions: ["split", "pair", "add"],
});

/** The generated loop alone, over lines that are strings already. */
function loop() {
  const program = compileTemplate(template("loop", { kind: "blocks", input: 0 }));
  const segment = program.pipeline.segments[0];
  const fns = functions.resolveAll(program.template, new Uint8Array(0), undefined);
  const control = new TaskControl({ cancelled: () => false }, () => {});
  // Fresh copies: V8 keeps a line's hash and flat form, which lines from a block do not have.
  const input = Buffer.from(lines.join("\n"), "latin1").toString("latin1").split("\n");
  return () => {
    const table = new AggregateTable({ shape: { kind: "combine" }, budget: new TableBudget(1e9, () => 0) });
    const state = new SegmentState({ functions: fns, control, labels: segment.labels, table });
    for (let at = 0; at < input.length; at += 1024) {
      segment.rows(input, at, Math.min(at + 1024, input.length), state);
      state.pause();
    }
    if (table.size !== 10_000 && lineCount >= 200_000) throw new Error(`${table.size} words`);
  };
}

const pool = BlockPool.create({ bytes: 256 * 1024 ** 2 });
const spills = new SpillDirectory(directory, pool.owner);
const runtime = new SlotRuntime(
  {
    pool,
    newSpillFile: () => spills.newFile(),
    files,
    cancellation: { cancelled: () => false },
    clock: new SystemClock(),
    spillBytes: 64 * 1024 ** 2,
    heapUse: () => 0,
  },
  functions,
);

let run = 0;
/** A whole task: input, loop, shuffle output in the pool. */
function task(kind, input) {
  const t = template(kind, { kind, input: 0 });
  runtime.loadTemplate(t);
  return async () => {
    run += 1;
    runtime.startStage({ run, batch: 1000, templates: [t.id], captures: [new Uint8Array(0)], broadcasts: [] });
    const outcome = await runtime.runTask({ run, partition: 0, attempt: 0, template: 0, inputs: [input] });
    runtime.endStage(run);
    if (outcome.kind !== "mapOutput") throw new Error(JSON.stringify(outcome));
    for (const block of outcome.blocks) if (block !== undefined) freeSlices(block, pool);
  };
}

/** Milliseconds that this thread has had a core, so that a busy machine does not count; else the time of day. */
const SCHEDULE = "/proc/thread-self/schedstat";
const now = existsSync(SCHEDULE)
  ? () => Number(readFileSync(SCHEDULE, "utf8").split(" ")[0]) / 1e6
  : () => performance.now();

async function measure(name, once) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const start = now();
    await once();
    times.push(now() - start);
  }
  const best = Math.min(...times);
  const median = times.toSorted((a, b) => a - b)[times.length >> 1];
  const rate = (ms) => ((lineCount * WORDS_PER_LINE) / ms / 1000).toFixed(2);
  console.log(`${name.padEnd(34)} ${rate(median).padStart(6)} M words/s median  ${rate(best).padStart(6)} best`);
}

await measure("loop over decoded lines", loop());
await measure(
  "task over blocks of lines",
  task("blocks", { kind: "inline", block: encodeBlock(lines, emptyClassTable) }),
);
await measure(
  "task over a text file",
  task("text", {
    ...{ kind: "file", path: file, start: 0, end: Number.MAX_SAFE_INTEGER },
    version: localVersion(statSync(file, { bigint: true })),
  }),
);
rmSync(directory, { recursive: true });
