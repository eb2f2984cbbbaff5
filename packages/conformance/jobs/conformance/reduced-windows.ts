// Windows that are reduced, with and without an inverse function: PD-8 … PD-10, DS-20 … DS-22, WN-8. A batch is 100 ms.
import { type Case, inOrder, kv, NO_BATCH, operation } from "./case.ts";

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;

// "b" leaves after one batch, "a" comes back after it has left, "c" comes late.
const batches = [[kv("a", 1), kv("b", 2), kv("a", 3)], [kv("a", 4)], [], [kv("c", 7)], [kv("a", 8)], []];

export const reducedWindows: readonly Case[] = [
  operation({
    id: "PD-8",
    title: "groupByKeyAndWindow groups the values of all batches of a window, a key of none is gone",
    batches,
    build: (pairs) => pairs.groupByKeyAndWindow(200).mapValues(inOrder),
    expected: [
      [kv("a", [1, 3]), kv("b", [2])],
      [kv("a", [1, 3, 4]), kv("b", [2])],
      [kv("a", [4])],
      [kv("c", [7])],
      [kv("a", [8]), kv("c", [7])],
      [kv("a", [8])],
      [],
    ],
  }),
  operation({
    id: "PD-8",
    title: "groupByKeyAndWindow with a slide and a number of partitions",
    batches,
    build: (pairs) =>
      pairs
        .groupByKeyAndWindow(300, 200, 7)
        .mapValues(inOrder)
        .mapPartitions((some) => ["partition", ...some]),
    expected: [
      NO_BATCH,
      [kv("a", [1, 3, 4]), kv("b", [2]), ...Array.from({ length: 7 }, () => "partition")],
      NO_BATCH,
      [kv("a", [4]), kv("c", [7]), ...Array.from({ length: 7 }, () => "partition")],
      NO_BATCH,
      [kv("a", [8]), kv("c", [7]), ...Array.from({ length: 7 }, () => "partition")],
    ],
  }),
  operation({
    id: "PD-9",
    title: "reduceByKeyAndWindow reduces over the batches of a window, a key of none is gone",
    batches,
    build: (pairs) => pairs.reduceByKeyAndWindow(add, 200),
    expected: [
      [kv("a", 4), kv("b", 2)],
      [kv("a", 8), kv("b", 2)],
      [kv("a", 4)],
      [kv("c", 7)],
      [kv("a", 8), kv("c", 7)],
      [kv("a", 8)],
      [],
    ],
  }),
  operation({
    id: "PD-9",
    title: "reduceByKeyAndWindow needs no inverse: the greatest value leaves with its batch",
    batches: [[kv("a", 9)], [kv("a", 1), kv("a", 5)], [kv("a", 3)], []],
    build: (pairs) => pairs.reduceByKeyAndWindow(Math.max, 200, 100, 3),
    expected: [[kv("a", 9)], [kv("a", 9)], [kv("a", 5)], [kv("a", 3)], []],
  }),
  operation({
    id: "PD-9",
    title: "reduceByKeyAndWindow whose slide is longer than its windows leaves batches out",
    batches,
    build: (pairs) => pairs.reduceByKeyAndWindow(add, 100, 200),
    expected: [NO_BATCH, [kv("a", 4)], NO_BATCH, [kv("c", 7)], NO_BATCH, []],
  }),
  operation({
    id: "PD-10",
    title: "with an inverse function a key stays with what is left of it",
    batches,
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 200),
    expected: [
      [kv("a", 4), kv("b", 2)],
      [kv("a", 8), kv("b", 2)],
      [kv("a", 4), kv("b", 0)],
      [kv("a", 0), kv("b", 0), kv("c", 7)],
      [kv("a", 8), kv("b", 0), kv("c", 7)],
      [kv("a", 8), kv("b", 0), kv("c", 0)],
      [kv("a", 0), kv("b", 0), kv("c", 0)],
    ],
  }),
  operation({
    id: "PD-10",
    title: "a filter lets keys go, and they begin anew",
    batches,
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 200, undefined, { filter: ([, n]) => n !== 0 }),
    expected: [
      [kv("a", 4), kv("b", 2)],
      [kv("a", 8), kv("b", 2)],
      [kv("a", 4)],
      [kv("c", 7)],
      [kv("a", 8), kv("c", 7)],
      [kv("a", 8)],
      [],
    ],
  }),
  operation({
    id: "PD-10",
    title: "an inverse window that slides by more than one batch takes away and adds several",
    batches,
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 300, 200, { numPartitions: 5 }),
    expected: [
      NO_BATCH,
      [kv("a", 8), kv("b", 2)],
      NO_BATCH,
      [kv("a", 4), kv("b", 0), kv("c", 7)],
      NO_BATCH,
      [kv("a", 8), kv("b", 0), kv("c", 7)],
    ],
  }),
  operation({
    id: "PD-10",
    title: "an inverse window that tumbles has nothing of the one before but its keys",
    batches,
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 200, 200),
    expected: [
      NO_BATCH,
      [kv("a", 8), kv("b", 2)],
      NO_BATCH,
      [kv("a", 0), kv("b", 0), kv("c", 7)],
      NO_BATCH,
      [kv("a", 8), kv("b", 0), kv("c", 0)],
    ],
  }),
  operation({
    id: "PD-10",
    title: "a filter that drops more than what is left of nothing loses it, as the reference does: it is no guard",
    batches: [[kv("a", 1)], [kv("a", -1)], [kv("a", 5)], []],
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 200, 100, { filter: ([, n]) => n > 0 }),
    // -1 leaves the window, and is subtracted from a sum that never included it.
    expected: [[kv("a", 1)], [], [kv("a", 5)], [kv("a", 6)]],
  }),
  operation({
    id: "PD-10",
    title: "an inverse window whose slide is longer than it has no batch of between, where the reference may",
    batches: [[kv("a", 1)], [kv("b", 2), kv("a", 5)], [kv("c", 3)], [kv("b", 4)]],
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 100, 200),
    expected: [NO_BATCH, [kv("a", 5), kv("b", 2)], NO_BATCH, [kv("a", 0), kv("b", 4)]],
  }),
  operation({
    id: "PD-10",
    title: "an inverse window of sets of words, placed by a partitioner",
    batches: [[kv("x", ["p", "q"])], [kv("x", ["r"]), kv("yy", ["s"])], []],
    build: (pairs) =>
      pairs
        .reduceByKeyAndWindow(
          (a, b) => [...a, ...b].sort(),
          (a, b) => a.filter((word) => !b.includes(word)),
          200,
          100,
          {
            partitioner: { numPartitions: 2, getPartition: (key) => key.length % 2 },
            filter: ([, all]) => all.length > 0,
          },
        )
        .glom(),
    order: "exactly",
    expected: [
      [[], [kv("x", ["p", "q"])]],
      [[kv("yy", ["s"])], [kv("x", ["p", "q", "r"])]],
      [[kv("yy", ["s"])], [kv("x", ["r"])]],
      [[], []],
    ],
  }),
  operation({
    id: "DS-20",
    title: "reduceByWindow with an inverse function gives what is left of an empty window",
    batches: [[], [1, 2], [3], [], []],
    build: (numbers) => numbers.reduceByWindow(add, subtract, 200, 100),
    order: "exactly",
    expected: [[], [3], [6], [3], [0], [0]],
  }),
  operation({
    id: "DS-21",
    title: "countByWindow counts the records of a window; nothing before there is a first one, 0 afterwards",
    batches: [[], ["a", "b"], ["c"], [], [], ["d"]],
    build: (words) => words.countByWindow(200),
    order: "exactly",
    expected: [[], [2], [3], [1], [0], [1]],
  }),
  operation({
    id: "DS-21",
    title: "countByWindow with a slide",
    batches: [["a"], ["b", "b"], ["c"], [], [], ["d"]],
    build: (words) => words.countByWindow(300, 200),
    order: "exactly",
    expected: [NO_BATCH, [3], NO_BATCH, [3], NO_BATCH, [1]],
  }),
  operation({
    id: "DS-22",
    title: "countByValueAndWindow drops values that are no more in the window",
    batches: [["a", "b", "a"], ["a"], [], ["b"]],
    build: (words) => words.countByValueAndWindow(200),
    expected: [[kv("a", 2), kv("b", 1)], [kv("a", 3), kv("b", 1)], [kv("a", 1)], [kv("b", 1)], [kv("b", 1)], []],
  }),
  operation({
    id: "DS-22",
    title: "countByValueAndWindow with a slide and a number of partitions",
    batches: [["a"], ["b"], ["a"], ["a"]],
    build: (words) =>
      words
        .countByValueAndWindow(300, 200, 4)
        .glom()
        .map((part) => part.length)
        .reduce(add),
    expected: [NO_BATCH, [2], NO_BATCH, [2], NO_BATCH, [1]],
  }),
  operation({
    id: "WN-8",
    title: "a window over an inverse window has each of its results",
    batches: [[kv("a", 1)], [kv("a", 2)], []],
    build: (pairs) => pairs.reduceByKeyAndWindow(add, subtract, 200).window(200),
    expected: [[kv("a", 1)], [kv("a", 1), kv("a", 3)], [kv("a", 3), kv("a", 2)], [kv("a", 2), kv("a", 0)]],
  }),
];
