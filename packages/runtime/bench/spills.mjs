// Measures the cost of spilling: `node packages/runtime/bench/spills.mjs [pairs=1000000] [rounds=5]`. Needs a build.
// Each case with all the memory in the world and with 8 MiB for its table; ns a pair, of one core.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "@millrace/base";
import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { BlockPool, freeSlices, localFileSystems, SpillDirectory } from "@millrace/storage";
import { FunctionTable, SlotRuntime } from "../dist/index.js";

const count = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 5);
const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const pool = BlockPool.create({ bytes: 512 * 1024 ** 2 });
const files = localFileSystems();
const functions = new FunctionTable({ files });
functions.define("add", () => (a, b) => a + b);

/** Each key so often, spread over all of them. */
const pairs = (keys) => Array.from({ length: count }, (_, i) => [`key ${(i * 7919) % keys}`, i]);
const fold = { create: undefined, mergeValue: 0, mergeCombiners: 0 };
const feed = { kind: "shuffle", input: 0 };
const reduced = { kind: "shuffle", feed, aggregate: { kind: "combine", mapSide: true, ...fold } };
const grouped = { kind: "shuffle", feed, aggregate: { kind: "group" } };
const combined = { kind: "shuffle", partitioner: { kind: "hash", partitions: 8 }, combine: fold };
const counted = { kind: "count" };
const cases = [
  ["reduce, 4 of a key", { source: reduced, sink: counted, keys: count / 4 }],
  ["reduce, all different", { source: reduced, sink: counted, keys: count }],
  ["group, 4 of a key", { source: grouped, sink: counted, keys: count / 4 }],
  ["combine before a shuffle, 4 of a key", { source: { kind: "blocks", input: 0 }, sink: combined, keys: count / 4 }],
  ["combine before a shuffle, all different", { source: { kind: "blocks", input: 0 }, sink: combined, keys: count }],
];

function slot(spillBytes) {
  const spills = new SpillDirectory(directory, pool.owner);
  const ports = { pool, newSpillFile: () => spills.newFile(), files };
  const cancellation = { cancelled: () => false };
  const rest = { lineBytesMax: 1 << 28, spillBytes, heapUse: () => 0 };
  return new SlotRuntime({ ...ports, cancellation, clock: new SystemClock(), ...rest }, functions);
}

let runs = 0;
async function run(runtime, { source, sink }, block) {
  const id = `t${++runs}`;
  runtime.loadTemplate({ id, pipeline: { source, ops: [] }, sink, functions: ["add"] });
  const stage = { run: runs, batch: 1, templates: [id], captures: [new Uint8Array(0)], broadcasts: [], partitions: 1 };
  runtime.startStage(stage);
  const begun = performance.now();
  const inputs = [{ kind: "inline", block }];
  const outcome = await runtime.runTask({ run: runs, partition: 0, attempt: 0, template: 0, inputs });
  const ms = performance.now() - begun;
  runtime.endStage(runs);
  if (outcome.kind === "failed") throw new Error(outcome.error.message);
  for (const handle of outcome.blocks ?? []) if (handle !== undefined) freeSlices(handle, pool);
  return { ms, spilled: outcome.metrics.spilledBytes };
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
console.log(`${count} pairs, ${rounds} rounds; ns a pair`);
for (const [name, { keys, ...stage }] of cases) {
  const block = encodeBlock(pairs(keys), emptyClassTable);
  const slots = [slot(4 * 1024 ** 3), slot(8 * 1024 ** 2)];
  const times = [[], []];
  let spilled = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const [i, runtime] of slots.entries()) {
      const done = await run(runtime, stage, block);
      if (round > 0) times[i].push(done.ms);
      spilled = done.spilled;
    }
  }
  const [memory, disk] = times.map((of) => ((median(of) * 1e6) / count).toFixed(0).padStart(5));
  console.log(`${name.padEnd(40)} memory ${memory}  disk ${disk}  ${(spilled / 1e6).toFixed(0)} MB spilled`);
}
rmSync(directory, { recursive: true });
