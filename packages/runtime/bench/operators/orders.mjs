// Operations that depend on the order of records, or on chance.
import { StreamRng } from "@millrace/base";
import { KEYS, latest, numbers, pairs, words } from "./data.mjs";
import { own } from "./rig.mjs";

const same = (v) => v;
const backwards = (a, b) => b - a;
const numbersInOrder = (x, y) => x - y;
const textsInOrder = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
const keysInOrder = ([x], [y]) => (x < y ? -1 : x > y ? 1 : 0);

/** The first `most` in order, by hand: a short list that is kept in order. */
function firstOf(a, most) {
  const first = [];
  for (let i = 0; i < a.length; i++) {
    const v = a[i];
    if (first.length === most && v >= first[most - 1]) continue;
    let at = first.length < most ? first.length : most - 1;
    for (; at > 0 && v < first[at - 1]; at--) first[at] = first[at - 1];
    first[at] = v;
  }
  return first;
}

/** The same of many: all of them put in order. */
const firstOfMany = (a, most) => a.toSorted(numbersInOrder).slice(0, most);

function lastOf(a, most) {
  const last = [];
  for (let i = 0; i < a.length; i++) {
    const v = a[i];
    if (last.length === most && v <= last[most - 1]) continue;
    let at = last.length < most ? last.length : most - 1;
    for (; at > 0 && v > last[at - 1]; at--) last[at] = last[at - 1];
    last[at] = v;
  }
  return last;
}

const fractionsOf = Array.from({ length: KEYS }, (_, i) => [`w${i}`, 0.1]);
const wantedOf = new Map(fractionsOf);
const counts = new Map(fractionsOf.map(([key]) => [key, 0]));
for (const [key] of pairs) counts.set(key, counts.get(key) + 1);
const keys = [...counts.keys()];
const quotas = [...counts.values()].map((n) => [n, Math.ceil(n / 10)]);

/** Records of a share of those of each key, exactly, by hand. */
function exactShare(a) {
  const rng = new StreamRng(7, 0);
  const left = new Map(keys.map((key, i) => [key, { population: quotas[i][0], wanted: quotas[i][1] }]));
  let last;
  for (let i = 0; i < a.length; i++) {
    const pair = a[i];
    const quota = left.get(pair[0]);
    if (rng.int(quota.population) < quota.wanted) {
      quota.wanted -= 1;
      last = latest(last, pair);
    }
    quota.population -= 1;
  }
  return last;
}

export const orderChains = [
  {
    name: "sort numbers",
    input: numbers,
    ops: [["sort", same]],
    hand: (a) => {
      let last;
      for (const n of a.toSorted(numbersInOrder)) last = latest(last, n);
      return last;
    },
  },
  {
    name: "sort strings",
    input: words,
    ops: [["sort", same]],
    hand: (a) => {
      let last;
      for (const w of a.toSorted(textsInOrder)) last = latest(last, w);
      return last;
    },
  },
  {
    name: "sortBy",
    input: numbers,
    ops: [["map", own("keyBy", same)], ["sort"], ["values"]],
    hand: (a) => {
      let last;
      for (const n of a.toSorted(numbersInOrder)) last = latest(last, n);
      return last;
    },
  },
  {
    name: "sortByKey",
    input: pairs,
    ops: [["sort"]],
    hand: (a) => {
      let last;
      for (const pair of a.toSorted(keysInOrder)) last = latest(last, pair);
      return last;
    },
  },
  {
    name: "takeOrdered",
    input: numbers,
    ops: [["mapPartitions", own("takeOrdered", 10, false, undefined)]],
    hand: (a) => firstOf(a, 10),
  },
  {
    name: "takeOrdered of words",
    input: words,
    ops: [["mapPartitions", own("takeOrdered", 10, false, undefined)]],
    hand: (a) => firstOf(a, 10),
  },
  {
    name: "takeOrdered of many",
    input: numbers,
    ops: [["mapPartitions", own("takeOrdered", 10_000, false, undefined)]],
    hand: (a) => firstOfMany(a, 10_000),
  },
  {
    name: "takeOrdered, falling",
    input: numbers.toSorted(backwards),
    ops: [["mapPartitions", own("takeOrdered", 10, false, undefined)]],
    hand: (a) => firstOf(a, 10),
  },
  {
    name: "takeOrdered by a function",
    input: numbers,
    ops: [["mapPartitions", own("takeOrdered", 10, false, backwards)]],
    hand: (a) => lastOf(a, 10),
  },
  {
    name: "top",
    input: numbers,
    ops: [["mapPartitions", own("takeOrdered", 10, true, undefined)]],
    hand: (a) => lastOf(a, 10),
  },
  {
    name: "min",
    input: numbers,
    ops: [["mapPartitions", own("takeOrdered", 1, false, undefined)]],
    hand: (a) => {
      let min = a[0];
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        if (n < min) min = n;
      }
      return min;
    },
  },
  {
    name: "max of words",
    input: words,
    ops: [["mapPartitions", own("takeOrdered", 1, true, undefined)]],
    hand: (a) => {
      let max = a[0];
      for (let i = 0; i < a.length; i++) {
        const w = a[i];
        if (w > max) max = w;
      }
      return max;
    },
  },
  {
    name: "filterByRange",
    input: pairs,
    ops: [["filter", own("inRange", "w2", "w4", undefined)]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const pair = a[i];
        if (pair[0] >= "w2" && pair[0] <= "w4") last = latest(last, pair);
      }
      return last;
    },
  },
  {
    name: "lookup",
    input: pairs,
    ops: [["filter", own("hasKey", "w77")], ["values"]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const pair = a[i];
        if (pair[0] === "w77") last = latest(last, pair[1]);
      }
      return last;
    },
  },
  {
    name: "sample",
    input: numbers,
    ops: [["mapPartitionsWithIndex", own("sample", 0, 0.1, 7)]],
    hand: (a) => {
      const rng = new StreamRng(7, 0);
      let last;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        if (rng.next() < 0.1) last = latest(last, n);
      }
      return last;
    },
  },
  {
    name: "sampleByKey",
    input: pairs,
    ops: [["mapPartitionsWithIndex", own("sampleByKey", false, fractionsOf, 7)]],
    hand: (a) => {
      const rng = new StreamRng(7, 0);
      let last;
      for (let i = 0; i < a.length; i++) {
        const pair = a[i];
        if (rng.next() < wantedOf.get(pair[0])) last = latest(last, pair);
      }
      return last;
    },
  },
  {
    name: "sampleByKeyExact, counts",
    input: pairs,
    ops: [["mapPartitions", own("countKeys", keys)]],
    hand: (a) => {
      const all = new Map(keys.map((key) => [key, 0]));
      for (let i = 0; i < a.length; i++) {
        const [key] = a[i];
        all.set(key, all.get(key) + 1);
      }
      return [...all.values()];
    },
  },
  {
    name: "sampleByKeyExact",
    input: pairs,
    ops: [["mapPartitionsWithIndex", own("sampleByQuota", false, keys, [quotas], 7)]],
    hand: exactShare,
  },
  {
    name: "takeSample",
    input: numbers,
    ops: [["mapPartitionsWithIndex", own("drawTickets", 100, 7)]],
    hand: (a) => {
      const rng = new StreamRng(7, 0);
      const reservoir = a.slice(0, 100);
      for (let i = 100; i < a.length; i++) {
        const place = rng.int(i + 1);
        if (place < 100) reservoir[place] = a[i];
      }
      return reservoir;
    },
  },
  {
    name: "takeSample, repeatedly",
    input: numbers,
    ops: [["mapPartitionsWithIndex", own("drawWithReplacement", 100, 7)]],
    hand: (a) => {
      const rng = new StreamRng(7, 0);
      const all = []; // how many there are is not known before
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        all.push(n);
      }
      return Array.from({ length: 100 }, () => all[rng.int(all.length)]);
    },
  },
  {
    name: "sampled bounds",
    input: pairs,
    ops: [["mapPartitionsWithIndex", own("sampleKeys", 100, 7)]],
    hand: (a) => {
      const rng = new StreamRng(7, 0);
      const reservoir = a.slice(0, 100).map(([key]) => key);
      for (let i = 100; i < a.length; i++) {
        const place = rng.int(i + 1);
        if (place < 100) reservoir[place] = a[i][0];
      }
      return reservoir;
    },
  },
];
