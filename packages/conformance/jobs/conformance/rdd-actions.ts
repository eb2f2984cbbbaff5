// Actions of RDDs, RD-20 … RD-27 and PR-8, and shared variables: CX-2.
import { TaskContext } from "millrace";
import { action, type Case, kv } from "./case.ts";
import { refusal } from "./rdds.ts";

const add = (a: number, b: number): number => a + b;
const numbers = { batches: [[3, 1, 2], [] as number[]], partitions: 5, order: "exactly" } as const;
const exactly = (n: number) => ({ mean: n, confidence: 1, low: n, high: n });
const rounded = (n: number): number => Math.round(n * 1e9) / 1e9;

export const rddActions: readonly Case[] = [
  action({
    ...numbers,
    id: "RD-20",
    title: "collect, count, isEmpty and toLocalIterator, in partition order",
    act: async (rdd) => {
      const local: number[] = [];
      for await (const n of rdd.toLocalIterator()) local.push(n);
      return [await rdd.collect(), await rdd.count(), await rdd.isEmpty(), local];
    },
    expected: [
      [[3, 1, 2], 3, false, [3, 1, 2]],
      [[], 0, true, []],
      [[], 0, true, []],
    ],
  }),
  action({
    ...numbers,
    id: "RD-21",
    title: "take and first look through partitions, empty ones too; first of nothing is an error",
    act: async (rdd) => [
      await rdd.take(0),
      await rdd.take(2),
      await rdd.take(99),
      await refusal(rdd.first()),
      await rdd.filter((n) => n === 2).take(1),
    ],
    expected: [
      [[], [3, 1], [3, 1, 2], "none", [2]],
      [[], [], [], "EMPTY_COLLECTION", []],
      [[], [], [], "EMPTY_COLLECTION", []],
    ],
  }),
  action({
    ...numbers,
    id: "RD-22",
    title: "top, takeOrdered, max and min go by the order of values; of nothing there is none",
    act: async (rdd) => [
      await rdd.top(2),
      await rdd.takeOrdered(2),
      await rdd.takeOrdered(9, (a, b) => b - a),
      await rdd.max().catch(() => "none"),
      await rdd.min().catch(() => "none"),
      await refusal(rdd.max()),
    ],
    expected: [
      [[3, 2], [1, 2], [3, 2, 1], 3, 1, "none"],
      [[], [], [], "none", "none", "EMPTY_COLLECTION"],
    ],
  }),
  action({
    ...numbers,
    id: "RD-22",
    title: "takeSample gives so many, or all there are, and more only with replacement",
    act: async (rdd) => [
      (await rdd.takeSample(false, 2, 1)).length,
      (await rdd.takeSample(false, 9, 1)).sort(),
      (await rdd.takeSample(true, 9, 1)).length,
    ],
    expected: [
      [2, [1, 2, 3], 9],
      [0, [], 0],
    ],
  }),
  action({
    ...numbers,
    id: "RD-23",
    title: "reduce and treeReduce; of nothing they are errors",
    act: async (rdd) => [
      await rdd.reduce(add).catch(() => "none"),
      await rdd.treeReduce(add, 3).catch(() => "none"),
      await refusal(rdd.reduce(add)),
      await refusal(rdd.treeReduce(add)),
    ],
    expected: [
      [6, 6, "none", "none"],
      ["none", "none", "EMPTY_COLLECTION", "EMPTY_COLLECTION"],
    ],
  }),
  action({
    ...numbers,
    id: "RD-23",
    title: "fold has its zero once for each partition, empty ones too, and once more",
    act: async (rdd) => [await rdd.fold(10, add)],
    expected: [[66], [60], [10]],
  }),
  action({
    ...numbers,
    id: "RD-23",
    title: "aggregate has a total of another type, which its functions may change",
    act: async (rdd) => [
      await rdd.aggregate<number[]>(
        [],
        (all, n) => {
          all.push(n);
          return all;
        },
        (all, more) => {
          all.push(...more);
          return all;
        },
      ),
      await rdd.treeAggregate(0, (sum, n) => sum + n, add, 4),
      await rdd.treeAggregate(0, (sum, n) => sum + n, add, { finalOnExecutor: true }),
    ],
    expected: [
      [[3, 1, 2], 6, 6],
      [[], 0, 0],
      [[], 0, 0],
    ],
  }),
  action({
    id: "RD-24",
    title: "countByValue counts, countApproxDistinct estimates",
    batches: [[...Array.from({ length: 1000 }, (_, i) => i), 1, 1], []],
    partitions: 4,
    act: async (rdd) => {
      const counted = await rdd.countByValue();
      const [rough, exact] = [await rdd.countApproxDistinct(0.05), await rdd.countApproxDistinct(0.01)];
      return [
        counted.size,
        counted.get(1) ?? "none",
        rough > 850 && rough < 1150,
        exact > 950 && exact < 1050,
        counted.size === 0 && rough,
      ];
    },
    order: "exactly",
    expected: [
      [1000, 3, true, true, false],
      [0, "none", false, false, 0],
    ],
  }),
  action({
    id: "RD-24",
    title: "approximate results are exact when they had time for all partitions",
    batches: [[kv("a", 1), kv("b", 3), kv("a", 5)]],
    partitions: 3,
    act: async (rdd) => [
      await rdd.countApprox("1m"),
      await rdd.values().sumApprox("1m"),
      await rdd.values().meanApprox("1m"),
      await rdd.keys().countByValueApprox("1m"),
      await rdd.countByKeyApprox("1m"),
    ],
    order: "exactly",
    expected: [
      [
        exactly(3),
        exactly(9),
        exactly(3),
        new Map([kv("a", exactly(2)), kv("b", exactly(1))]),
        new Map([kv("a", exactly(2)), kv("b", exactly(1))]),
      ],
    ],
  }),
  action({
    ...numbers,
    id: "RD-25",
    title: "foreach is called for each record, foreachPartition for each partition, and accumulators tell",
    act: async (rdd, ssc) => {
      const [sum, calls] = [ssc.longAccumulator(), ssc.longAccumulator()];
      const seen = ssc.collectionAccumulator<number>();
      await rdd.foreach((n) => {
        sum.add(n);
        seen.add(n);
      });
      await rdd.foreachPartition((some) => {
        calls.add(1);
        for (const n of some) sum.add(n * 100);
      });
      return [sum.value, calls.value, [...seen.value].sort()];
    },
    expected: [
      [606, 5, [1, 2, 3]],
      [0, 5, []],
      [0, 0, []],
    ],
  }),
  action({
    id: "CX-2",
    title: "functions on executors read broadcast values",
    batches: [["a", "b"]],
    act: async (rdd, ssc) => {
      const names = ssc.broadcast(new Map([kv("a", "Anna")]));
      return rdd.map((letter) => names.value.get(letter)).collect();
    },
    order: "exactly",
    expected: [["Anna", undefined]],
  }),
  action({
    id: "TaskContext",
    title: "TaskContext tells the partition and the batch's time",
    batches: [["a", "b", "c"]],
    partitions: 3,
    act: async (rdd, _, time) =>
      rdd
        .map((letter) => {
          const { partitionId, batchTime } = TaskContext.get();
          return [letter, partitionId, batchTime === time];
        })
        .collect(),
    order: "exactly",
    expected: [
      [
        ["a", 0, true],
        ["b", 1, true],
        ["c", 2, true],
      ],
    ],
  }),
  action({
    ...numbers,
    id: "PR-8",
    title: "sum, mean, variance and deviation, of nothing too",
    act: async (rdd) =>
      [
        await rdd.sum(),
        await rdd.mean(),
        await rdd.variance(),
        await rdd.sampleVariance(),
        await rdd.stdev(),
        await rdd.sampleStdev(),
        await rdd.popVariance(),
        await rdd.popStdev(),
      ].map(rounded),
    expected: [
      [6, 2, 0.666666667, 1, 0.816496581, 1, 0.666666667, 0.816496581],
      [0, 0, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
    ],
  }),
  action({
    ...numbers,
    id: "PR-8",
    title: "stats has count, sum and ends of one pass",
    act: async (rdd) => {
      const { count, sum, min, max } = await rdd.stats();
      return [count, sum, min, max];
    },
    expected: [
      [3, 6, 1, 3],
      [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ],
  }),
  action({
    id: "PR-8",
    title: "histogram closes its last bucket only, and leaves out what lies outside",
    batches: [[0, 5, 10, 20, 25, -1, Number.NaN]],
    partitions: 3,
    act: async (rdd) => [await rdd.histogram([0, 10, 20]), await rdd.histogram([0, 10, 20, 30])],
    order: "exactly",
    expected: [
      [
        [2, 2],
        [2, 1, 2],
      ],
    ],
  }),
  action({
    id: "PR-8",
    title: "histogram makes buckets of equal width between the smallest and the largest number",
    batches: [[0, 1, 2, 3, 4], [7, 7], []],
    partitions: 2,
    act: async (rdd) => [await rdd.histogram(2).catch(() => "none"), await refusal(rdd.histogram(2))],
    order: "exactly",
    expected: [
      [kv([0, 2, 4], [2, 3]), "none"],
      [kv([7, 7], [2]), "none"],
      ["none", "NOT_FINITE"],
    ],
  }),
];
