// Transformations of RDDs: RD-1 … RD-11, and how many partitions they have.
import { type RDD, StorageLevel } from "millrace";
import { action, type Case, kv, operation } from "./case.ts";

const parts = async (rdd: RDD<unknown>): Promise<number> => rdd.getNumPartitions();

export const rdds: readonly Case[] = [
  action({
    id: "RD-9",
    title: "pipe gives the lines of a command for each partition, and fails with it",
    batches: [["b", "a", "c"]],
    partitions: 1,
    act: async (rdd) => [
      await rdd.pipe("sort -r").collect(),
      await refusal(rdd.pipe(["sh", "-c", "exit 3"]).collect()),
    ],
    order: "exactly",
    expected: [[["c", "b", "a"], "PIPE_FAILED"]],
  }),
  action({
    id: "RD-28",
    title: "an RDD has a number of its own, and the name that setName gives it",
    batches: [[1]],
    act: async (rdd) => {
      const named = rdd.map((n) => n).setName("ones");
      return [named.name, named.id === rdd.id, named.toDebugString().includes("ones")];
    },
    order: "exactly",
    expected: [["ones", false, true]],
  }),
  action({
    id: "RD-2",
    title: "distinct has each value once",
    batches: [[3, 1, 3, 2, 1], []],
    partitions: 3,
    act: (rdd) => rdd.distinct().collect(),
    expected: [[1, 2, 3], [], []],
  }),
  action({
    id: "RD-3",
    title: "coalesce brings neighbours together, and makes more only with a shuffle",
    batches: [[1, 2, 3, 4]],
    partitions: 4,
    act: async (rdd) => [
      await rdd.coalesce(2).glom().collect(),
      await parts(rdd.coalesce(9)),
      await parts(rdd.coalesce(9, true)),
      (await rdd.coalesce(1, true).collect()).sort(),
    ],
    order: "exactly",
    expected: [
      [
        [
          [1, 2],
          [3, 4],
        ],
        4,
        9,
        [1, 2, 3, 4],
      ],
    ],
  }),
  action({
    id: "RD-4",
    title: "sample draws the same with the same seed, all of fraction 1, and none of fraction 0",
    batches: [Array.from({ length: 1000 }, (_, i) => i)],
    partitions: 3,
    act: async (rdd) => {
      const drawn = await rdd.sample(false, 0.3, 42).collect();
      const again = await rdd.sample(false, 0.3, 42).collect();
      const other = await rdd.sample(false, 0.3, 43).collect();
      return [
        drawn.length > 200 && drawn.length < 400,
        drawn.join() === again.join(),
        drawn.join() === other.join(),
        new Set(drawn).size === drawn.length,
        await rdd.sample(false, 1, 1).count(),
        await rdd.sample(false, 0, 1).count(),
      ];
    },
    order: "exactly",
    expected: [[true, true, false, true, 1000, 0]],
  }),
  action({
    id: "RD-4",
    title: "sample with replacement draws records more than once",
    batches: [Array.from({ length: 500 }, (_, i) => i)],
    act: async (rdd) => {
      const drawn = await rdd.sample(true, 3, 7).collect();
      return [drawn.length > 1300 && drawn.length < 1700, new Set(drawn).size < drawn.length];
    },
    order: "exactly",
    expected: [[true, true]],
  }),
  action({
    id: "RD-4",
    title: "randomSplit gives each record to one of its parts, by weights that need not sum up to 1",
    batches: [Array.from({ length: 900 }, (_, i) => i)],
    partitions: 4,
    act: async (rdd) => {
      const [small, large] = await Promise.all(rdd.randomSplit([2, 4], 5).map((part) => part.collect()));
      const all = [...(small ?? []), ...(large ?? [])].sort((a, b) => a - b);
      return [all.length, new Set(all).size, Math.abs((small?.length ?? 0) - 300) < 90];
    },
    order: "exactly",
    expected: [[900, 900, true]],
  }),
  action({
    id: "RD-5",
    title: "union keeps duplicates and appends the partitions, also of an RDD without any",
    batches: [[1, 2], []],
    partitions: 2,
    act: (rdd, ssc) =>
      rdd
        .union(ssc.parallelize([2, 3], 1), ssc.emptyRDD<number>(), rdd)
        .glom()
        .collect(),
    order: "exactly",
    expected: [
      [[1], [2], [2, 3], [1], [2]],
      [[], [], [2, 3], [], []],
    ],
  }),
  action({
    id: "RD-6",
    title: "intersection has each value of both once",
    batches: [[1, 1, 2, 3], []],
    act: (rdd, ssc) => rdd.intersection(ssc.parallelize([3, 1, 1, 4])).collect(),
    expected: [[1, 3], []],
  }),
  action({
    id: "RD-6",
    title: "subtract keeps duplicates of what stays, and the number of partitions",
    batches: [[1, 1, 2, 3], []],
    partitions: 5,
    act: async (rdd, ssc) => {
      const left = rdd.subtract(ssc.parallelize([3, 2, 9], 2));
      return [...(await left.collect()), `partitions ${await parts(left)}`];
    },
    expected: [[1, 1, "partitions 5"], ["partitions 5"], ["partitions 0"]],
  }),
  action({
    id: "RD-6",
    title: "cartesian has every combination, in n times m partitions",
    batches: [[1, 2, 3], []],
    partitions: 3,
    act: async (rdd, ssc) => {
      const product = rdd.cartesian(ssc.parallelize(["x", "y"], 2));
      return [...(await product.collect()), await parts(product)];
    },
    order: "exactly",
    expected: [[kv(1, "x"), kv(1, "y"), kv(2, "x"), kv(2, "y"), kv(3, "x"), kv(3, "y"), 6], [6]],
  }),
  action({
    id: "RD-7",
    title: "groupBy groups by what its function gives, keyBy only pairs",
    batches: [["to", "be", "or", "not"]],
    act: async (rdd) => [
      ...(await rdd.groupBy((word) => word.length).collect()).map(([length, words]) => kv(length, words.sort())),
      ...(await rdd.keyBy((word) => word.length).collect()),
    ],
    expected: [[kv(2, ["be", "or", "to"]), kv(3, ["not"]), kv(2, "to"), kv(2, "be"), kv(2, "or"), kv(3, "not")]],
  }),
  action({
    id: "RD-8",
    title: "sortBy sorts numbers as numbers, over all partitions, both ways",
    batches: [[10, 9, 1, -2, 100], []],
    partitions: 3,
    act: async (rdd) => [
      await rdd.sortBy((n) => n).collect(),
      await rdd.sortBy((n) => n, false).collect(),
      await rdd
        .sortBy((n) => n, { numPartitions: 1 })
        .glom()
        .collect(),
      await rdd.sortBy((n) => n, { compare: (a, b) => Math.abs(a) - Math.abs(b) }).collect(),
    ],
    order: "exactly",
    expected: [
      [[-2, 1, 9, 10, 100], [100, 10, 9, 1, -2], [[-2, 1, 9, 10, 100]], [1, -2, 9, 10, 100]],
      [[], [], [[]], []],
    ],
  }),
  operation({
    id: "RD-8",
    title: "sortBy leaves equal ones as they came, both ways, which the reference does not promise",
    batches: [["b1", "a1", "b2", "a2", "a3"]],
    partitions: 3,
    build: (stream) =>
      stream.transform((rdd) => {
        const letter = (text: string): string => text.charAt(0);
        return rdd.sortBy(letter).union(rdd.sortBy(letter, false));
      }),
    order: "exactly",
    expected: [["a1", "a2", "a3", "b1", "b2", "b1", "b2", "a1", "a2", "a3"]],
  }),
  action({
    id: "RD-8",
    title: "sortBy sorts by tuples, element by element",
    batches: [[kv("b", 2), kv("a", 10), kv("b", 1), kv("a", 9)]],
    act: (rdd) => rdd.sortBy((pair) => pair).collect(),
    order: "exactly",
    expected: [[kv("a", 9), kv("a", 10), kv("b", 1), kv("b", 2)]],
  }),
  action({
    id: "RD-10",
    title: "zip pairs the records at the same place",
    batches: [["a", "b", "c"], []],
    partitions: 2,
    act: (rdd) => rdd.zip(rdd.map((letter) => letter.toUpperCase())).collect(),
    order: "exactly",
    expected: [[kv("a", "A"), kv("b", "B"), kv("c", "C")], []],
  }),
  action({
    id: "RD-10",
    title: "zip refuses other numbers of partitions, and of records",
    batches: [["a", "b", "c"]],
    partitions: 2,
    act: async (rdd, ssc) => [
      await refusal(rdd.zip(ssc.range(3, undefined, 1, 3)).collect()),
      (await refusal(rdd.zip(ssc.range(4, undefined, 1, 2)).collect())) !== "none",
    ],
    order: "exactly",
    expected: [["PARTITIONS_DIFFER", true]],
  }),
  action({
    id: "RD-10",
    title: "zipPartitions is given partitions side by side, also of different sizes",
    batches: [["a", "b", "c"]],
    partitions: 2,
    act: (rdd, ssc) =>
      rdd
        .zipPartitions([ssc.parallelize([1], 2)], (letters, numbers) => [
          `${[...letters].join("")}${[...numbers].join("")}`,
        ])
        .collect(),
    order: "exactly",
    expected: [["a", "bc1"]],
  }),
  action({
    id: "RD-10",
    title: "zipWithIndex counts on over partitions, empty ones too",
    batches: [["a", "b"], []],
    partitions: 5,
    act: (rdd) => rdd.zipWithIndex().collect(),
    order: "exactly",
    expected: [[kv("a", 0), kv("b", 1)], [], []],
  }),
  action({
    id: "RD-10",
    title: "zipWithUniqueId numbers record i of partition k of n with i * n + k",
    batches: [["a", "b", "c"]],
    partitions: 2,
    act: (rdd) => rdd.zipWithUniqueId().collect(),
    order: "exactly",
    expected: [[kv("a", 0), kv("b", 1), kv("c", 3)]],
  }),
  action({
    id: "RD-11",
    title: "filterMap keeps what its function gives unless it is undefined, null too",
    batches: [[1, 2, 3, 4]],
    act: (rdd) => rdd.filterMap((n) => (n === 1 ? null : n % 2 === 0 ? n * 10 : undefined)).collect(),
    order: "exactly",
    expected: [[null, 20, 40]],
  }),
  action({
    id: "RD-12",
    title: "cache has a transformation run once for two actions, and unpersist again",
    batches: [[1, 2, 3]],
    act: async (rdd, ssc) => {
      const runs = ssc.longAccumulator();
      const mapped = rdd.map((n) => {
        runs.add(1);
        return n;
      });
      mapped.cache();
      await mapped.count();
      await mapped.collect();
      const cached = runs.value;
      mapped.unpersist();
      await mapped.count();
      return [cached, runs.value];
    },
    order: "exactly",
    expected: [[3, 6]],
  }),
  action({
    id: "RD-28",
    title: "an RDD tells how it is kept: not at all, in memory, or as it was told",
    batches: [[1]],
    act: async (rdd) => {
      const mapped = rdd.map((n) => n);
      const levels = [mapped.storageLevel, mapped.cache().storageLevel, mapped.unpersist().storageLevel];
      return [...levels, mapped.persist(StorageLevel.DISK_ONLY).storageLevel].map((level) =>
        level === undefined ? "none" : level === StorageLevel.MEMORY_ONLY ? "memory" : level === StorageLevel.DISK_ONLY,
      );
    },
    order: "exactly",
    expected: [["none", "memory", "none", true]],
  }),
  ...[
    StorageLevel.MEMORY_ONLY,
    StorageLevel.MEMORY_AND_DISK,
    StorageLevel.DISK_ONLY,
    StorageLevel.MEMORY_AND_DISK_2,
  ].map((level, i) =>
    action({
      id: "RD-12",
      title: `what is kept is what it was, at level ${["memory", "memory and disk", "disk", "on two executors"][i]}`,
      batches: [["a", "b", "c"], []],
      partitions: 2,
      act: async (rdd) => {
        const kept = rdd.map((letter) => [letter, { at: new Date(1), none: undefined }]).persist(level);
        await kept.count();
        return kept.union(kept).glom().collect();
      },
      order: "exactly",
      expected: [[lettered("a"), lettered("b", "c"), lettered("a"), lettered("b", "c")], [[], [], [], []], []],
    }),
  ),
  action({
    id: "CX-1",
    title: "range is exclusive of its end, goes down too, and is cut into equal slices",
    batches: [[0]],
    act: async (_, ssc) => [
      await ssc.range(3).collect(),
      await ssc.range(2, 11, 4).collect(),
      await ssc.range(3, 0, -1).collect(),
      await ssc.range(0, 7, 1, 3).glom().collect(),
    ],
    order: "exactly",
    expected: [
      [
        [0, 1, 2],
        [2, 6, 10],
        [3, 2, 1],
        [
          [0, 1],
          [2, 3],
          [4, 5, 6],
        ],
      ],
    ],
  }),
];

function lettered(...letters: readonly string[]): unknown[] {
  return letters.map((letter) => [letter, { at: new Date(1), none: undefined }]);
}

/** The code of a promise's rejection: of its last cause, since a task's failure is that of its job. */
export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => "none",
    (error: unknown) => codeOf(error) ?? `no code: ${error}`,
  );
}

function codeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  return codeOf(error.cause) ?? ("code" in error ? error.code : undefined);
}
