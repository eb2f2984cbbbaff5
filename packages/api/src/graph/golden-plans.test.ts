import { epochMs } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { GraphLab } from "../lab/graph.fixture.ts";

const add = (a: number, b: number): number => a + b;

describe("the plan of a batch", () => {
  test("fuses narrow operators, combines before the shuffle, and cuts there", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("localhost", 9999)
        .flatMap((line) => line.split(" "))
        .map((word) => [word, 1])
        .reduceByKey(add, 4)
        .print(),
    );
    expect(await lab.plansOf(1000, { blocks: ["recv/0", "recv/1"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, flatMap, map, reduceByKey": 2 tasks -> shuffle 0 into 4
        blocks #0 | flatMap inline:0 | map inline:1 -> combine(first, inline:2, inline:2) hash 4
          inputs recv/0
      stage 1 "reduceByKey" reads shuffle 0: 4 tasks
        shuffle #0 merge(inline:2) -> take 11
          inputs shuffle 0/0"
    `);
  });

  test("feeds pairs to state, which carries on from the last committed batch", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .updateStateByKey<number>((added, total = 0) => added.reduce(add, total))
        .print(),
    );
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, updateStateByKey": 1 task -> shuffle 0 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 1 "updateStateByKey" reads shuffle 0: 2 tasks
        state(#0) inline:1 for every key -> take 11
          inputs shuffle 0/0
          state updateStateByKey-0 from 0 to 1000"
    `);
  });

  test("updates state in a batch without input, and shuffles nothing", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .updateStateByKey<number>((added, total = 0) => added.reduce(add, total), { onlyUpdated: true })
        .named("totals")
        .print(),
    );
    await lab.plansOf(1000);
    expect(await lab.plansOf(2000)).toMatchInlineSnapshot(`
      "stage 0 "updateStateByKey": 2 tasks
        state(#0) inline:1 for updated keys -> take 11
          inputs nothing
          state totals from 1000 to 2000"
    `);
  });

  test("merges the initial state in the first batch only", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .updateStateByKey<number>((added, total = 0) => added.reduce(add, total), {
          initialState: ssc.parallelize([["a", 5]], 1),
        })
        .print(),
    );
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, updateStateByKey": 1 task -> shuffle 0 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 1 "parallelize, updateStateByKey": 1 task -> shuffle 1 into 2
        blocks #0 -> hash 2
          inputs 56 bytes
      stage 2 "updateStateByKey" reads shuffle 0, 1: 2 tasks
        state(#0, initial #1) inline:1 for every key -> take 11
          inputs shuffle 0/0, shuffle 1/0
          state updateStateByKey-0 from 0 to 1000"
    `);
    expect(await lab.plansOf(2000)).not.toContain("initial");
  });

  test("reads parents that are partitioned alike in place, and shuffles the others", async () => {
    const lab = await GraphLab.build((ssc) => {
      const pairs = ssc.socketTextStream("localhost", 9999).map((word) => [word, 1]);
      const counts = pairs.reduceByKey(add);
      counts
        .mapValues((n) => n * 2)
        .join(pairs)
        .print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, reduceByKey": 1 task -> shuffle 0 into 2
        blocks #0 | map inline:0 -> combine(first, inline:1, inline:1) hash 2
          inputs recv/0
      stage 1 "socketTextStream localhost:9999, map, join": 1 task -> shuffle 1 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 2 "join, reduceByKey, mapValues" reads shuffle 0, 1: 2 tasks
        inner join(shuffle #0 merge(inline:1) | mapValues inline:2, #1) -> take 11
          inputs shuffle 0/0, shuffle 1/0"
    `);
  });

  test("has at most one state per task: a second one is shuffled even if it is partitioned correctly", async () => {
    const lab = await GraphLab.build((ssc) => {
      const pairs = ssc.socketTextStream("localhost", 9999).map((word) => [word, 1]);
      const one = pairs.updateStateByKey<number>((added, total = 0) => total + added.length);
      const two = pairs.updateStateByKey<number>((_, total = 0) => total + 1);
      one.join(two).print();
    });
    expect(await lab.plansOf(1000)).toMatchInlineSnapshot(`
      "stage 0 "updateStateByKey, join": 2 tasks -> shuffle 0 into 2
        state(#0) inline:2 for every key -> hash 2
          inputs nothing
          state updateStateByKey-1 from 0 to 1000
      stage 1 "join, updateStateByKey" reads shuffle 0: 2 tasks
        inner join(state(#0) inline:1 for every key, #1) -> take 11
          inputs nothing, shuffle 0/0
          state updateStateByKey-0 from 0 to 1000"
    `);
  });

  test("gives each member of a union its own template, in one stage", async () => {
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("localhost", 9999);
      const shouted = lines.map((line) => line.toUpperCase());
      lines
        .union(shouted)
        .mapPartitionsWithIndex((i, values) => [...values].map((v) => `${i} ${v}`))
        .print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, mapPartitionsWithIndex, map": 2 tasks
        blocks #0 | mapPartitionsWithIndex inline:1 -> take 11
          partitions 0
          inputs recv/0
        blocks #0 | map inline:0 | mapPartitionsWithIndex inline:1 -> take 11
          partitions 1
          inputs recv/0"
    `);
  });

  test("counts from each member's first partition where the index is asked for below a union", async () => {
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("localhost", 9999);
      lines.union(lines.mapPartitionsWithIndex((i) => [String(i)])).print();
    });
    const text = await lab.plansOf(1000, { blocks: ["recv/0"] });
    expect(text).toContain("mapPartitionsWithIndex inline:0 at #1 -> take");
    expect(text).toContain("inputs recv/0, partition 0");
  });

  test("counts an empty batch as one 0, reduces it to nothing, without a task for the latter", async () => {
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("localhost", 9999);
      lines.count().print();
      lines.reduce((a, b) => `${a} ${b}`).print();
    });
    expect(await lab.plansOf(1000)).toMatchInlineSnapshot(`
      "stage 0 "count": 1 task
        shuffle #0 | mapPartitions millrace:sumPartition -> take 11
          inputs nothing"
    `);
  });

  test("spreads evenly, groups, counts values and cogroups", async () => {
    const lab = await GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("localhost", 9999);
      lines.repartition(3).glom().print();
      lines.countByValue(2).print();
      const pairs = lines.map((line) => [line.length, line]);
      pairs.groupByKey().cogroup(pairs, 2).print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, repartition": 1 task -> shuffle 0 into 3
        blocks #0 -> roundRobin 3
          inputs recv/0
      stage 1 "repartition, glom" reads shuffle 0: 3 tasks
        shuffle #0 | glom -> take 11
          inputs shuffle 0/0
      ---
      stage 0 "socketTextStream localhost:9999, countByValue": 1 task -> shuffle 1 into 2
        blocks #0 | map millrace:pairWithOne -> combine(first, millrace:add, millrace:add) hash 2
          inputs recv/0
      stage 1 "countByValue" reads shuffle 1: 2 tasks
        shuffle #0 merge(millrace:add) -> take 11
          inputs shuffle 1/0
      ---
      stage 0 "socketTextStream localhost:9999, map, groupByKey": 1 task -> shuffle 2 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 1 "socketTextStream localhost:9999, map, cogroup": 1 task -> shuffle 3 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 2 "cogroup, groupByKey" reads shuffle 2, 3: 2 tasks
        cogroup(shuffle #0 group, #1) -> take 11
          inputs shuffle 2/0, shuffle 3/0"
    `);
  });

  test("places by a partitioner of the job, and knows two uses of it as the same placement", async () => {
    const partitioner = { numPartitions: 3, getPartition: (key: number) => key % 3 };
    const lab = await GraphLab.build((ssc) => {
      const pairs = ssc.socketTextStream("localhost", 9999).map((line) => [line.length, line]);
      pairs.groupByKey({ partitioner }).join(pairs.groupByKey({ partitioner }), { partitioner }).print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, groupByKey": 1 task -> shuffle 0 into 3
        blocks #0 | map inline:0 -> custom 3 millrace:partitioner
          inputs recv/0
          captures 54 bytes
      stage 1 "socketTextStream localhost:9999, map, groupByKey": 1 task -> shuffle 1 into 3
        blocks #0 | map inline:0 -> custom 3 millrace:partitioner
          inputs recv/0
          captures 54 bytes
      stage 2 "join, groupByKey" reads shuffle 0, 1: 3 tasks
        inner join(shuffle #0 group, shuffle #1 group) -> take 11
          inputs shuffle 0/0, shuffle 1/0"
    `);
  });
});

describe("two actions on the output of one shuffle", () => {
  test("share its output", async () => {
    const lab = await GraphLab.build((ssc) => {
      const counts = ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .reduceByKey(add, 1);
      counts.print();
      counts.filter(([, n]) => n > 1).print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, reduceByKey": 1 task -> shuffle 0 into 1
        blocks #0 | map inline:0 -> combine(first, inline:1, inline:1) hash 1
          inputs recv/0
      stage 1 "reduceByKey" reads shuffle 0: 1 task
        shuffle #0 merge(inline:1) -> take 11
          inputs shuffle 0/0
      ---
      stage 0 "reduceByKey, filter" reads shuffle 0: 1 task
        shuffle #0 merge(inline:1) | filter inline:2 -> take 11
          inputs shuffle 0/0"
    `);
    expect(lab.graph.release(epochMs(1000))).toEqual({ times: [1000], shuffles: [0] });
  });

  test("wait for each other when they run side by side", async () => {
    let release = (): void => {};
    const lab = await GraphLab.build((ssc, port) => {
      const counts = ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .reduceByKey(add, 1);
      counts.foreachRDD(async (rdd) => {
        port.hold = new Promise((resolve) => {
          release = resolve;
        });
        const first = rdd.collect();
        const second = rdd.count();
        while (port.plans.length === 0) await Promise.resolve();
        release();
        await Promise.all([first, second]);
      });
    });
    const text = await lab.plansOf(1000, { blocks: ["recv/0"] });
    expect(text.match(/-> shuffle/g)).toHaveLength(1);
  });

  test("shuffle again in the next batch", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .reduceByKey(add, 1)
        .print(),
    );
    await lab.plansOf(1000, { blocks: ["recv/0"] });
    expect(await lab.plansOf(2000, { blocks: ["recv/1"] })).toContain("-> shuffle 1 into 1");
  });
});

describe("a static RDD", () => {
  test("is shuffled once for all batches that join it", async () => {
    const lab = await GraphLab.build((ssc) => {
      const table = ssc
        .parallelize(
          [
            ["a", 1],
            ["b", 2],
          ],
          1,
        )
        .groupByKey(1);
      ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .transform((rdd) => rdd.join(table, 1))
        .print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, join": 1 task -> shuffle 0 into 1
        blocks #0 | map inline:0 -> hash 1
          inputs recv/0
      stage 1 "parallelize, groupByKey": 1 task -> shuffle 1 into 1
        blocks #0 -> hash 1
          inputs 56 bytes
      stage 2 "join, groupByKey" reads shuffle 0, 1: 1 task
        inner join(#0, shuffle #1 group) -> take 11
          inputs shuffle 0/0, shuffle 1/0"
    `);
    lab.graph.release(epochMs(1000));
    expect(await lab.plansOf(2000, { blocks: ["recv/1"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, join": 1 task -> shuffle 2 into 1
        blocks #0 | map inline:0 -> hash 1
          inputs recv/1
      stage 1 "join, groupByKey" reads shuffle 2, 1: 1 task
        inner join(#0, shuffle #1 group) -> take 11
          inputs shuffle 2/0, shuffle 1/0"
    `);
  });
});

describe("a steady stream", () => {
  test("has the same templates in every batch", async () => {
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("localhost", 9999)
        .map((word) => [word, 1])
        .reduceByKey(add)
        .print(),
    );
    const templates = async (time: number) => {
      await lab.batch(time, { blocks: [`recv/${time}`] });
      return lab.port.plans.splice(0).flatMap((plan) => plan.stages.flatMap((stage) => stage.templates));
    };
    const first = await templates(1000);
    const second = await templates(2000);
    expect(first).toHaveLength(2);
    second.forEach((template, i) => {
      expect(template).toBe(first[i]);
    });
  });
});
