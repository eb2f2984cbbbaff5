// Operations on pairs: PD-1 … PD-5, PD-15, and where pairs are placed.
import { type Case, inOrder, kv, operation } from "./case.ts";

const words = [kv("a", 1), kv("b", 2), kv("a", 3)];
const byLength = { numPartitions: 3, getPartition: (key: string) => key.length % 3 };

export const pairs: readonly Case[] = [
  operation({
    id: "PD-1",
    title: "groupByKey gives the values of each key of the batch",
    batches: [words, [], [kv("a", 4)]],
    build: (stream) => stream.groupByKey().mapValues(inOrder),
    expected: [[kv("a", [1, 3]), kv("b", [2])], [], [kv("a", [4])], []],
  }),
  operation({
    id: "PD-1",
    title: "groupByKey keeps equal values, and values that are nothing",
    batches: [[kv("a", undefined), kv("a", null), kv("a", undefined)]],
    build: (stream) => stream.groupByKey(7).mapValues(inOrder),
    expected: [[kv("a", [null, undefined, undefined])]],
  }),
  operation({
    id: "PD-2",
    title: "reduceByKey reduces the values of each key, and a single one not at all",
    batches: [words, [], [kv("c", 4)]],
    build: (stream) => stream.reduceByKey((a, b) => (a + b) * 10),
    expected: [[kv("a", 40), kv("b", 2)], [], [kv("c", 4)]],
  }),
  operation({
    id: "PD-2",
    title: "reduceByKey reduces across partitions",
    batches: [Array.from({ length: 100 }, (_, i) => kv(i % 3, 1))],
    partitions: 7,
    build: (stream) => stream.reduceByKey((a, b) => a + b),
    expected: [[kv(0, 34), kv(1, 33), kv(2, 33)]],
  }),
  operation({
    id: "PD-2",
    title: "reduceByKey has more partitions than keys, if it is told so",
    batches: [words, []],
    build: (stream) =>
      stream
        .reduceByKey((a, b) => a + b, 16)
        .mapPartitions((some) => [[...some].length])
        .countByValue(),
    expected: [[kv(1, 2), kv(0, 14)], [kv(0, 16)], [kv(0, 16)]],
  }),
  operation({
    id: "PD-2",
    title: "reduceByKey places keys as a partitioner says",
    batches: [[kv("aa", 1), kv("b", 2), kv("cc", 3), kv("aa", 4), kv("d", 5)]],
    build: (stream) =>
      stream
        .reduceByKey((a, b) => a + b, byLength)
        .glom()
        .map(inOrder),
    order: "exactly",
    expected: [[[], [kv("b", 2), kv("d", 5)], [kv("aa", 5), kv("cc", 3)]]],
  }),
  operation({
    id: "PD-2",
    title: "reduceByKey, as every operation by key, has the default parallelism, whatever its stream had",
    batches: [words],
    partitions: 9,
    build: (stream, ssc) =>
      stream
        .reduceByKey((a, b) => a + b)
        .transform(async (rdd) => ssc.parallelize([(await rdd.getNumPartitions()) - ssc.defaultParallelism])),
    expected: [[0]],
  }),
  operation({
    id: "PD-3",
    title: "combineByKey begins with the first value of a key and adds the others",
    batches: [words, []],
    build: (stream) =>
      stream
        .combineByKey<[sum: number, count: number]>(
          (n) => [n, 1],
          ([sum, count], n) => [sum + n, count + 1],
          ([sum, count], [otherSum, otherCount]) => [sum + otherSum, count + otherCount],
        )
        .mapValues(([sum, count]) => sum / count),
    expected: [[kv("a", 2), kv("b", 2)], []],
  }),
  operation({
    id: "PD-3",
    title: "combineByKey without combining before the shuffle merges no combined values",
    batches: [words],
    partitions: 3,
    build: (stream) =>
      stream
        .combineByKey<number[]>(
          (n) => [n],
          (all, n) => [...all, n],
          () => [],
          { mapSideCombine: false, numPartitions: 2 },
        )
        .mapValues(inOrder),
    expected: [[kv("a", [1, 3]), kv("b", [2])]],
  }),
  operation({
    id: "PD-3",
    title: "aggregateByKey begins each key with a copy of the zero",
    batches: [words, []],
    partitions: 1,
    build: (stream) =>
      stream.aggregateByKey<number[]>(
        [0],
        (all, n) => {
          all.push(n);
          return all;
        },
        (a, b) => [...a, ...b],
      ),
    expected: [[kv("a", [0, 1, 3]), kv("b", [0, 2])], []],
  }),
  operation({
    id: "PD-3",
    title: "foldByKey adds the zero once for each key of a partition",
    batches: [words, []],
    partitions: 1,
    build: (stream) => stream.foldByKey(10, (a, b) => a + b),
    expected: [[kv("a", 14), kv("b", 12)], []],
  }),
  operation({
    id: "PD-4",
    title: "mapValues changes values, and not where their keys are",
    batches: [words, []],
    build: (stream) =>
      stream
        .partitionBy(byLength)
        .mapValues((n) => n * 10)
        .glom()
        .map(inOrder),
    order: "exactly",
    expected: [
      [[], [kv("a", 10), kv("a", 30), kv("b", 20)], []],
      [[], [], []],
    ],
  }),
  operation({
    id: "PD-4",
    title: "mapValues keeps the placement, so that a reduction after it moves nothing",
    batches: [words],
    build: (stream) =>
      stream
        .partitionBy(byLength)
        .mapValues((n) => n * 10)
        .transform((rdd) => rdd.reduceByKey((a, b) => a + b))
        .glom()
        .map(inOrder),
    order: "exactly",
    expected: [[[], [kv("a", 40), kv("b", 20)], []]],
  }),
  operation({
    id: "PD-5",
    title: "flatMapValues gives a pair for each thing, and none for nothing",
    batches: [[kv("a", "xy"), kv("b", ""), kv("a", "z")]],
    build: (stream) => stream.flatMapValues((text) => text),
    order: "exactly",
    expected: [[kv("a", "x"), kv("a", "y"), kv("a", "z")]],
  }),
  operation({
    id: "PD-5",
    title: "flatMapValues keeps where keys are",
    batches: [[kv("a", "xy"), kv("bb", "z")]],
    build: (stream) =>
      stream
        .partitionBy(byLength)
        .flatMapValues((text) => text)
        .glom(),
    order: "exactly",
    expected: [[[], [kv("a", "x"), kv("a", "y")], [kv("bb", "z")]]],
  }),
  operation({
    id: "PD-15",
    title: "partitionBy places pairs by key, equal ones too, and keeps all of them",
    batches: [[kv("a", 1), kv("bb", 2), kv("a", 1), kv("ccc", 3)], []],
    build: (stream) => stream.partitionBy(byLength).glom(),
    order: "exactly",
    expected: [
      [[kv("ccc", 3)], [kv("a", 1), kv("a", 1)], [kv("bb", 2)]],
      [[], [], []],
    ],
  }),
  operation({
    id: "PD-15",
    title: "partitionBy brings equal keys together, and takes the number of partitions alone",
    batches: [Array.from({ length: 60 }, (_, i) => kv(i % 20, i))],
    partitions: 5,
    build: (stream) =>
      stream
        .partitionBy(4)
        .mapPartitionsWithIndex((i, some) => [...new Set([...some].map(([key]) => key))].map((key) => kv(key, i)))
        .countByValue()
        .keys()
        .keys(),
    expected: [Array.from({ length: 20 }, (_, key) => key)],
  }),
  operation({
    id: "PR-3",
    title: "keys and values take pairs apart in their order",
    batches: [words, []],
    build: (stream) => stream.keys().union<string | number>(stream.values()),
    order: "exactly",
    expected: [["a", "b", "a", 1, 2, 3], []],
  }),
];
