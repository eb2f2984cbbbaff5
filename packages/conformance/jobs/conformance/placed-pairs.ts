// RDDs of pairs in several partitions: folded, grouped and placed by partitioners of the author's own.
import type { Partitioner } from "millrace";
import { action, type Case, inOrder, kv, refused } from "./case.ts";

/** Equal to every other of as many partitions, of whichever job. */
class ByLength implements Partitioner<string> {
  readonly numPartitions: number;
  constructor(numPartitions: number) {
    this.numPartitions = numPartitions;
  }
  getPartition(key: string): number {
    return key.length % this.numPartitions;
  }
  equals(other: unknown): boolean {
    return other instanceof ByLength && other.numPartitions === this.numPartitions;
  }
}

const add = (a: number, b: number): number => a + b;
const five = {
  batches: [[kv("a", 1), kv("b", 2), kv("a", 3), kv("cc", 4), kv("a", 5)]],
  partitions: 3,
  order: "exactly",
} as const;
const flags = [kv("a", true), kv("dd", false), kv("a", false)];
const thirds = {
  batches: [Array.from({ length: 3000 }, (_, n) => kv(n % 3, n))],
  partitions: 4,
  order: "exactly",
} as const;
const fractions = new Map([kv(0, 0.1), kv(1, 0), kv(2, 1)]);

export const placedPairs: readonly Case[] = [
  action({
    ...five,
    id: "PR-1",
    title: "aggregateByKey keeps the order of partitions within a key; foldByKey of one partition has one zero a key",
    act: async (pairs) => {
      const lists = pairs.aggregateByKey<number[]>(
        [],
        (list, n) => {
          list.push(n);
          return list;
        },
        (a, b) => [...a, ...b],
      );
      return [inOrder(await lists.collect()), inOrder(await pairs.coalesce(1).foldByKey(10, add).collect())];
    },
    expected: [
      [
        [kv("a", [1, 3, 5]), kv("b", [2]), kv("cc", [4])],
        [kv("a", 19), kv("b", 12), kv("cc", 14)],
      ],
    ],
  }),
  action({
    ...five,
    id: "PR-1",
    title: "combineByKey makes a total of another type, within each partition and then across them",
    act: async (pairs) => {
      const lists = pairs.combineByKey(
        (n) => `${n}`,
        (list, n) => `${list}+${n}`,
        (a, b) => `${a}|${b}`,
        2,
      );
      return [inOrder(await lists.collect()), await lists.getNumPartitions()];
    },
    expected: [[[kv("a", "1|3|5"), kv("b", "2"), kv("cc", "4")], 2]],
  }),
  action({
    ...five,
    id: "PR-4",
    title: "rightOuterJoin keeps the pairs of the other",
    act: async (pairs, ssc) =>
      inOrder(await pairs.rightOuterJoin(ssc.parallelize([kv("a", "x"), kv("z", "y")], 2)).collect()),
    expected: [[kv("a", kv(1, "x")), kv("a", kv(3, "x")), kv("a", kv(5, "x")), kv("z", kv(undefined, "y"))]],
  }),
  action({
    ...five,
    id: "PR-2",
    title: "Maps and lookups over several partitions, also where the key lies",
    act: async (pairs) => [
      await pairs.reduceByKeyLocally(Math.max),
      inOrder(await pairs.union(pairs).countApproxDistinctByKey(0.01).collect()),
      await pairs.lookup("a"),
      await pairs.lookup("z"),
      await pairs.partitionBy(5).lookup("a"),
      (await pairs.countByKey()).get("a"),
    ],
    expected: [
      [
        new Map([kv("a", 5), kv("b", 2), kv("cc", 4)]),
        [kv("a", 3), kv("b", 1), kv("cc", 1)],
        [1, 3, 5],
        [],
        [1, 3, 5],
        3,
      ],
    ],
  }),
  action({
    ...five,
    id: "PR-5",
    title: "groups of two, three and four RDDs list the values of each key in the order of partitions",
    act: async (pairs, ssc) => {
      const other = ssc.parallelize(flags, 2);
      const negative = pairs.mapValues((n) => -n);
      return [
        inOrder(await pairs.subtractByKey(other).collect()),
        inOrder(await pairs.cogroup(other, pairs, 2).collect()),
        await pairs.groupWith(other, negative, other).lookup("a"),
      ];
    },
    expected: [
      [
        [kv("b", 2), kv("cc", 4)],
        [
          kv("a", [
            [1, 3, 5],
            [true, false],
            [1, 3, 5],
          ]),
          kv("b", [[2], [], [2]]),
          kv("cc", [[4], [], [4]]),
          kv("dd", [[], [false], []]),
        ],
        [
          [
            [1, 3, 5],
            [true, false],
            [-1, -3, -5],
            [true, false],
          ],
        ],
      ],
    ],
  }),
  action({
    ...five,
    id: "Partitioners",
    title: "an instance of the author's class places pairs, and equal instances join without moving them",
    act: async (pairs, ssc) => {
      const other = ssc.parallelize(flags, 2);
      const byLength = new ByLength(2);
      const plain = { numPartitions: 3, getPartition: (key: string): number => key.length };
      const joined = pairs.partitionBy(byLength).join(other.partitionBy(new ByLength(2)));
      return [
        await pairs.partitionBy(byLength).glom().collect(),
        await pairs.partitionBy({ partitioner: plain }).lookup("cc"),
        await joined.count(),
        (await joined.getPartitioner()) === byLength,
      ];
    },
    expected: [[[[kv("cc", 4)], [kv("a", 1), kv("b", 2), kv("a", 3), kv("a", 5)]], [4], 6, true]],
  }),
  action({
    ...five,
    id: "Partitioners",
    title: "a partition that is not there is refused",
    act: async (pairs) => {
      const far = { numPartitions: 2, getPartition: (): number => 7 };
      return [await refused(pairs.partitionBy({ partitioner: far }).collect(), /BAD_PARTITION/)];
    },
    expected: [["refused"]],
  }),
  action({
    ...thirds,
    id: "PR-6",
    title: "sampleByKey draws about the fraction of each key, and refuses a key that has none",
    act: async (pairs) => {
      const drawn = await pairs.sampleByKey(false, fractions, 1).countByKey();
      return [
        Math.abs((drawn.get(0) ?? 0) - 100) < 50,
        drawn.get(1),
        drawn.get(2),
        await refused(pairs.sampleByKey(false, [[0, 1]]).collect(), /FRACTION_MISSING.*1/),
      ];
    },
    expected: [[true, undefined, 1000, "refused"]],
  }),
  ...[false, true].map((again) =>
    action({
      ...thirds,
      id: "PR-6",
      title: `sampleByKeyExact draws exactly the fraction of each key, ${again ? "some records more than once" : "each record once"}`,
      act: async (pairs) => {
        const exact = pairs.sampleByKeyExact(again, fractions, 1);
        const different = new Set((await exact.values().collect()).filter((n) => n % 3 === 2)).size;
        return [await exact.countByKey(), again ? Math.abs(different - 632) < 60 : different === 1000];
      },
      expected: [[new Map([kv(0, 100), kv(2, 1000)]), true]],
    }),
  ),
];
