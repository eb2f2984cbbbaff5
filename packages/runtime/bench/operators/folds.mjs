// Operations that reduce many numbers or words: totals, statistics, counts.
import { serialize } from "node:v8";
import { emptyClassTable, encodeValue } from "@millrace/codec";
import { add, fractions, latest, numbers, RECORDS, words } from "./data.mjs";
import { own } from "./rig.mjs";

const encoded = (value) => encodeValue(value, emptyClassTable);
const tally = (total, n) => {
  total.sum += n;
  total.count += 1;
  return total;
};
const BUCKETS = 50;
const ends = Array.from({ length: BUCKETS + 1 }, (_, i) => (i * RECORDS) / BUCKETS);
const unevenEnds = ends.map((end, i) => (i % 2 === 0 ? end : end + 1));
let seen = 0;
const look = (n) => {
  seen += n;
};
const lookAtAll = (all) => {
  for (const n of all) seen += n;
};

/** Statistics in one pass, by hand. */
function statsOf(a) {
  let [count, mean, squares, min, max] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < a.length; i++) {
    const n = a[i];
    count += 1;
    const delta = n - mean;
    mean += delta / count;
    squares += delta * (n - mean);
    if (n < min) min = n;
    if (n > max) max = n;
  }
  return { count, mean, squares, min, max };
}

function evenHistogram(a) {
  const counts = new Array(BUCKETS).fill(0);
  const scale = BUCKETS / RECORDS;
  for (let i = 0; i < a.length; i++) {
    const n = a[i];
    if (n >= 0 && n <= RECORDS) counts[Math.min(Math.floor(n * scale), BUCKETS - 1)] += 1;
  }
  return counts;
}

function histogram(a) {
  const counts = new Array(BUCKETS).fill(0);
  const last = unevenEnds[BUCKETS];
  for (let i = 0; i < a.length; i++) {
    const n = a[i];
    if (!(n >= 0 && n <= last)) continue;
    let low = 0;
    let high = BUCKETS - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (unevenEnds[middle] <= n) low = middle;
      else high = middle - 1;
    }
    counts[low] += 1;
  }
  return counts;
}

function counted(a) {
  const counts = new Map();
  for (let i = 0; i < a.length; i++) {
    const v = a[i];
    counts.set(v, (counts.get(v) ?? 0) + 1);
  }
  return counts;
}

const toOnePartition = ({ slot }) => ({
  kind: "shuffle",
  partitioner: { kind: "hash", partitions: 1 },
  combine: { create: undefined, mergeValue: slot(own("add")), mergeCombiners: slot(own("add")) },
});

/** @param {readonly unknown[]} values */
function countDistinct(values) {
  const all = new Set();
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    all.add(value);
  }
  return all.size;
}

export const foldChains = [
  {
    name: "count",
    input: numbers,
    sink: () => ({ kind: "count" }),
    hand: (a) => {
      let n = 0;
      for (let i = 0; i < a.length; i++) {
        const _ = a[i];
        n += 1;
      }
      return n;
    },
  },
  {
    name: "count of a stream",
    input: numbers,
    ops: [["mapPartitions", own("countPartition")]],
    hand: (a) => {
      let n = 0;
      for (let i = 0; i < a.length; i++) {
        const _ = a[i];
        n += 1;
      }
      return n;
    },
  },
  {
    name: "reduce",
    input: numbers,
    sink: ({ slot }) => ({ kind: "reduce", fn: slot(add) }),
    hand: (a) => {
      let total = 0;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        total = add(total, n);
      }
      return total;
    },
  },
  {
    name: "fold",
    input: numbers,
    ops: [["mapPartitions", own("foldPartition", encoded(0), add)]],
    hand: (a) => {
      let total = 0;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        total = add(total, n);
      }
      return total;
    },
  },
  {
    name: "aggregate",
    input: numbers,
    ops: [["mapPartitions", own("foldPartition", encoded({ sum: 0, count: 0 }), tally)]],
    hand: (a) => {
      let total = { sum: 0, count: 0 };
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        total = tally(total, n);
      }
      return total;
    },
  },
  {
    name: "treeReduce",
    input: numbers,
    ops: [["mapPartitions", own("reduceWhole", add)]],
    hand: (a) => {
      let total = 0;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        total = add(total, n);
      }
      return total;
    },
  },
  {
    name: "sum",
    input: numbers,
    ops: [["mapPartitions", own("sumPartition")]],
    hand: (a) => {
      let total = 0;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        total += n;
      }
      return total;
    },
  },
  { name: "stats", input: numbers, ops: [["mapPartitions", own("momentsOfPartition")]], hand: statsOf },
  { name: "stats of fractions", input: fractions, ops: [["mapPartitions", own("momentsOfPartition")]], hand: statsOf },
  {
    name: "histogram",
    input: numbers,
    ops: [["mapPartitions", own("histogram", ends, true)]],
    hand: evenHistogram,
  },
  {
    name: "histogram of fractions",
    input: fractions,
    ops: [["mapPartitions", own("histogram", ends, true)]],
    hand: evenHistogram,
  },
  {
    name: "histogram by ends",
    input: numbers,
    ops: [["mapPartitions", own("histogram", unevenEnds, false)]],
    hand: histogram,
  },
  { name: "countByValue", input: words, ops: [["map", own("pairWithOne")]], sink: toOnePartition, hand: counted },
  { name: "countByValue approx", input: words, ops: [["mapPartitions", own("countValues")]], hand: counted },
  {
    name: "distinct",
    input: words,
    source: ({ main, slot }) => {
      const pair = { kind: "map", fn: slot(own("pairWithNull")), label: "distinct" };
      const first = slot(own("keepFirst"));
      const aggregate = {
        kind: "combine",
        mapSide: false,
        create: undefined,
        mergeValue: first,
        mergeCombiners: first,
      };
      return {
        kind: "shuffle",
        feed: { kind: "pipeline", pipeline: { ...main, ops: [...main.ops, pair] } },
        aggregate,
      };
    },
    ops: [["keys"]],
    hand: (a) => {
      let last;
      for (const v of new Set(a)) last = latest(last, v);
      return last;
    },
  },
  {
    name: "countApproxDistinct",
    input: words,
    ops: [["mapPartitions", own("sketchPartition", { p: 9, sp: 0 })]],
    hand: countDistinct,
  },
  {
    name: "countApproxDistinct of numbers",
    input: numbers,
    ops: [["mapPartitions", own("sketchPartition", { p: 9, sp: 0 })]],
    hand: countDistinct,
  },
  {
    name: "foreach",
    input: numbers,
    sink: ({ slot }) => ({ kind: "foreach", fn: slot(look), label: "foreach" }),
    hand: (a) => {
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        look(n);
      }
      return seen;
    },
  },
  {
    name: "foreachPartition",
    input: numbers,
    sink: ({ slot }) => ({ kind: "foreachPartition", fn: slot(lookAtAll), label: "foreachPartition" }),
    hand: (a) => {
      lookAtAll(a);
      return seen;
    },
  },
  {
    name: "collect numbers",
    input: numbers,
    sink: () => ({ kind: "collect" }),
    hand: (a) => serialize(a),
  },
  {
    name: "collect words",
    input: words,
    sink: () => ({ kind: "collect" }),
    hand: (a) => serialize(a),
  },
];
