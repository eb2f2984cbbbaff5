import type { ActionPlan, PlannedStage } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { HashPartitioner, type Partitioner } from "../partition/partitioner.ts";
import { RangePartitioner } from "../partition/range-partitioner.ts";
import type { RDD } from "./rdd.ts";

class ByLength implements Partitioner<string> {
  readonly numPartitions = 2;
  readonly of: string;
  constructor(of: string) {
    this.of = of;
  }
  getPartition(key: string): number {
    return key.length % this.numPartitions;
  }
  equals(other: unknown): boolean {
    return other instanceof ByLength && other.of === this.of;
  }
}

/** The plans of a body that runs in a batch, on a cluster that answers each action with arbitrary records. */
async function plansOf(
  body: (ssc: StreamingContext) => Promise<unknown>,
  answer: (stage: PlannedStage) => readonly (readonly unknown[])[] = (stage) => stage.tasks.map(() => []),
): Promise<readonly ActionPlan[]> {
  const lab = await GraphLab.build((ssc) => {
    ssc.queueStream([[1]]).foreachRDD(() => body(ssc));
  });
  lab.port.registry.defineClass("ByLength", ByLength);
  lab.port.answer = answer;
  const { error } = await lab.batch(1000);
  if (error !== undefined) throw error;
  return lab.port.plans;
}

/** Stages that write shuffles. */
const shufflesIn = (plans: readonly ActionPlan[]): number =>
  plans.flatMap((plan) => plan.stages).filter((stage) => stage.writes !== undefined).length;
const tasksOf = (plan: ActionPlan | undefined): number[] | undefined =>
  plan?.stages.at(-1)?.tasks.map((task) => task.partition);

const pairs = (ssc: StreamingContext, partitions = 3): RDD<[string, number]> =>
  ssc.parallelize<[string, number]>(
    [
      ["a", 1],
      ["bb", 2],
      ["c", 3],
    ],
    partitions,
  );

describe("pairs that are already partitioned correctly are not shuffled again", () => {
  const joinOf = (first: Partitioner<string>, second: Partitioner<string>) =>
    plansOf((ssc) => pairs(ssc).partitionBy(first).join(pairs(ssc).partitionBy(second)).count());

  test("by the same partitioner, an instance of a class or a plain object", async () => {
    const plain = { numPartitions: 2, getPartition: (key: string) => key.length % 2 };
    const one = new ByLength("x");
    expect(shufflesIn(await joinOf(one, one))).toBe(2);
    expect(shufflesIn(await joinOf(plain, plain))).toBe(2);
    expect(shufflesIn(await joinOf(plain, { ...plain }))).toBe(2);
  });

  test("by partitioners that say that they are equal", async () => {
    expect(shufflesIn(await joinOf(new ByLength("x"), new ByLength("x")))).toBe(2);
    expect(shufflesIn(await joinOf(new ByLength("x"), new ByLength("y")))).toBe(3);
  });

  test("by a hash partitioner, and by a number of partitions, which is one", async () => {
    const plans = await plansOf((ssc) =>
      pairs(ssc).partitionBy(new HashPartitioner(2)).reduceByKey(Math.max, 2).count(),
    );
    expect(shufflesIn(plans)).toBe(1);
  });

  test("by distinct, subtractByKey and lookup, which use the partitioning", async () => {
    expect(shufflesIn(await plansOf((ssc) => pairs(ssc).partitionBy(2).distinct().count()))).toBe(1);
    expect(shufflesIn(await plansOf((ssc) => pairs(ssc).partitionBy(2).distinct(3).count()))).toBe(2);
    expect(shufflesIn(await plansOf((ssc) => pairs(ssc).partitionBy(2).subtractByKey(pairs(ssc)).count()))).toBe(2);
    const plans = await plansOf((ssc) => pairs(ssc).partitionBy(new ByLength("x")).lookup("bb"));
    expect(tasksOf(plans[0])).toEqual([0]);
    expect(tasksOf((await plansOf((ssc) => pairs(ssc).lookup("bb")))[0])).toEqual([0, 1, 2]);
  });
});

describe("jobs that an operation runs before its own", () => {
  const counted = (stage: PlannedStage) => stage.tasks.map(() => [2]);

  test("zipWithIndex counts all partitions but the last, once", async () => {
    const plans = await plansOf(async (ssc) => {
      const numbered = pairs(ssc, 4).zipWithIndex();
      await numbered.count();
      await numbered.count();
    }, counted);
    expect(plans.map(tasksOf)).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  });

  test("zipWithIndex of one partition, and zipWithUniqueId, take none", async () => {
    expect(await plansOf((ssc) => pairs(ssc, 1).zipWithIndex().count())).toHaveLength(1);
    expect(await plansOf((ssc) => pairs(ssc, 4).zipWithUniqueId().count())).toHaveLength(1);
  });

  test("toLocalIterator takes one for each requested partition", async () => {
    const plans = await plansOf(
      async (ssc) => {
        for await (const [key] of pairs(ssc, 3).toLocalIterator()) if (key === "bb") break;
      },
      () => [
        [
          ["a", 1],
          ["bb", 1],
        ],
      ],
    );
    expect(plans.map(tasksOf)).toEqual([[0]]);
  });
});

describe("sorting", () => {
  /** Every partition has ten pairs, with the keys 0 to 9. */
  const tenKeys = (stage: PlannedStage) => stage.tasks.map(() => [[10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]]);
  const byKey = (ssc: StreamingContext, partitions: number) => ssc.range(0, 30, 1, partitions).keyBy((n) => n);

  test("draws keys once, then shuffles into ranges and sorts each", async () => {
    const plans = await plansOf(async (ssc) => {
      const sorted = byKey(ssc, 3).sortByKey();
      await sorted.count();
      await sorted.count();
    }, tenKeys);
    expect(plans.map(({ stages }) => stages.map((stage) => stage.tasks.length))).toEqual([[3], [3, 3], [3]]);
    expect(shufflesIn(plans)).toBe(1);
  });

  test("of one partition takes no job and no shuffle", async () => {
    expect((await plansOf((ssc) => byKey(ssc, 1).sortByKey().count())).map(({ stages }) => stages.length)).toEqual([1]);
  });

  test("draws once more from partitions that have far more than others", async () => {
    const uneven = (stage: PlannedStage) =>
      stage.tasks.map(({ partition }) => [partition === 2 ? [1_000_000, [5, 6]] : [10, [1, 2]]]);
    const plans = await plansOf((ssc) => byKey(ssc, 8).sortByKey().count(), uneven);
    expect(plans.map(({ stages }) => stages[0]?.tasks.map(({ partition }) => partition).join(" "))).toEqual([
      "0 1 2 3 4 5 6 7",
      "2",
      "0 1 2 3 4 5 6 7",
    ]);
  });

  test("into fewer ranges where there are too few keys", async () => {
    let partitions = 0;
    const oneKey = (stage: PlannedStage) => stage.tasks.map(() => [[1000, [7, 7, 7, 7]]]);
    await plansOf(async (ssc) => {
      partitions = await byKey(ssc, 3).sortByKey({ numPartitions: 8 }).getNumPartitions();
    }, oneKey);
    expect(partitions).toBe(2);
  });

  test("lets filterByRange look at few partitions, by the order that they are in only", async () => {
    const ranges = new RangePartitioner([2, 4, 6]);
    const inputsOf = async (body: (ssc: StreamingContext) => Promise<unknown>) =>
      (await plansOf(body))[0]?.stages.at(-1)?.tasks.map(({ inputs }) => inputs[0]);
    const placed = (ssc: StreamingContext) => byKey(ssc, 3).partitionBy(ranges);
    expect(await inputsOf((ssc) => placed(ssc).filterByRange(3, 6).count())).toEqual([
      { kind: "shuffle", shuffle: 0, partition: 1 },
      { kind: "shuffle", shuffle: 0, partition: 2 },
    ]);
    expect(
      await inputsOf((ssc) =>
        placed(ssc)
          .filterByRange(3, 6, (a, b) => a - b)
          .count(),
      ),
    ).toHaveLength(4);
    expect(await plansOf((ssc) => placed(ssc).filterByRange(6, 3).count())).toEqual([]);
  });
});

describe("a tree of partial results", () => {
  test("has a shuffle for each round but the driver's", async () => {
    const reduce = (partitions: number, depth?: number) =>
      plansOf(
        (ssc) => ssc.range(0, 1000, 1, partitions).treeReduce((a, b) => a + b, depth),
        (stage) => stage.tasks.map(() => [1]),
      );
    expect(shufflesIn(await reduce(4))).toBe(0);
    expect(shufflesIn(await reduce(25))).toBe(1);
    expect(shufflesIn(await reduce(64, 3))).toBe(2);
    expect(shufflesIn(await reduce(64, 1))).toBe(0);
  });
});

test("the first records are one template however many are wanted, also in later rounds", async () => {
  const records = (stage: PlannedStage) => stage.tasks.map(() => [1, 2]);
  const plans = await plansOf(async (ssc) => {
    for (const n of [1, 5, 7, 40]) await ssc.parallelize([1, 2, 3], 20).take(n);
  }, records);
  const stages = plans.flatMap((plan) => plan.stages);
  expect(stages.map((stage) => stage.limit)).toEqual([1, 5, 3, 7, 5, 40, 38, 30]);
  expect(new Set(stages.flatMap((stage) => stage.templates.map(({ id }) => id))).size).toBe(1);
});

test("a static RDD's shuffles are kept, including those of operations that waited for its layout", async () => {
  const lab = await GraphLab.build((ssc) => {
    const known = ssc.parallelize(["a", "b"], 2).distinct();
    ssc.queueStream([[1], [2]]).foreachRDD(() => known.count());
  });
  lab.port.answer = (stage) => stage.tasks.map(() => [1]);
  for (const time of [1000, 2000, 3000]) await lab.batch(time);
  expect(lab.port.plans.map((plan) => plan.stages.length)).toEqual([2, 1, 1]);
});
