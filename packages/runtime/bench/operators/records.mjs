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
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        last = latest(last, double(n));
      }
      return last;
    },
  },
  {
    name: "filter",
    input: numbers,
    ops: [["filter", isOdd]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        if (isOdd(n)) last = latest(last, n);
      }
      return last;
    },
  },
  {
    name: "flatMap",
    input: numbers,
    ops: [["flatMap", twice]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        const made = twice(n);
        for (let j = 0; j < made.length; j++) last = latest(last, made[j]);
      }
      return last;
    },
  },
  {
    name: "flatMap of generators",
    input: numbers,
    ops: [["flatMap", twiceLazily]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        for (const x of twiceLazily(n)) last = latest(last, x);
      }
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
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
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
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        last = latest(last, [isOdd(n), n]);
      }
      return last;
    },
  },
  {
    name: "mapValues",
    input: pairs,
    ops: [["mapValues", double]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const [k, v] = a[i];
        last = latest(last, [k, double(v)]);
      }
      return last;
    },
  },
  {
    name: "flatMapValues",
    input: pairs,
    ops: [["flatMapValues", twice]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const [k, v] = a[i];
        const made = twice(v);
        for (let j = 0; j < made.length; j++) last = latest(last, [k, made[j]]);
      }
      return last;
    },
  },
  {
    name: "keys",
    input: pairs,
    ops: [["keys"]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const pair = a[i];
        last = latest(last, pair[0]);
      }
      return last;
    },
  },
  {
    name: "values",
    input: pairs,
    ops: [["values"]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) {
        const pair = a[i];
        last = latest(last, pair[1]);
      }
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
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        all.push(n);
      }
      return all;
    },
  },
  {
    name: "zipWithIndex",
    input: words,
    ops: [["number", own("zipWithIndex", [0])]],
    hand: (a) => {
      let last;
      for (let i = 0; i < a.length; i++) last = latest(last, [a[i], i]);
      return last;
    },
  },
  {
    name: "zipWithUniqueId",
    input: words,
    ops: [["number", own("zipWithUniqueId", 4)]],
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
      for (let i = 0; i < a.length; i++) {
        const n = a[i];
        last = latest(last, n);
      }
      for (let i = 0; i < b.length; i++) {
        const n = b[i];
        last = latest(last, n);
      }
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
      for (let i = 0; i < a.length; i++) {
        const l = a[i];
        for (let j = 0; j < b.length; j++) last = latest(last, [l, b[j]]);
      }
      return last;
    },
  },
];

function* sums(left, right) {
  const theirs = right[Symbol.iterator]();
  for (const n of left) yield n + theirs.next().value;
}
