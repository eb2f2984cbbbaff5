// Operations of RDDs of pairs, with their results.
import { defineJob, type Partitioner, type RDD } from "millrace";
import { Checks } from "./checks.ts";

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

export default defineJob({ name: "rdd-pairs", batchInterval: "100ms" }, (ssc) => {
  ssc.queueStream<number>([[1]]).foreachRDD(async () => {
    const checks = new Checks();
    const pairs = ssc.parallelize<[string, number]>(
      [
        ["a", 1],
        ["b", 2],
        ["a", 3],
        ["cc", 4],
        ["a", 5],
      ],
      3,
    );
    const other = ssc.parallelize<[string, boolean]>(
      [
        ["a", true],
        ["dd", false],
        ["a", false],
      ],
      2,
    );
    await folded(pairs, checks);
    await grouped(pairs, other, checks);
    await placed(pairs, other, checks);
    await sampled(
      ssc.range(0, 3000, 1, 4).map((n) => [n % 3, n]),
      checks,
    );
    checks.report();
  });
});

async function folded(pairs: RDD<[string, number]>, checks: Checks): Promise<void> {
  const lists = pairs.aggregateByKey<number[]>(
    [],
    (list, n) => {
      list.push(n);
      return list;
    },
    (a, b) => [...a, ...b],
  );
  await checks.isInAnyOrder("aggregateByKey", lists.collect(), [
    ["a", [1, 3, 5]],
    ["b", [2]],
    ["cc", [4]],
  ]);
  await checks.isInAnyOrder(
    "foldByKey",
    pairs
      .coalesce(1)
      .foldByKey(10, (a, b) => a + b)
      .collect(),
    [
      ["a", 19],
      ["b", 12],
      ["cc", 14],
    ],
  );
  await checks.isInAnyOrder(
    "reduceByKeyLocally",
    pairs.reduceByKeyLocally(Math.max).then((map) => [...map]),
    [
      ["a", 5],
      ["b", 2],
      ["cc", 4],
    ],
  );
  const distinct = pairs.union(pairs).countApproxDistinctByKey(0.01);
  await checks.isInAnyOrder("countApproxDistinctByKey", distinct.collect(), [
    ["a", 3],
    ["b", 1],
    ["cc", 1],
  ]);
  await checks.is("lookup", pairs.lookup("a"), [1, 3, 5]);
  await checks.is("lookup of none", pairs.lookup("z"), []);
  await checks.is("lookup where the key lies", pairs.partitionBy(5).lookup("a"), [1, 3, 5]);
  await checks.is(
    "countByKey",
    pairs.countByKey().then((map) => map.get("a")),
    3,
  );
}

async function grouped(pairs: RDD<[string, number]>, other: RDD<[string, boolean]>, checks: Checks): Promise<void> {
  await checks.isInAnyOrder("subtractByKey", pairs.subtractByKey(other).collect(), [
    ["b", 2],
    ["cc", 4],
  ]);
  await checks.isInAnyOrder("cogroup of three", pairs.cogroup(other, pairs, 2).collect(), [
    [
      "a",
      [
        [1, 3, 5],
        [true, false],
        [1, 3, 5],
      ],
    ],
    ["b", [[2], [], [2]]],
    ["cc", [[4], [], [4]]],
    ["dd", [[], [false], []]],
  ]);
  const four = pairs.groupWith(
    other,
    pairs.mapValues((n) => -n),
    other,
  );
  await checks.is("groupWith of four", four.lookup("a"), [
    [
      [1, 3, 5],
      [true, false],
      [-1, -3, -5],
      [true, false],
    ],
  ]);
}

async function placed(pairs: RDD<[string, number]>, other: RDD<[string, boolean]>, checks: Checks): Promise<void> {
  const byLength = new ByLength(2);
  await checks.is("partitionBy an instance", pairs.partitionBy(byLength).glom().collect(), [
    [["cc", 4]],
    [
      ["a", 1],
      ["b", 2],
      ["a", 3],
      ["a", 5],
    ],
  ]);
  const plain = { numPartitions: 3, getPartition: (key: string): number => key.length };
  await checks.is("lookup where a function placed it", pairs.partitionBy({ partitioner: plain }).lookup("cc"), [4]);
  const joined = pairs.partitionBy(byLength).join(other.partitionBy(new ByLength(2)));
  await checks.is("join of equal placements", joined.count(), 6);
  await checks.is("its partitioner", joined.getPartitioner(), byLength);
  const far = { numPartitions: 2, getPartition: (): number => 7 };
  await checks.fails(
    "a partitioner that points nowhere",
    pairs.partitionBy({ partitioner: far }).collect(),
    /BAD_PARTITION/,
  );
}

async function sampled(pairs: RDD<[number, number]>, checks: Checks): Promise<void> {
  const fractions = new Map([
    [0, 0.1],
    [1, 0],
    [2, 1],
  ]);
  const drawn = await pairs.sampleByKey(false, fractions, 1).countByKey();
  await checks.is(
    "sampleByKey",
    [Math.abs((drawn.get(0) ?? 0) - 100) < 50, drawn.get(1), drawn.get(2)],
    [true, undefined, 1000],
  );
  for (const again of [false, true]) {
    const exact = pairs.sampleByKeyExact(again, fractions, 1);
    await checks.is(
      `sampleByKeyExact ${again}`,
      exact.countByKey().then((map) => [...map].sort()),
      [
        [0, 100],
        [2, 1000],
      ],
    );
    const different = new Set((await exact.values().collect()).filter((n) => n % 3 === 2)).size;
    await checks.is(
      `sampleByKeyExact ${again} draws`,
      again ? Math.abs(different - 632) < 60 : different,
      again || 1000,
    );
  }
  await checks.fails(
    "sampleByKey of an unknown key",
    pairs.sampleByKey(false, [[0, 1]]).collect(),
    /FRACTION_MISSING.*1/,
  );
}
