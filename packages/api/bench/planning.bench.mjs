// Measures the cost of planning a batch on the driver: `node packages/api/bench/planning.bench.mjs`. Needs a build.
// The cluster answers at once with nothing. Prints microseconds per batch, median and p99 of many batches.
import { epochMs, ManualClock } from "@millrace/base";
import { FileSystems } from "@millrace/files";
import { buildJob, installJobHooks, JobRegistry } from "../dist/engine.js";
import { defineJob } from "../dist/index.js";

const BATCHES = 20_000;
const registry = new JobRegistry();
installJobHooks(registry);
let next = 0;
const site = (line) => ({ file: "job.ts", line, column: 6 });
/** A function as the bundler would have tagged it. */
const lifted = (fn, captures = () => [], names = []) =>
  registry.tag(fn, `job.ts#${next}`, captures, names, site(++next));

function job(build) {
  return defineJob({ name: "bench", batchInterval: 100 }, build);
}

const jobs = {
  "word count, two stages": job((ssc) =>
    ssc
      .socketTextStream("localhost", 9999)
      .flatMap(lifted((line) => line.split(" ")))
      .map(lifted((word) => [word, 1]))
      .reduceByKey(lifted((a, b) => a + b))
      .print(),
  ),
  "the same with captured values": job((ssc) => {
    const stop = new Set(["the", "a", "of"]);
    const least = 3;
    ssc
      .socketTextStream("localhost", 9999)
      .flatMap(lifted((line) => line.split(" ")))
      .filter(
        lifted(
          (word) => !stop.has(word) && word.length >= least,
          () => [stop, least],
          ["stop", "least"],
        ),
      )
      .map(lifted((word) => [word, 1]))
      .reduceByKey(lifted((a, b) => a + b))
      .print();
  }),
  "running count, state": job((ssc) =>
    ssc
      .socketTextStream("localhost", 9999)
      .map(lifted((word) => [word, 1]))
      .updateStateByKey(lifted((added, total = 0) => added.length + total))
      .print(),
  ),
};

const result = { partitions: [], written: [], accumulators: [] };
const port = {
  defaultParallelism: 4,
  clock: new ManualClock(epochMs(0)),
  files: new FileSystems({ systems: [{ scheme: "file" }], directory: "/" }),
  run: async () => result,
  putBlock: async (id) => ({ id, bytes: 0, at: ["driver"] }),
  dropBlocks() {},
  write() {},
  warn() {},
  stop() {},
};

for (const [name, definition] of Object.entries(jobs)) {
  const graph = await buildJob(definition, { port, registry, args: [], directory: "/checkpoint" });
  graph.begin(epochMs(0));
  const times = [];
  for (let i = 1; i <= BATCHES; i += 1) {
    const time = epochMs(i * 100);
    const blocks = [0, 1].map((n) => ({ id: `recv/0/${i * 2 + n}`, bytes: 1000, at: ["e1"] }));
    const start = performance.now();
    const { error } = await graph.runBatch({
      time,
      received: new Map([[0, blocks]]),
      stateVersion: epochMs(time - 100),
    });
    times.push((performance.now() - start) * 1000);
    if (error) throw error;
    graph.release(time);
  }
  const first = times[0];
  times.sort((a, b) => a - b);
  const at = (q) => times[Math.floor(times.length * q)].toFixed(0).padStart(5);
  console.log(`${name.padEnd(32)} median ${at(0.5)} µs   p99 ${at(0.99)} µs   first ${first.toFixed(0)} µs`);
}
