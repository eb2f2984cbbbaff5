// Operations on pairs by their key, over pairs that lie right already: nothing is shuffled.
import { emptyClassTable, encodeValue } from "@millrace/codec";
import { add, cogrouped, grouped, isOdd, KEYS, latest, numbers, pairs, unique, words } from "./data.mjs";
import { own } from "./rig.mjs";

const encoded = (value) => encodeValue(value, emptyClassTable);
const first = (v) => ({ sum: v, count: 1 });
const more = (total, v) => {
  total.sum += v;
  total.count += 1;
  return total;
};
const both = (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count });
const half = unique.filter(([, i]) => isOdd(i));
const halfOfWords = half.map(([key]) => key);

const pipelineWith = (pipeline, ...ops) => ({
  kind: "pipeline",
  pipeline: { ...pipeline, ops: [...pipeline.ops, ...ops] },
});

/** The pairs combined by key. */
const combined =
  (merge, create, mergeCombiners = merge) =>
  ({ main, slot }) => {
    const aggregate = {
      kind: "combine",
      mapSide: false,
      create: create === undefined ? undefined : slot(create),
      mergeValue: slot(merge),
      mergeCombiners: slot(mergeCombiners),
    };
    return { kind: "shuffle", feed: pipelineWith(main), aggregate };
  };

const joined =
  (how) =>
  ({ main, other }) => ({ kind: "join", how, feeds: [pipelineWith(main), pipelineWith(other)] });

function lastOf(entries) {
  let last;
  for (const entry of entries) last = latest(last, entry);
  return last;
}

function reduced(a) {
  const totals = new Map();
  for (let i = 0; i < a.length; i++) {
    const [k, v] = a[i];
    const before = totals.get(k);
    totals.set(k, before === undefined ? v : add(before, v));
  }
  return totals;
}

function tallied(a) {
  const totals = new Map();
  for (let i = 0; i < a.length; i++) {
    const [k, v] = a[i];
    const before = totals.get(k);
    if (before === undefined) totals.set(k, first(v));
    else totals.set(k, more(before, v));
  }
  return totals;
}

export const keyChains = [
  { name: "reduceByKey", input: pairs, source: combined(add), hand: (a) => lastOf(reduced(a)) },
  { name: "combineByKey", input: pairs, source: combined(more, first, both), hand: (a) => lastOf(tallied(a)) },
  {
    name: "aggregateByKey",
    input: pairs,
    source: combined(more, own("foldFirst", encoded({ sum: 0, count: 0 }), more), both),
    hand: (a) => lastOf(tallied(a)),
  },
  {
    name: "foldByKey",
    input: pairs,
    source: combined(add, own("foldFirst", encoded(0), add)),
    hand: (a) => lastOf(reduced(a)),
  },
  {
    name: "reduceByKeyLocally",
    input: pairs,
    ops: [["mapPartitions", own("reducePartition", add)]],
    hand: (a) => lastOf(reduced(a)),
  },
  {
    name: "countApproxDistinctByKey",
    input: numbers.map((n) => [`w${n % KEYS}`, Math.floor(n / KEYS) % 20]),
    source: combined(own("addToSketch"), own("sketchFirst", { p: 9, sp: 0 }), own("mergeSketches")),
    ops: [["mapValues", own("estimateDistinct")]],
    hand: (a) => {
      const sets = new Map();
      for (let i = 0; i < a.length; i++) {
        const [k, v] = a[i];
        const known = sets.get(k);
        if (known === undefined) sets.set(k, new Set([v]));
        else known.add(v);
      }
      let last;
      for (const [k, set] of sets) last = latest(last, [k, set.size]);
      return last;
    },
  },
  {
    name: "groupByKey",
    input: pairs,
    source: ({ main }) => ({ kind: "shuffle", feed: pipelineWith(main), aggregate: { kind: "group" } }),
    hand: (a) => lastOf(grouped(a)),
  },
  {
    name: "groupBy",
    input: words,
    source: ({ main, slot }) => {
      const keyed = { kind: "map", fn: slot(own("keyBy", (word) => word)), label: "groupBy" };
      return { kind: "shuffle", feed: pipelineWith(main, keyed), aggregate: { kind: "group" } };
    },
    hand: (a) => {
      const groups = new Map();
      for (let i = 0; i < a.length; i++) {
        const word = a[i];
        const group = groups.get(word);
        if (group === undefined) groups.set(word, [word]);
        else group.push(word);
      }
      return lastOf(groups);
    },
  },
  {
    name: "join",
    input: pairs,
    other: unique,
    source: joined("inner"),
    hand: (a, b) => {
      const right = grouped(b);
      let last;
      for (const [k, left] of grouped(a)) {
        for (let i = 0; i < left.length; i++) {
          const v = left[i];
          for (const w of right.get(k) ?? []) last = latest(last, [k, [v, w]]);
        }
      }
      return last;
    },
  },
  {
    name: "leftOuterJoin",
    input: pairs,
    other: half,
    source: joined("left"),
    hand: (a, b) => {
      const right = grouped(b);
      const none = [undefined];
      let last;
      for (const [k, left] of grouped(a)) {
        for (let i = 0; i < left.length; i++) {
          const v = left[i];
          for (const w of right.get(k) ?? none) last = latest(last, [k, [v, w]]);
        }
      }
      return last;
    },
  },
  {
    name: "cogroup",
    input: pairs,
    other: unique,
    source: ({ main, other }) => ({ kind: "cogroup", feeds: [pipelineWith(main), pipelineWith(other)] }),
    hand: (a, b) => lastOf(cogrouped(a, b)),
  },
  {
    name: "subtractByKey",
    input: pairs,
    other: half,
    source: ({ main, other, slot }) => {
      const bare = { kind: "mapValues", fn: slot(own("toNull")), label: "subtractByKey" };
      return { kind: "join", how: "without", feeds: [pipelineWith(main), pipelineWith(other, bare)] };
    },
    hand: (a, b) => {
      const theirs = new Set();
      for (let i = 0; i < b.length; i++) {
        const [k] = b[i];
        theirs.add(k);
      }
      let last;
      for (let i = 0; i < a.length; i++) {
        const [k, v] = a[i];
        if (!theirs.has(k)) last = latest(last, [k, v]);
      }
      return last;
    },
  },
  {
    name: "intersection",
    input: words,
    other: halfOfWords,
    source: ({ main, other, slot }) => {
      const pair = { kind: "map", fn: slot(own("pairWithNull")), label: "intersection" };
      return { kind: "cogroup", feeds: [pipelineWith(main, pair), pipelineWith(other, pair)] };
    },
    ops: [["filter", own("onEverySide")], ["keys"]],
    hand: (a, b) => {
      const theirs = new Set(b);
      const both = new Set();
      for (let i = 0; i < a.length; i++) {
        const v = a[i];
        if (theirs.has(v)) both.add(v);
      }
      return lastOf(both);
    },
  },
];
