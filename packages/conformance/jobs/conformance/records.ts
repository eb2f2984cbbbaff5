// Operations on records and partitions: DS-1 … DS-7, DS-11.
import { type Case, kv, operation, operationOnTwo } from "./case.ts";

export const records: readonly Case[] = [
  operation({
    id: "DS-1",
    title: "map gives one record for each, in their order",
    batches: [[1, 2, 3], [], [4]],
    build: (numbers) => numbers.map((n) => n * 2),
    order: "exactly",
    expected: [[2, 4, 6], [], [8], []],
  }),
  operation({
    id: "DS-1",
    title: "map keeps records that are nothing",
    batches: [["a", "b"]],
    build: (words) => words.map((word) => (word === "a" ? undefined : null)),
    order: "exactly",
    expected: [[undefined, null]],
  }),
  operation({
    id: "DS-1",
    title: "map keeps the number of partitions, also of those without records",
    batches: [[1], []],
    partitions: 3,
    build: (numbers) => numbers.map((n) => -n).glom(),
    order: "exactly",
    expected: [[[], [], [-1]], [[], [], []], []],
  }),
  operation({
    id: "DS-1",
    title: "map drops the placement of keys",
    batches: [[kv("a", 1)]],
    build: (pairs) =>
      pairs
        .partitionBy(3)
        .map(([key, n]) => [key, n + 1])
        .transform(async (rdd, _time) => rdd.map(withConstant((await rdd.getPartitioner()) === undefined))),
    expected: [[kv(kv("a", 2), true)]],
  }),
  operation({
    id: "DS-2",
    title: "flatMap takes apart any iterable, and nothing gives nothing",
    batches: [["to be", ""], []],
    build: (lines) => lines.flatMap((line) => (line === "" ? [] : line.split(" "))),
    order: "exactly",
    expected: [["to", "be"], []],
  }),
  operation({
    id: "DS-2",
    title: "flatMap takes apart sets, texts and generators",
    batches: [[1, 2, 3]],
    build: (numbers) => numbers.flatMap<unknown>((n) => (n === 1 ? new Set([1, 1, 2]) : n === 2 ? "ab" : countdown(n))),
    order: "exactly",
    expected: [[1, 2, "a", "b", 3, 2, 1]],
  }),
  operation({
    id: "DS-3",
    title: "filter keeps what its predicate holds for, and the partitions that it empties",
    batches: [[1, 2, 3], []],
    partitions: 3,
    build: (numbers) => numbers.filter((n) => n > 2).glom(),
    order: "exactly",
    expected: [
      [[], [], [3]],
      [[], [], []],
    ],
  }),
  operation({
    id: "DS-3",
    title: "filter takes what is truthy",
    batches: [["", "x", "0"]],
    build: (words) => words.filter((word) => word),
    order: "exactly",
    expected: [["x", "0"]],
  }),
  operation({
    id: "DS-4",
    title: "mapPartitions is called once for each partition, empty ones too",
    batches: [[5], []],
    partitions: 3,
    build: (numbers) => numbers.mapPartitions((some) => [[...some].length]),
    order: "exactly",
    expected: [[0, 0, 1], [0, 0, 0], []],
  }),
  operation({
    id: "DS-4",
    title: "mapPartitions may be async, or a generator that does not read to the end",
    batches: [[1, 2, 3, 4]],
    partitions: 2,
    build: (numbers) =>
      numbers
        .mapPartitions(async (some) => [...some].map((n) => n * 10))
        .mapPartitions(function* (some) {
          for (const n of some) {
            yield n + 1;
            return;
          }
        }),
    order: "exactly",
    expected: [[11, 31]],
  }),
  operation({
    id: "DS-4",
    title: "mapPartitions keeps the placement of keys if it says so",
    batches: [[kv("a", 1)]],
    build: (pairs) =>
      pairs
        .partitionBy(3)
        .mapPartitions((some) => some, true)
        .transform(async (rdd) => rdd.map(withConstant((await rdd.getPartitioner())?.numPartitions))),
    expected: [[kv(kv("a", 1), 3)]],
  }),
  operation({
    id: "DS-5",
    title: "mapPartitionsWithIndex is given the number of each partition",
    batches: [["a", "b", "c"]],
    partitions: 2,
    build: (letters) => letters.mapPartitionsWithIndex((i, some) => [...some].map((letter) => `${i}${letter}`)),
    order: "exactly",
    expected: [["0a", "1b", "1c"]],
  }),
  operation({
    id: "DS-6",
    title: "glom gives one array for each partition",
    batches: [["a", "b", "c"], ["d"], []],
    partitions: 2,
    build: (letters) => letters.glom(),
    order: "exactly",
    expected: [
      [["a"], ["b", "c"]],
      [[], ["d"]],
      [[], []],
    ],
  }),
  operation({
    id: "DS-7",
    title: "repartition gives exactly as many partitions, also of an empty batch and of one without partitions",
    batches: [[1, 2], []],
    build: (numbers) =>
      numbers
        .repartition(5)
        .mapPartitions((some) => [[...some].length])
        .glom()
        .count(),
    expected: [[5], [5], [5]],
  }),
  operation({
    id: "DS-7",
    title: "repartition spreads the records of a partition evenly",
    batches: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
    partitions: 1,
    build: (numbers) => numbers.repartition(3).mapPartitions((some) => [[...some].length]),
    expected: [[4, 4, 4]],
  }),
  operation({
    id: "DS-7",
    title: "repartition loses and doubles nothing, whatever the partitions before",
    batches: [[1, 1, 2, 3, 5, 8, 13]],
    partitions: 4,
    build: (numbers) => numbers.repartition(2).repartition(6).repartition(1),
    expected: [[1, 1, 2, 3, 5, 8, 13]],
  }),
  operationOnTwo({
    id: "DS-11",
    title: "union gives the records of the one, then of the other, and keeps what both have",
    batches: [[1, 2], [], [3]],
    others: [[2, 3], [4]],
    build: (left, right) => left.union(right),
    order: "exactly",
    expected: [[1, 2, 2, 3], [4], [3], []],
  }),
  operationOnTwo({
    id: "DS-11",
    title: "union appends the partitions",
    batches: [["a", "b"]],
    partitions: 2,
    others: [["c", "d", "e"]],
    otherPartitions: 3,
    build: (left, right) => left.union(right).glom(),
    order: "exactly",
    expected: [[["a"], ["b"], ["c"], ["d"], ["e"]]],
  }),
  operation({
    id: "DS-11",
    title: "union takes a stream twice",
    batches: [["a", "b"]],
    build: (letters) =>
      letters.union(
        letters.map((letter) => letter.toUpperCase()),
        letters,
      ),
    order: "exactly",
    expected: [["a", "b", "A", "B", "a", "b"]],
  }),
  operationOnTwo({
    id: "SC-18",
    title: "ssc.union takes any number of streams",
    batches: [["a"], ["b"]],
    others: [["c"]],
    build: (left, right, ssc) => ssc.union(left, right, left, ssc.union(right)),
    order: "exactly",
    expected: [
      ["a", "c", "a", "c"],
      ["b", "b"],
    ],
  }),
];

const withConstant =
  <C>(constant: C) =>
  (record: unknown) => [record, constant];

function* countdown(from: number): Generator<number> {
  for (let n = from; n > 0; n -= 1) yield n;
}
