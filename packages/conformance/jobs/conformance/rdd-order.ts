// Operations of RDDs that depend on the order of values, over values of every kind and over many.
import { RangePartitioner, type StreamingContext } from "millrace";
import { action, type Case, kv, refused } from "./case.ts";

const one = { batches: [[1]], order: "exactly" } as const;
const mixed = (ssc: StreamingContext) =>
  ssc.parallelize<unknown>([3, "b", undefined, -1, [2], null, 10, "a", 2n, Number.NaN], 3);
const MIXED_IN_ORDER = [undefined, null, -1, 3, 10, Number.NaN, 2n, "a", "b", [2]];
const many = (ssc: StreamingContext) => ssc.range(0, 10_000, 1, 5).map((n) => (n * 7919) % 10_007);
const same = (value: unknown): unknown => value;
const six = {
  batches: [[kv("b", 1), kv("a", 2), kv("c", 3), kv("a", 4), kv("d", 5), kv("b", 6)]],
  partitions: 3,
  order: "exactly",
} as const;

export const rddOrder: readonly Case[] = [
  action({
    ...one,
    id: "RD-8",
    title: "sortBy has one order for values of all kinds, both ways, and refuses those that have none",
    act: async (_, ssc) => [
      await mixed(ssc).sortBy(same).collect(),
      await mixed(ssc).sortBy(same, { numPartitions: 1 }).glom().collect(),
      await mixed(ssc).sortBy(same, false).collect(),
      await ssc
        .emptyRDD<number>()
        .sortBy((n) => n, { numPartitions: 4 })
        .collect(),
      await refused(
        mixed(ssc)
          .sortBy((value) => ({ value }))
          .collect(),
        /VALUE_NOT_ORDERED/,
      ),
    ],
    expected: [[MIXED_IN_ORDER, [MIXED_IN_ORDER], [...MIXED_IN_ORDER].reverse(), [], "refused"]],
  }),
  action({
    ...one,
    id: "RD-8",
    title: "sortBy of many sorts all of them into even partitions, equal ones as they came",
    act: async (_, ssc) => {
      const all = await many(ssc).collect();
      const inOrder = [...all].sort((a, b) => a - b);
      const sorted = await many(ssc)
        .sortBy((n) => n)
        .glom()
        .collect();
      const stable = many(ssc)
        .coalesce(1)
        .sortBy((n) => n % 3, { numPartitions: 2 });
      return [
        sorted.flat().join() === inOrder.join(),
        sorted.length,
        Math.max(...sorted.map((part) => part.length)) < 3000,
        (await stable.collect()).join() === [...all].sort((a, b) => (a % 3) - (b % 3)).join(),
      ];
    },
    expected: [[true, 5, true, true]],
  }),
  action({
    ...one,
    id: "RD-8",
    title:
      "sortBy by a function of the author's keeps what it calls equal in one partition, and refuses what is no number",
    act: async (_, ssc) => {
      const sorted = many(ssc).sortBy((n) => n, { compare: (a, b) => (a % 10) - (b % 10), numPartitions: 4 });
      const digits = await sorted.map((n) => n % 10).collect();
      const parts = sorted.mapPartitions((part) => [new Set([...part].map((n) => n % 10))]);
      return [
        new Set(digits).size,
        digits.join() === [...digits].sort().join(),
        (await parts.collect()).flatMap((set) => [...set]).length,
        await refused(
          many(ssc)
            .sortBy((n) => n, { compare: () => Number.NaN })
            .collect(),
          /BAD_COMPARISON/,
        ),
      ];
    },
    expected: [[10, true, 10, "refused"]],
  }),
  action({
    ...six,
    id: "PR-7",
    title: "sortByKey places pairs by ranges, in which filterByRange and lookup look only where they must",
    act: async (pairs) => {
      const ordered = pairs.sortByKey();
      return [
        await ordered.collect(),
        await pairs.sortByKey(false).keys().collect(),
        (await ordered.getPartitioner()) instanceof RangePartitioner,
        await ordered.filterByRange("b", "c").values().collect(),
        await pairs.filterByRange("b", "c").values().collect(),
        await ordered.filterByRange("c", "b").count(),
        await pairs.sortByKey(false).filterByRange("b", "c").values().collect(),
      ];
    },
    expected: [
      [
        [kv("a", 2), kv("a", 4), kv("b", 1), kv("b", 6), kv("c", 3), kv("d", 5)],
        ["d", "c", "b", "b", "a", "a"],
        true,
        [1, 6, 3],
        [1, 3, 6],
        0,
        [3, 1, 6],
      ],
    ],
  }),
  action({
    ...six,
    id: "PR-7",
    title: "repartitionAndSortWithinPartitions by ranges, sorted by a function of the author's",
    act: async (pairs) => {
      const two = new RangePartitioner(["b"]);
      const compare = (a: string, b: string): number => (a < b ? 1 : a > b ? -1 : 0);
      const placed = pairs.repartitionAndSortWithinPartitions(two, { compare });
      return [
        await placed.glom().collect(),
        await placed.lookup("c"),
        await placed.join(pairs.partitionBy(new RangePartitioner(["b"]))).count(),
      ];
    },
    expected: [
      [
        [
          [kv("b", 1), kv("b", 6), kv("a", 2), kv("a", 4)],
          [kv("d", 5), kv("c", 3)],
        ],
        [3],
        10,
      ],
    ],
  }),
  action({
    ...six,
    id: "Partitioners",
    title: "RangePartitioner.of draws its bounds from the pairs",
    act: async (pairs) => {
      const sampled = await RangePartitioner.of(pairs, 2);
      return [sampled.numPartitions, sampled.getPartition("d")];
    },
    expected: [[2, 1]],
  }),
  action({
    ...one,
    id: "RD-22",
    title: "the first and last of many, of values of all kinds, by a function, and of nothing",
    act: async (_, ssc) => {
      const none = ssc.emptyRDD<number>();
      const all = (await many(ssc).collect()).sort((a, b) => a - b);
      return [
        (await many(ssc).takeOrdered(200)).join() === all.slice(0, 200).join(),
        (await many(ssc).top(3)).join() === all.slice(-3).reverse().join(),
        (await many(ssc).top(20_000)).length,
        (await many(ssc).takeOrdered(2, (a, b) => b - a)).join() === all.slice(-2).reverse().join(),
        await mixed(ssc).takeOrdered(3),
        (await many(ssc).max()) === all.at(-1) && (await many(ssc).min()) === all[0],
        await mixed(ssc)
          .map(String)
          .max((a, b) => a.length - b.length),
        await refused(none.max(), /EMPTY_COLLECTION\] max/),
        await none.top(3),
      ];
    },
    expected: [[true, true, 10_000, true, [undefined, null, -1], true, "undefined", "refused", []]],
  }),
];
