// Compositions in which one operation relies on properties that another preserves: partitioning, windows, state, copies.
import { type Case, inOrder, kv, NO_BATCH, observation, operation, operationOnTwo } from "./case.ts";

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;
const total = (added: readonly number[], before = 0): number => added.reduce(add, before);
const byLength = { numPartitions: 2, getPartition: (key: string) => key.length % 2 };

/** Mutates its argument. */
const append = (a: number[], b: readonly number[]): number[] => {
  a.push(...b);
  return a;
};

export const compositions: readonly Case[] = [
  operation({
    id: "WN-6",
    title: "an inverse window over a slower window counts in its slides",
    batches: [["a"], ["a"], ["b"], ["a"], ["b"], ["b"], [], []],
    build: (words) =>
      words
        .window(200, 200)
        .map((word) => kv(word, 1))
        .reduceByKeyAndWindow(add, subtract, 400),
    expected: [
      NO_BATCH,
      [kv("a", 2)],
      NO_BATCH,
      [kv("a", 3), kv("b", 1)],
      NO_BATCH,
      [kv("a", 1), kv("b", 3)],
      NO_BATCH,
      [kv("a", 0), kv("b", 2)],
    ],
  }),
  operation({
    id: "WN-6",
    title: "windows in three layers, each of its own slide",
    batches: [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"], ["h"]],
    build: (letters) => letters.window(200).window(200, 200).window(400, 400),
    order: "exactly",
    expected: [
      NO_BATCH,
      NO_BATCH,
      NO_BATCH,
      // [a], [a b] | [b c], [c d]
      ["a", "a", "b", "b", "c", "c", "d"],
      NO_BATCH,
      NO_BATCH,
      NO_BATCH,
      // [d e], [e f] | [f g], [g h]
      ["d", "e", "e", "f", "f", "g", "g", "h"],
    ],
  }),
  operation({
    id: "PD-10",
    title: "an inverse window of one batch has what that batch has, and what the others left",
    batches: [[kv("a", 1)], [kv("b", 2)], []],
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 100, 100, { filter: ([, n]) => n !== 0 }),
    expected: [[kv("a", 1)], [kv("b", 2)], []],
  }),
  operation({
    id: "PD-10",
    title: "a window of an inverse window that is joined with its stream",
    batches: [[kv("a", 1)], [kv("a", 2)], [kv("b", 3)], []],
    build: (pairs) => {
      const sums = pairs.reduceByKeyAndWindow(add, subtract, 200);
      return pairs.leftOuterJoin(sums).union(sums.mapValues((n) => kv(n, undefined)));
    },
    expected: [
      [kv("a", kv(1, 1)), kv("a", kv(1, undefined))],
      [kv("a", kv(2, 3)), kv("a", kv(3, undefined))],
      [kv("b", kv(3, 3)), kv("a", kv(2, undefined)), kv("b", kv(3, undefined))],
      [kv("a", kv(0, undefined)), kv("b", kv(3, undefined))],
    ],
  }),
  operation({
    id: "KS-1",
    title: "state of an inverse window, and a window of that",
    batches: [[kv("a", 1)], [kv("a", 2)], []],
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 200).updateStateByKey<number>(total).window(200),
    expected: [[kv("a", 1)], [kv("a", 1), kv("a", 4)], [kv("a", 4), kv("a", 6)]],
  }),
  operation({
    id: "RD-5",
    title: "union of streams that are placed alike stays placed: partitions are put together, not appended",
    batches: [[kv("a", 1), kv("bb", 2)], []],
    build: (pairs) =>
      pairs
        .partitionBy(byLength)
        .union(pairs.mapValues((n) => -n).partitionBy(byLength))
        .glom()
        .map(inOrder),
    order: "exactly",
    expected: [
      [inOrder([kv("bb", 2), kv("bb", -2)]), inOrder([kv("a", 1), kv("a", -1)])],
      [[], []],
    ],
  }),
  operation({
    id: "RD-5",
    title: "a window of pairs that are placed alike stays placed",
    batches: [[kv("a", 1)], [kv("a", 2), kv("bb", 3)], []],
    build: (pairs) => pairs.partitionBy(byLength).window(200).glom(),
    order: "exactly",
    expected: [
      [[], [kv("a", 1)]],
      [[kv("bb", 3)], [kv("a", 1), kv("a", 2)]],
      [[kv("bb", 3)], [kv("a", 2)]],
    ],
  }),
  operationOnTwo({
    id: "PD-7",
    title: "joins of joins and groups, all placed alike",
    batches: [[kv("a", 1), kv("b", 2)], [kv("a", 3)]],
    others: [[kv("a", "x")], [kv("a", "y"), kv("a", "z")]],
    build: (left, right) =>
      left
        .join(right, 4)
        .mapValues(([n, text]) => `${n}${text}`)
        .leftOuterJoin(left.groupByKey(4), 4)
        .mapValues(([text, all]) => `${text}${all}`)
        .groupByKey(4)
        .mapValues(inOrder),
    expected: [[kv("a", ["1x1"])], [kv("a", ["3y3", "3z3"])]],
  }),
  operation({
    id: "DS-12",
    title: "transform runs once in a batch, however many windows and outputs read it",
    batches: [["a"], ["b"], ["c"]],
    build: (letters) => {
      let calls = 0;
      const numbered = letters.transform((rdd) => {
        calls += 1;
        const call = calls;
        return rdd.map((letter) => `${letter}${call}`);
      });
      return numbered.window(200).union(numbered);
    },
    order: "exactly",
    expected: [
      ["a1", "a1"],
      ["a1", "b2", "b2"],
      ["b2", "c3", "c3"],
    ],
  }),
  operation({
    id: "PD-9",
    title: "a reduction over a window may change what it is given: each window begins with what the batches had",
    batches: [[kv("a", [1])], [kv("a", [2]), kv("a", [3])], [kv("a", [4])], []],
    build: (pairs) => pairs.reduceByKeyAndWindow(append, 300).mapValues(inOrder),
    expected: [[kv("a", [1])], [kv("a", [1, 2, 3])], [kv("a", [1, 2, 3, 4])], [kv("a", [2, 3, 4])], [kv("a", [4])]],
  }),
  operation({
    id: "PD-10",
    title: "an inverse window may change what it is given",
    batches: [[kv("a", [1])], [kv("a", [2]), kv("a", [3])], [kv("a", [4])], []],
    build: (pairs) =>
      pairs
        .reduceByKeyAndWindow(
          append,
          (a, b) => {
            for (const n of b) a.splice(a.indexOf(n), 1);
            return a;
          },
          200,
        )
        .mapValues(inOrder),
    expected: [[kv("a", [1])], [kv("a", [1, 2, 3])], [kv("a", [2, 3, 4])], [kv("a", [4])], [kv("a", [])]],
  }),
  operation({
    id: "KS-1",
    title: "state may be changed in place and given back, and what is done to results later does not reach it",
    batches: [[kv("a", 1)], [kv("a", 2)], []],
    build: (pairs) =>
      pairs
        .updateStateByKey<number[]>((added, before = []) => append(before, added))
        .mapValues((all) => append(all, [0])),
    expected: [[kv("a", [1, 0])], [kv("a", [1, 2, 0])], [kv("a", [1, 2, 0])]],
  }),
  operation({
    id: "PD-2",
    title: "reductions may change what they are given, also of a stream that is kept and read again",
    batches: [[kv("a", [1]), kv("a", [2])]],
    partitions: 1,
    build: (pairs) => {
      const kept = pairs.persist();
      const first = kept.reduceByKey(append);
      const second = kept.combineByKey<number[]>((all) => append(all, [9]), append, append);
      return first.mapValues(inOrder).union(second.mapValues(inOrder), kept);
    },
    expected: [[kv("a", [1, 2]), kv("a", [1, 2, 9]), kv("a", [1]), kv("a", [2])]],
  }),
  operation({
    id: "DS-24",
    title: "what one output does to records of a stream that is kept, another does not see",
    batches: [[{ n: 1 }], [{ n: 5 }]],
    build: (records) => {
      const kept = records.map((record) => record).persist();
      const increased = () =>
        kept.map((record) => {
          record.n += 1;
          return record;
        });
      return increased().union(increased(), kept);
    },
    order: "exactly",
    expected: [
      [{ n: 2 }, { n: 2 }, { n: 1 }],
      [{ n: 6 }, { n: 6 }, { n: 5 }],
    ],
  }),
  observation({
    id: "KS-1",
    title: "two states of one stream, and a state of both, do not mix",
    expected: [
      [kv("a", kv(1, 10))],
      [kv("a", kv(3, 30)), kv("b", kv(7, 70))],
      [kv("a", kv(3, 30)), kv("b", kv(7, 70))],
    ],
    declare: (ssc, report) => {
      const pairs = ssc.queueStream([[kv("a", 1)], [kv("a", 2), kv("b", 7)]]);
      const ones = pairs.updateStateByKey<number>(total);
      const tens = pairs.mapValues((n) => n * 10).updateStateByKey<number>(total, 3);
      ones.join(tens).foreachRDD(async (rdd, time) => report(time, await rdd.collect()));
    },
  }),
  operation({
    id: "DS-19",
    title: "a count of a slower window is that window's, and an empty one has 0",
    batches: [["a"], ["b"], [], [], ["c"]],
    build: (letters) => letters.window(200, 200).count(),
    expected: [NO_BATCH, [2], NO_BATCH, [0], NO_BATCH, [1]],
  }),
  operation({
    id: "DS-10",
    title: "countByValue of a window, of pairs and of arrays",
    batches: [
      [kv("a", 1), kv("a", 1)],
      [kv("a", 1), kv("b", 1)],
    ],
    build: (pairs) => pairs.window(200).countByValue(),
    expected: [[kv(kv("a", 1), 2)], [kv(kv("a", 1), 3), kv(kv("b", 1), 1)]],
  }),
];
