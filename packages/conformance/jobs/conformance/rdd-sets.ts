// Partitioning, combining, numbering and folding of RDDs, beyond the plain cases of `rdds.ts` and `rdd-actions.ts`: other
// numbers of partitions, partial jobs, and refusals.
import { HashPartitioner } from "millrace";
import { action, type Case, inOrder, kv, refused } from "./case.ts";

const one = { batches: [[1]], order: "exactly" } as const;
const add = (a: number, b: number): number => a + b;
const sum = (records: Iterable<number>): number => [...records].reduce(add, 0);
const exactly = (n: number) => ({ mean: n, confidence: 1, low: n, high: n });

export const rddSets: readonly Case[] = [
  action({
    ...one,
    id: "RD-3",
    title: "coalesce of partitions that do not divide evenly, repartition, and a loop over all of it",
    act: async (_, ssc) => {
      const numbers = ssc.parallelize([1, 2, 3, 4, 5, 6, 7], 5);
      const seen: number[] = [];
      for await (const n of numbers.toLocalIterator()) seen.push(n);
      return [
        await numbers.coalesce(2).glom().collect(),
        await numbers.coalesce(9).getNumPartitions(),
        await numbers.coalesce(9, true).getNumPartitions(),
        inOrder(await numbers.repartition(2).collect()),
        seen,
        await numbers.filterMap((n) => (n % 2 === 0 ? `even ${n}` : undefined)).collect(),
      ];
    },
    expected: [
      [
        [
          [1, 2],
          [3, 4, 5, 6, 7],
        ],
        5,
        9,
        [1, 2, 3, 4, 5, 6, 7],
        [1, 2, 3, 4, 5, 6, 7],
        ["even 2", "even 4", "even 6"],
      ],
    ],
  }),
  action({
    ...one,
    id: "RD-1",
    title: "mapPartitionsWithIndex is given each partition with its number, empty ones too",
    act: (_, ssc) =>
      ssc
        .parallelize(["a", "b"], 3)
        .mapPartitionsWithIndex((i, letters) => [`${i}:${[...letters].join("")}`])
        .collect(),
    expected: [["0:", "1:a", "2:b"]],
  }),
  action({
    ...one,
    id: "CX-1",
    title: "range by steps downwards, of nothing, and of more than any memory holds",
    act: async (_, ssc) => [
      await ssc.range(10, 0, -3, 3).glom().collect(),
      await ssc.range(5, 5, 1, 2).glom().collect(),
      await ssc.range(1e12).take(2),
    ],
    expected: [
      [
        [[10], [7], [4, 1]],
        [[], []],
        [0, 1],
      ],
    ],
  }),
  action({
    ...one,
    id: "CX-3",
    title: "runJob gives one result for each partition that is asked for, in the order asked",
    act: async (_, ssc) => {
      const numbers = ssc.range(10, 0, -3, 3);
      return [
        await ssc.runJob(numbers, sum),
        await ssc.runJob(numbers, async (all) => sum(all), [2, 0, 2]),
        await ssc.runJob(ssc.range(0, 0, 1, 2), sum),
      ];
    },
    expected: [
      [
        [10, 7, 5],
        [5, 10, 5],
        [0, 0],
      ],
    ],
  }),
  action({
    ...one,
    id: "RD-28",
    title: "toDebugString draws the lineage under the RDD's name",
    act: async (_, ssc) => {
      const named = ssc.range(10, 0, -3, 3).setName("numbers");
      await named.count(); // its partitions are known from here on
      return [named.name, named.toDebugString()];
    },
    expected: [["numbers", "(3) numbers (range)\n |  range"]],
  }),
  action({
    ...one,
    id: "RD-6",
    title: "operations on two RDDs have the larger number of partitions, or that of the left",
    act: async (_, ssc) => {
      const [left, right] = [ssc.parallelize([3, 1, 2, 3, 3], 3), ssc.parallelize([3, 4, 4, 1], 2)];
      const placed = left.map((n) => kv(n % 2, n)).partitionBy(2);
      return [
        await left.union(right).collect(),
        inOrder(await left.intersection(right).collect()),
        await left.intersection(right).getNumPartitions(),
        inOrder(await right.subtract(left).collect()),
        await right.subtract(left).getNumPartitions(),
        inOrder(await left.distinct().collect()),
        await left.distinct(4).getNumPartitions(),
        inOrder(await placed.distinct().collect()),
        new HashPartitioner(2).equals(await placed.distinct().getPartitioner()),
      ];
    },
    expected: [[[3, 1, 2, 3, 3, 3, 4, 4, 1], [1, 3], 3, [4, 4], 2, [1, 2, 3], 4, [kv(0, 2), kv(1, 1), kv(1, 3)], true]],
  }),
  action({
    ...one,
    id: "RD-6",
    title: "cartesian goes through the partitions of the left, and for each through those of the right",
    act: async (_, ssc) => {
      const product = ssc.parallelize([3, 1, 2, 3, 3], 3).cartesian(ssc.parallelize([3, 4, 4, 1], 2));
      return [await product.glom().collect(), await product.getNumPartitions()];
    },
    expected: [
      [
        [
          [kv(3, 3), kv(3, 4)],
          [kv(3, 4), kv(3, 1)],
          [kv(1, 3), kv(1, 4), kv(2, 3), kv(2, 4)],
          [kv(1, 4), kv(1, 1), kv(2, 4), kv(2, 1)],
          [kv(3, 3), kv(3, 4), kv(3, 3), kv(3, 4)],
          [kv(3, 4), kv(3, 1), kv(3, 4), kv(3, 1)],
        ],
        6,
      ],
    ],
  }),
  action({
    ...one,
    id: "RD-10",
    title: "zip reads no further than it must, says why it refuses, and zipPartitions takes three",
    act: async (_, ssc) => {
      const [left, right] = [ssc.parallelize([3, 1, 2, 3, 3], 3), ssc.parallelize([3, 4, 4, 1], 2)];
      const sizes = left.zipPartitions([left, left], (a, b, c) => [[...a].length + [...b].length + [...c].length]);
      return [
        await left.zip(left.map((n) => -n)).take(2),
        await refused(left.zip(right).count(), /PARTITIONS_DIFFER.*3 and 2/),
        await refused(left.zip(left.filter((n) => n > 1)).count(), /zip/),
        await sizes.collect(),
      ];
    },
    expected: [[[kv(3, -3), kv(1, -1)], "refused", "refused", [3, 6, 6]]],
  }),
  action({
    ...one,
    id: "RD-10",
    title: "records are numbered over several partitions, within one, and within a union",
    act: async (_, ssc) => {
      const [letters, x] = [ssc.parallelize("abcdefg", 3), ssc.parallelize(["x"], 1)];
      return [
        await letters.zipWithIndex().values().collect(),
        await x.zipWithIndex().collect(),
        await x.union(letters.zipWithIndex().keys()).count(),
        await letters.zipWithUniqueId().values().collect(),
      ];
    },
    expected: [[[0, 1, 2, 3, 4, 5, 6], [kv("x", 0)], 8, [0, 3, 1, 4, 2, 5, 8]]],
  }),
  action({
    ...one,
    id: "RD-4",
    title: "samples of many records are as large as asked, and the same for the same seed",
    act: async (_, ssc) => {
      const numbers = ssc.range(0, 10_000, 1, 4);
      const half = await numbers.sample(false, 0.5, 7).collect();
      const [a, b, c] = numbers.randomSplit([1, 2, 7], 3);
      const parts = await Promise.all([a, b, c].map((part) => part?.collect() ?? []));
      return [
        Math.abs(half.length - 5000) < 300,
        half.join() === (await numbers.sample(false, 0.5, 7).collect()).join(),
        (await numbers.sample(false, 0.5, 8).first()) === half[0],
        Math.abs((await numbers.sample(true, 2, 7).count()) - 20_000) < 900,
        inNumericOrder(parts.flat()),
        Math.abs((parts[1]?.length ?? 0) - 2000) < 200,
      ];
    },
    expected: [[true, true, false, true, 10_000, true]],
  }),
  action({
    ...one,
    id: "RD-22",
    title: "takeSample draws different records, the same for the same seed, and all there are",
    act: async (_, ssc) => {
      const numbers = ssc.range(0, 10_000, 1, 4);
      const some = await numbers.takeSample(false, 50, 1);
      return [
        [some.length, new Set(some).size],
        some.join() === (await numbers.takeSample(false, 50, 1)).join(),
        (await numbers.takeSample(false, 20_000)).length,
        (await numbers.takeSample(true, 20_000, 5)).length,
        Math.abs((await numbers.map((n) => n % 1000).countApproxDistinct(0.02)) - 1000) < 60,
      ];
    },
    expected: [[[50, 50], true, 10_000, 20_000, true]],
  }),
  action({
    ...one,
    id: "RD-23",
    title: "folds over few, many and no partitions, each with its zero as often as promised",
    act: async (_, ssc) => {
      const [four, many, none] = [ssc.parallelize([1, 2, 3, 4], 3), ssc.range(0, 100, 1, 20), ssc.emptyRDD<number>()];
      const collect = (list: number[], n: number): number[] => {
        list.push(n);
        return list;
      };
      const join = (a: number[], b: number[]): number[] => [...a, ...b];
      return [
        await four.reduce(Math.max),
        await four.fold(100, add),
        await four.aggregate([0], collect, join),
        await none.aggregate([0], collect, join),
        await many.treeAggregate(1, add, add, 3),
        await many.treeAggregate(0, add, add, { finalOnExecutor: true }),
        await many.treeReduce(add),
        await refused(none.treeReduce(add), /EMPTY_COLLECTION\] treeReduce/),
        await many.sum(),
      ];
    },
    expected: [[4, 410, [0, 0, 1, 0, 2, 0, 3, 4], [0], 4950 + 21, 4950, 4950, "refused", 4950]],
  }),
  action({
    ...one,
    id: "PR-8",
    title: "statistics and histograms of many numbers, of one value, and of nothing",
    act: async (_, ssc) => {
      const [four, many, none] = [ssc.parallelize([1, 2, 3, 4], 3), ssc.range(0, 100, 1, 20), ssc.emptyRDD<number>()];
      const { count, mean, min, max, sampleVariance } = await many.stats();
      return [
        [count, mean, min, max, Math.round(sampleVariance)],
        await none.stdev(),
        await many.histogram(3),
        await many.histogram([0, 10, 50]),
        await four.map(() => 3).histogram(5),
        await refused(none.histogram(2), /NOT_FINITE/),
      ];
    },
    expected: [
      [
        [100, 49.5, 0, 99, 842],
        Number.NaN,
        [
          [0, 33, 66, 99],
          [33, 33, 34],
        ],
        [10, 41],
        [[3, 3], [4]],
        "refused",
      ],
    ],
  }),
  action({
    ...one,
    id: "RD-24",
    title: "approximate results over many partitions are exact when all of them had the time",
    act: async (_, ssc) => {
      const many = ssc.range(0, 100, 1, 20);
      return [
        await many.countApprox("10s"),
        (await many.sumApprox("10s")).high,
        (await many.meanApprox("10s")).mean,
        await many.map((n) => n % 2).countByValueApprox("10s"),
        (await many.map((n) => kv(n % 2, n)).countByKeyApprox("10s")).get(1),
      ];
    },
    expected: [[exactly(100), 4950, 49.5, new Map([kv(0, exactly(50)), kv(1, exactly(50))]), exactly(50)]],
  }),
];

/** How many there are, if they are 0, 1, 2, … */
function inNumericOrder(numbers: readonly number[]): number | string {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.every((n, i) => n === i) ? sorted.length : "some are missing";
}
