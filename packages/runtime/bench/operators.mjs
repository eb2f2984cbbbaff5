// Each operator against the same chain written by hand as one loop over an array:
// node packages/runtime/bench/operators.mjs [records=400000] [rounds=9] [names…]. Needs a build.
// Each record of the source is taken apart into a thousand by a flatMap over arrays that are there already, so that both
// sides begin with arrays; the engine's chain ends in a count. Shuffles are left out: grouping and joining happen within a
// task, over pairs that lie right.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SystemClock } from "@millrace/base";
import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { BlockPool, FileSystems, freeSlices, LocalFileSystem, SpillDirectory } from "@millrace/storage";
import { FunctionTable, localTaskFiles, SlotRuntime, threadHeapUse } from "../dist/index.js";

const records = Number(process.argv[2] ?? 400_000);
const rounds = Number(process.argv[3] ?? 9);
const wanted = process.argv.slice(4);

const numbers = Array.from({ length: records }, (_, i) => (i * 7919) % records);
const words = numbers.map((n) => `w${n % 5000}`);
/** @type {[string, number][]} */
const pairs = numbers.map((n) => [`w${n % 5000}`, n % 100]);
const unique = Array.from({ length: 5000 }, (_, i) => [`w${i}`, i]);

const isOdd = (n) => (n & 1) === 1;
const double = (n) => n * 2;
const add = (a, b) => a + b;
const twice = (n) => [n, n + 1];
const sum = (values, total = 0) => values.reduce(add, total);
const running = (_key, value, state) => {
  const total = (state.getOption() ?? 0) + value;
  state.update(total);
  return total;
};
const partition = function* (all) {
  for (const n of all) if (isOdd(n)) yield n * 2;
};

/** A chain over `input`: its operators with their functions, and the loop that does the same. */
const chains = [
  { name: "map", input: numbers, ops: [["map", double]], hand: (a) => loop(a, (n) => sink(double(n))) },
  { name: "filter", input: numbers, ops: [["filter", isOdd]], hand: (a) => loop(a, (n) => isOdd(n) && sink(n)) },
  {
    name: "flatMap",
    input: numbers,
    ops: [["flatMap", twice]],
    hand: (a) => {
      for (const n of a) for (const x of twice(n)) sink(x);
    },
  },
  {
    name: "map, filter, map",
    input: numbers,
    ops: [
      ["map", double],
      ["filter", (n) => n % 3 === 0],
      ["map", double],
    ],
    hand: (a) => {
      for (const n of a) {
        const x = double(n);
        if (x % 3 === 0) sink(double(x));
      }
    },
  },
  {
    name: "mapValues",
    input: pairs,
    ops: [["mapValues", double]],
    hand: (a) => {
      for (const [k, v] of a) sink([k, double(v)]);
    },
  },
  {
    name: "flatMapValues",
    input: pairs,
    ops: [["flatMapValues", twice]],
    hand: (a) => {
      for (const [k, v] of a) for (const x of twice(v)) sink([k, x]);
    },
  },
  { name: "keys", input: pairs, ops: [["keys"]], hand: (a) => loop(a, (p) => sink(p[0])) },
  { name: "values", input: pairs, ops: [["values"]], hand: (a) => loop(a, (p) => sink(p[1])) },
  {
    name: "mapPartitions",
    input: numbers,
    ops: [["mapPartitions", partition]],
    hand: (a) => {
      for (const n of partition(a)) sink(n);
    },
  },
  {
    name: "glom",
    input: numbers,
    ops: [["glom"]],
    hand: (a) => {
      const all = [];
      for (const n of a) all.push(n);
      sink(all);
    },
  },
  {
    name: "sort numbers",
    input: numbers,
    ops: [["sort", (n) => n]],
    hand: (a) =>
      loop(
        a.toSorted((x, y) => x - y),
        sink,
      ),
  },
  {
    name: "sort strings",
    input: words,
    ops: [["sort", (w) => w]],
    hand: (a) =>
      loop(
        a.toSorted((x, y) => (x < y ? -1 : x > y ? 1 : 0)),
        sink,
      ),
  },
  {
    name: "reduceByKey",
    input: pairs,
    aggregate: { kind: "combine", mapSide: false, create: undefined, fns: [add, add] },
    hand: (a) => {
      const totals = new Map();
      for (const [k, v] of a) {
        const before = totals.get(k);
        totals.set(k, before === undefined ? v : add(before, v));
      }
      for (const entry of totals) sink(entry);
    },
  },
  {
    name: "groupByKey",
    input: pairs,
    aggregate: { kind: "group", fns: [] },
    hand: (a) => {
      for (const entry of grouped(a)) sink(entry);
    },
  },
  {
    name: "join",
    input: pairs,
    other: unique,
    how: "inner",
    hand: (a, b) => {
      const right = grouped(b);
      for (const [k, left] of grouped(a)) {
        for (const v of left) for (const w of right.get(k) ?? []) sink([k, [v, w]]);
      }
    },
  },
  {
    name: "cogroup",
    input: pairs,
    other: unique,
    how: "cogroup",
    hand: (a, b) => {
      const both = new Map();
      const at = (k) => both.get(k) ?? both.set(k, [[], []]).get(k);
      for (const [k, v] of a) at(k)[0].push(v);
      for (const [k, v] of b) at(k)[1].push(v);
      for (const entry of both) sink(entry);
    },
  },
  {
    name: "updateStateByKey",
    input: pairs,
    state: (feed) => ({ kind: "updateByKey", feed, fn: 1, onlyUpdated: false }),
    stateFn: sum,
    hand: (a, _, memory) => {
      const { totals } = memory;
      for (const [k, values] of grouped(a)) totals.set(k, sum(values, totals.get(k)));
      for (const entry of totals) sink(entry);
    },
  },
  {
    name: "mapWithState",
    input: pairs,
    state: (feed) => ({ kind: "mapWithState", feed, fn: 1, timeoutMs: 0 }),
    stateFn: running,
    hand: (a, _, memory) => {
      const { totals } = memory;
      for (const [k, v] of a) {
        const total = (totals.get(k) ?? 0) + v;
        totals.set(k, total);
        sink(total);
      }
    },
  },
];

let count = 0;
let last;
function sink(value) {
  count += 1;
  last = value;
}

function loop(array, body) {
  for (const value of array) body(value);
}

function grouped(array) {
  const groups = new Map();
  for (const [k, v] of array) {
    const group = groups.get(k);
    if (group === undefined) groups.set(k, [v]);
    else group.push(v);
  }
  return groups;
}

const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const pool = BlockPool.create({ bytes: 256 * 1024 ** 2 });
const spills = new SpillDirectory(directory, pool.owner);
const functions = new FunctionTable();
const runtime = new SlotRuntime(
  {
    pool,
    newSpillFile: () => spills.newFile(),
    files: localTaskFiles,
    checkpoints: new FileSystems([new LocalFileSystem()]),
    cancellation: { cancelled: () => false },
    clock: new SystemClock(),
    heapUse: threadHeapUse,
    spillBytes: 512 * 1024 ** 2,
  },
  functions,
);
let run = 0;

/** An array in pieces, by number. */
function pieces(array) {
  const all = [];
  for (let at = 0; at < array.length; at += 1000) all.push(array.slice(at, at + 1000));
  return all;
}

const numbersOf = (all) => ({ kind: "inline", block: encodeBlock([...all.keys()], emptyClassTable) });

/** A function that runs the chain once as a task. */
function engine(chain) {
  const ids = [];
  const slot = (fn) => {
    const id = `${chain.name}#${ids.length}`;
    functions.define(id, () => fn);
    return ids.push(id) - 1;
  };
  const inputs = [];
  const all = (array) => {
    const parts = pieces(array);
    const input = inputs.push(numbersOf(parts)) - 1;
    return {
      source: { kind: "blocks", input },
      ops: [{ kind: "flatMap", fn: slot((i) => parts[i]), label: "all" }],
    };
  };
  const main = all(chain.input);
  const feed = { kind: "pipeline", pipeline: main };
  const { aggregate, how, state, ops = [] } = chain;
  let pipeline;
  if (aggregate !== undefined) {
    const [mergeValue, mergeCombiners] = aggregate.fns.map(slot);
    const { fns: _, ...rest } = aggregate;
    pipeline = { source: { kind: "shuffle", feed, aggregate: { ...rest, mergeValue, mergeCombiners } }, ops: [] };
  } else if (how !== undefined) {
    const feeds = [feed, { kind: "pipeline", pipeline: all(chain.other) }];
    pipeline = { source: how === "cogroup" ? { kind: how, feeds } : { kind: "join", how, feeds }, ops: [] };
  } else if (state !== undefined) {
    slot(chain.stateFn);
    pipeline = { source: { kind: "state", update: state(feed), label: chain.name }, ops: [] };
  } else {
    const own = ops.map(([kind, fn]) => {
      if (kind === "sort") return { kind, key: slot(fn), descending: false, label: kind };
      return fn === undefined ? { kind, label: kind } : { kind, fn: slot(fn), label: kind };
    });
    pipeline = { ...main, ops: [...main.ops, ...own] };
  }
  const template = { id: `bench ${chain.name}`, pipeline, sink: { kind: "count" }, functions: ids };
  runtime.loadTemplate(template);
  let version = 0;
  return async () => {
    run += 1;
    const stage = { run, batch: version + 1, templates: [template.id], captures: [new Uint8Array(0)], broadcasts: [] };
    runtime.startStage(stage);
    const ref = { operator: chain.name, partition: 0, partitions: 1, version, batch: version + 1, directory };
    const outcome = await runtime.runTask({
      run,
      partition: 0,
      attempt: 0,
      template: 0,
      inputs,
      ...(state === undefined ? {} : { state: ref }),
    });
    runtime.endStage(run);
    version += 1;
    if (outcome.kind !== "result") throw new Error(JSON.stringify(outcome));
    if (outcome.result.kind === "block") freeSlices(outcome.result.handle, pool);
  };
}

/** Milliseconds that this thread has had a core, so that a busy machine does not count; else the time of day. */
const SCHEDULE = "/proc/thread-self/schedstat";
const now = existsSync(SCHEDULE)
  ? () => Number(readFileSync(SCHEDULE, "utf8").split(" ")[0]) / 1e6
  : () => performance.now();

/** Milliseconds a run; as many runs as fill a tick of the clock many times over. */
async function timed(once, runs) {
  const start = now();
  for (let i = 0; i < runs; i++) await once();
  return (now() - start) / runs;
}

/** How many runs take about a fifth of a second. */
async function runsOf(once) {
  const start = performance.now();
  for (let runs = 1; ; runs++) {
    await once();
    const ms = performance.now() - start;
    if (ms > 200) return runs;
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

console.log(`${records} records, ${rounds} rounds; ns a record, and how fast the engine is beside the loop`);
for (const chain of chains) {
  if (wanted.length > 0 && !wanted.includes(chain.name)) continue;
  const task = engine(chain);
  const memory = { totals: new Map() };
  const hand = () => chain.hand(chain.input, chain.other, memory);
  const [taskRuns, handRuns] = [await runsOf(task), await runsOf(hand)];
  const own = [];
  const loops = [];
  for (let round = 0; round < rounds; round++) {
    own.push(await timed(task, taskRuns));
    loops.push(await timed(hand, handRuns));
  }
  const ns = (ms) => ((ms * 1e6) / records).toFixed(1).padStart(7);
  const ratio = median(loops.map((ms, i) => ms / own[i]));
  console.log(`${chain.name.padEnd(18)} loop ${ns(median(loops))}  engine ${ns(median(own))}  ${ratio.toFixed(2)}`);
}
rmSync(directory, { recursive: true });
if (last === undefined || count === 0) throw new Error("nothing was counted");
