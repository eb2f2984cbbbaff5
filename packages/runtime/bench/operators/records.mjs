// Operators on single records, and on whole partitions.
import { double, fractions, isOdd, latest, numbers, pairs, twice, words } from "./data.mjs";
import { own } from "./rig.mjs";

const twiceLazily = function* (n) {
  yield n;
  yield n + 1;
};
const isThird = (n) => n % 3 === 0;
const odd = function* (all) {
  for (const n of all) if (isOdd(n)) yield n * 2;
};
const oddOf = function* (_partition, all) {
  for (const n of all) if (isOdd(n)) yield n * 2;
};

export const recordChains = [
  {
    name: "map",
    input: numbers,
    ops: [["map", double]],
    hand: (a) => {
      let last;
      for (const n of a) last = latest(last, double(n));
      return last;
    },
  },
  {
    name: "filter",
    input: numbers,
    ops: [["filter", isOdd]],
    hand: (a) => {
      let last;
      for (const n of a) if (isOdd(n)) last = latest(last, n);
      return last;
    },
  },
  {
    name: "flatMap",
    input: numbers,
    ops: [["flatMap", twice]],
    hand: (a) => {
      let last;
      for (const n of a) for (const x of twice(n)) last = latest(last, x);
      return last;
    },
  },
  {
    name: "flatMap of generators",
    input: numbers,
    ops: [["flatMap", twiceLazily]],
    hand: (a) => {
      let last;
      for (const n of a) for (const x of twiceLazily(n)) last = latest(last, x);
      return last;
    },
  },
  {
    name: "map, filter, map",
    input: numbers,
    ops: [
      ["map", double],
      ["filter", isThird],
      ["map", double],
    ],
    hand: (a) => {
      let last;
      for (const n of a) {
        const x = double(n);
        if (isThird(x)) last = latest(last, double(x));
      }
      return last;
    },
  },
  {
    name: "keyBy",
    input: numbers,
    ops: [["map", own("keyBy", isOdd)]],
    hand: (a) => {
      let last;
      for (const n of a) last = latest(last, [isOdd(n), n]);
      return last;
    },
  },
  {
    name: "mapValues",
    input: pairs,
    ops: [["mapValues", double]],
    hand: (a) => {
      let last;
      for (const [k, v] of a) last = latest(last, [k, double(v)]);
      return last;
    },
  },
  {
    name: "flatMapValues",
    input: pairs,
    ops: [["flatMapValues", twice]],
    hand: (a) => {
      let last;
      for (const [k, v] of a) for (const x of twice(v)) last = latest(last, [k, x]);
      return last;
    },
  },
  {
    name: "keys",
    input: pairs,
    ops: [["keys"]],
    hand: (a) => {
      let last;
      for (const pair of a) last = latest(last, pair[0]);
      return last;
    },
  },
  {
    name: "values",
    input: pairs,
    ops: [["values"]],
    hand: (a) => {
      let last;
      for (const pair of a) last = latest(last, pair[1]);
      return last;
    },
  },
  {
    name: "mapPartitions",
    input: numbers,
    ops: [["mapPartitions", odd]],
    hand: (a) => {
      let last;
      for (const n of odd(a)) last = latest(last, n);
      return last;
    },
  },
  {
    name: "mapPartitionsWithIndex",
    input: numbers,
    ops: [["mapPartitionsWithIndex", oddOf]],
    hand: (a) => {
      let last;
      for (const n of oddOf(0, a)) last = latest(last, n);
      return last;
    },
  },
  {
    name: "glom",
    input: numbers,
    ops: [["glom"]],
    hand: (a) => {
      const all = [];
      for (const n of a) all.push(n);
      return all;
    },
  },
  {
    name: "zipWithIndex",
    input: words,
    ops: [["mapPartitionsWithIndex", own("zipWithIndex", [0])]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) last = latest(last, [a[i], i]);
      return last;
    },
  },
  {
    name: "zipWithUniqueId",
    input: words,
    ops: [["mapPartitionsWithIndex", own("zipWithUniqueId", 4)]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) last = latest(last, [a[i], 4 * i]);
      return last;
    },
  },
  {
    name: "union",
    input: numbers,
    other: fractions,
    source: ({ main, other }) => ({ kind: "concat", feeds: [main, other] }),
    hand: (a, b) => {
      let last;
      for (const n of a) last = latest(last, n);
      for (const n of b) last = latest(last, n);
      return last;
    },
  },
  {
    name: "zip",
    input: numbers,
    other: words,
    source: ({ main, other }) => ({ kind: "zip", feeds: [main, other], label: "zip" }),
    hand: (a, b) => {
      let last;
      for (let i = 0; i < a.length; i++) last = latest(last, [a[i], b[i]]);
      return last;
    },
  },
  {
    name: "zipPartitions",
    input: numbers,
    other: fractions,
    source: ({ main, other, slot }) => ({ kind: "zip", feeds: [main, other], fn: slot(sums), label: "zipPartitions" }),
    hand: (a, b) => {
      let last;
      for (const n of sums(a, b)) last = latest(last, n);
      return last;
    },
  },
  {
    name: "cartesian",
    input: numbers.slice(0, Math.ceil(numbers.length / 100)),
    other: numbers.slice(0, 100),
    source: ({ main, other }) => ({ kind: "cartesian", left: main, right: other }),
    hand: (a, b) => {
      let last;
      for (const l of a) for (const r of b) last = latest(last, [l, r]);
      return last;
    },
  },
];

function* sums(left, right) {
  const theirs = right[Symbol.iterator]();
  for (const n of left) yield n + theirs.next().value;
}
