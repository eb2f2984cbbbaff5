// Operations of RDDs of pairs: PR-1 … PR-7, and their partitioning.
import { HashPartitioner, RangePartitioner } from "millrace";
import { action, type Case, inOrder, kv } from "./case.ts";

const add = (a: number, b: number): number => a + b;
const words = [kv("a", 1), kv("b", 2), kv("a", 3), kv("cc", 4)];
const byLength = { numPartitions: 3, getPartition: (key: string) => key.length % 3 };

export const rddPairs: readonly Case[] = [
  action({
    id: "PR-1",
    title: "aggregateByKey begins each key with a zero of its own, which its functions may change",
    batches: [words, []],
    partitions: 2,
    act: async (rdd) => {
      const lists = await rdd
        .aggregateByKey<number[]>(
          [],
          (all, n) => {
            all.push(n);
            return all;
          },
          (all, more) => [...all, ...more],
        )
        .collect();
      return lists.map(([key, all]) => kv(key, inOrder(all)));
    },
    expected: [[kv("a", [1, 3]), kv("b", [2]), kv("cc", [4])], []],
  }),
  action({
    id: "PR-1",
    title: "foldByKey has its zero once for each key and partition",
    batches: [words],
    partitions: 1,
    act: (rdd) => rdd.foldByKey(10, add, 2).collect(),
    expected: [[kv("a", 14), kv("b", 12), kv("cc", 14)]],
  }),
  action({
    id: "PR-1",
    title: "operations by key have the most partitions of what they read, where a stream has the default parallelism",
    batches: [words],
    partitions: 7,
    act: async (rdd, ssc) => [
      await rdd.reduceByKey(add).getNumPartitions(),
      await rdd.groupByKey().getNumPartitions(),
      await ssc.parallelize(words, 2).join(rdd).getNumPartitions(),
      await rdd.partitionBy(3).groupByKey().getNumPartitions(),
      await rdd.reduceByKey(add, 5).getNumPartitions(),
    ],
    order: "exactly",
    expected: [[7, 7, 7, 3, 5]],
  }),
  action({
    id: "PR-2",
    title: "reduceByKeyLocally, countByKey and collectAsMap give Maps; of equal keys collectAsMap has the last",
    batches: [words, []],
    act: async (rdd) => [await rdd.reduceByKeyLocally(add), await rdd.countByKey(), await rdd.collectAsMap()],
    order: "exactly",
    expected: [
      [
        new Map([kv("a", 4), kv("b", 2), kv("cc", 4)]),
        new Map([kv("a", 2), kv("b", 1), kv("cc", 1)]),
        new Map([kv("a", 3), kv("b", 2), kv("cc", 4)]),
      ],
      [new Map(), new Map(), new Map()],
    ],
  }),
  action({
    id: "PR-2",
    title: "lookup gives the values of a key, wherever it lies",
    batches: [words],
    partitions: 4,
    act: async (rdd) => [
      await rdd.lookup("a"),
      await rdd.lookup("z"),
      inOrder(await rdd.partitionBy(3).lookup("a")),
      inOrder(await rdd.partitionBy(byLength).lookup("cc")),
      await rdd.sortByKey().lookup("cc"),
    ],
    order: "exactly",
    expected: [[[1, 3], [], [1, 3], [4], [4]]],
  }),
  action({
    id: "PR-3",
    title: "partitionBy, mapValues, flatMapValues, keys and values",
    batches: [words],
    act: async (rdd) => {
      const placed = rdd.partitionBy(byLength);
      return [
        await placed.glom().collect(),
        await placed.mapValues(String).glom().collect(),
        await placed.flatMapValues((n) => (n === 1 ? [] : [n, -n])).collect(),
        await rdd.keys().collect(),
        await rdd.values().collect(),
      ].map((all, i) =>
        i < 2 ? all.map((part) => inOrder(part as unknown[])) : i === 2 ? inOrder<unknown>(all) : all,
      ); // arrays of glom
    },
    order: "exactly",
    expected: [
      [
        [[], [kv("a", 1), kv("a", 3), kv("b", 2)], [kv("cc", 4)]],
        [[], [kv("a", "1"), kv("a", "3"), kv("b", "2")], [kv("cc", "4")]],
        inOrder([kv("b", 2), kv("b", -2), kv("a", 3), kv("a", -3), kv("cc", 4), kv("cc", -4)]),
        ["a", "b", "a", "cc"],
        [1, 2, 3, 4],
      ],
    ],
  }),
  action({
    id: "PR-4",
    title: "joins of RDDs that are placed alike stay there",
    batches: [words],
    act: async (rdd, ssc) => {
      const other = ssc.parallelize([kv("a", "x"), kv("cc", "y"), kv("d", "z")], 3);
      const joined = rdd.partitionBy(byLength).fullOuterJoin(other.partitionBy(byLength));
      const hashed = rdd.partitionBy(6).join(other.partitionBy(new HashPartitioner(6)));
      return [
        (await joined.glom().collect()).map(inOrder),
        (await joined.getPartitioner()) === byLength,
        (await hashed.getPartitioner())?.numPartitions,
        inOrder(await hashed.collect()),
      ];
    },
    order: "exactly",
    expected: [
      [
        [
          [],
          [kv("a", kv(1, "x")), kv("a", kv(3, "x")), kv("b", kv(2, undefined)), kv("d", kv(undefined, "z"))],
          [kv("cc", kv(4, "y"))],
        ],
        true,
        6,
        [kv("a", kv(1, "x")), kv("a", kv(3, "x")), kv("cc", kv(4, "y"))],
      ],
    ],
  }),
  action({
    id: "PR-5",
    title: "cogroup of three and groupWith of four have a list for each",
    batches: [words],
    act: async (rdd, ssc) => {
      const other = ssc.parallelize([kv("a", "x"), kv("d", "y")]);
      const lists = (record: readonly [string, readonly unknown[][]]) => kv(record[0], record[1].map(inOrder));
      return [
        ...(await rdd.cogroup(other, rdd, 3).collect()).map(lists),
        ...(await other.groupWith(rdd, other, other).collect()).map(lists),
      ];
    },
    expected: [
      [
        kv("a", [[1, 3], ["x"], [1, 3]]),
        kv("b", [[2], [], [2]]),
        kv("cc", [[4], [], [4]]),
        kv("d", [[], ["y"], []]),
        kv("a", [["x"], [1, 3], ["x"], ["x"]]),
        kv("b", [[], [2], [], []]),
        kv("cc", [[], [4], [], []]),
        kv("d", [["y"], [], ["y"], ["y"]]),
      ],
    ],
  }),
  action({
    id: "PR-5",
    title: "subtractByKey keeps the pairs whose key the other has not, duplicates too",
    batches: [[...words, kv("b", 2)], []],
    act: (rdd, ssc) => rdd.subtractByKey(ssc.parallelize([kv("a", "x"), kv("z", "y")])).collect(),
    expected: [[kv("b", 2), kv("b", 2), kv("cc", 4)], []],
  }),
  action({
    id: "PR-6",
    title: "sampleByKeyExact draws the fraction of each key, rounded up, the same with the same seed",
    batches: [Array.from({ length: 300 }, (_, i) => kv(i % 3, i))],
    partitions: 4,
    act: async (rdd) => {
      const fractions = new Map([kv(0, 0.1), kv(1, 0.333), kv(2, 0)]);
      const [once, again] = [rdd.sampleByKeyExact(false, fractions, 3), rdd.sampleByKeyExact(false, fractions, 3)];
      const drawn = await once.collect();
      const rough = await rdd.sampleByKey(false, fractions, 3).countByKey();
      return [
        await once.countByKey(),
        drawn.join() === (await again.collect()).join(),
        (rough.get(1) ?? 0) > 10 && (rough.get(1) ?? 0) < 60,
        rough.has(2),
      ];
    },
    order: "exactly",
    expected: [[new Map([kv(0, 10), kv(1, 34)]), true, true, false]],
  }),
  action({
    id: "PR-6",
    title: "countApproxDistinctByKey estimates for each key",
    batches: [Array.from({ length: 400 }, (_, i) => kv(i % 2, i % 20))],
    partitions: 3,
    act: (rdd) => rdd.countApproxDistinctByKey(0.01).collect(),
    expected: [[kv(0, 10), kv(1, 10)]],
  }),
  action({
    id: "PR-7",
    title: "sortByKey sorts over all partitions, and leaves pairs of equal keys as they came",
    batches: [[kv(10, "a"), kv(9, "b"), kv(10, "c"), kv(-1, "d")], []],
    partitions: 3,
    act: async (rdd) => [
      await rdd.sortByKey().collect(),
      await rdd.sortByKey(false).collect(),
      await rdd.sortByKey({ numPartitions: 2 }).count(),
    ],
    order: "exactly",
    expected: [
      [[kv(-1, "d"), kv(9, "b"), kv(10, "a"), kv(10, "c")], [kv(10, "a"), kv(10, "c"), kv(9, "b"), kv(-1, "d")], 4],
      [[], [], 0],
    ],
  }),
  action({
    id: "PR-7",
    title: "repartitionAndSortWithinPartitions places by key and sorts each partition",
    batches: [[kv("d", 1), kv("bb", 2), kv("a", 3), kv("aa", 4)]],
    partitions: 3,
    act: async (rdd) => [
      await rdd.repartitionAndSortWithinPartitions(byLength).glom().collect(),
      await rdd.repartitionAndSortWithinPartitions({ partitioner: byLength }, false).keys().collect(),
    ],
    order: "exactly",
    expected: [
      [
        [[], [kv("a", 3), kv("d", 1)], [kv("aa", 4), kv("bb", 2)]],
        ["d", "a", "bb", "aa"],
      ],
    ],
  }),
  action({
    id: "PR-7",
    title: "filterByRange takes both ends, of sorted pairs and of others",
    batches: [Array.from({ length: 20 }, (_, i) => kv(19 - i, i))],
    partitions: 4,
    act: async (rdd) => [
      await rdd.sortByKey().filterByRange(3, 5).keys().collect(),
      inOrder(await rdd.filterByRange(3, 5).keys().collect()),
      await rdd.sortByKey(false).filterByRange(3, 5).keys().collect(),
      await rdd.sortByKey().filterByRange(30, 50).count(),
    ],
    order: "exactly",
    expected: [[[3, 4, 5], [3, 4, 5], [5, 4, 3], 0]],
  }),
  action({
    id: "Partitioners",
    title: "a range partitioner puts keys up to each bound into its partition; equal ones join without a shuffle",
    batches: [[kv(1, "a"), kv(10, "b"), kv(11, "c"), kv(20, "d"), kv(99, "e")]],
    act: async (rdd) => {
      const placed = rdd.partitionBy(new RangePartitioner([10, 20]));
      const joined = placed.join(rdd.partitionBy(new RangePartitioner([10, 20])));
      return [await placed.keys().glom().collect(), (await joined.keys().glom().collect()).map(inOrder)];
    },
    order: "exactly",
    expected: [
      [
        [[1, 10], [11, 20], [99]],
        [inOrder([1, 10]), [11, 20], [99]],
      ],
    ],
  }),
];
