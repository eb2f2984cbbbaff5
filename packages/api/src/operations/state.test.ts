import { epochMs } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { type State, StateSpec, type StreamingContext } from "../index.ts";
import { GraphLab } from "../lab/graph.fixture.ts";

const words = (ssc: StreamingContext) => ssc.socketTextStream("localhost", 9999).map((word) => [word, 1]);
const count = (_: string, value: number | undefined, state: State<number>) => (state.getOption() ?? 0) + (value ?? 0);
const add = (a: number, b: number) => a + b;

describe("mapWithState", () => {
  test("is computed once for its readers and its snapshots, which wait for it", async () => {
    const lab = await GraphLab.build((ssc) => {
      const mapped = words(ssc).mapWithState(count, { timeout: "30s" });
      mapped.print();
      mapped.map((n) => n + 1).print();
      mapped.stateSnapshots().print();
    });
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, mapWithState": 1 task -> shuffle 1 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 1 "mapWithState" reads shuffle 1: 2 tasks -> shuffle 0 into 1
        state(#0) inline:1 for each pair, timeout 30000 -> roundRobin 1
          inputs shuffle 1/0
          state mapWithState-0 from 0 to 1000
      stage 2 "mapWithState" reads shuffle 0: 2 tasks
        blocks #0 -> take 11
          inputs persisted 0/0
      ---
      stage 0 "mapWithState, map" reads shuffle 0: 2 tasks
        blocks #0 | map inline:2 -> take 11
          inputs persisted 0/0
      ---
      stage 0 "stateSnapshots" reads shuffle 0: 2 tasks
        state as it is -> take 11
          inputs persisted 0/0
          state mapWithState-0 from 0 to 1000"
    `);
  });

  test("is brought up to the batch even if only its snapshots are read, or nothing at all", async () => {
    const lab = await GraphLab.build((ssc) => words(ssc).mapWithState(count).stateSnapshots().print());
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, mapWithState": 1 task -> shuffle 1 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 1 "mapWithState" reads shuffle 1: 2 tasks -> shuffle 0 into 1
        state(#0) inline:1 for each pair -> roundRobin 1
          inputs shuffle 1/0
          state mapWithState-0 from 0 to 1000
      stage 2 "stateSnapshots" reads shuffle 0: 2 tasks
        state as it is -> take 11
          inputs persisted 0/0
          state mapWithState-0 from 0 to 1000"
    `);
    const unread = await GraphLab.build((ssc) =>
      words(ssc)
        .mapWithState(count)
        .foreachRDD(() => {}),
    );
    expect(await unread.plansOf(1000, { blocks: ["recv/0"] })).toContain(
      "state(#0) inline:1 for each pair -> roundRobin 1",
    );
  });

  test("merges its initial state in the first batch only, from a collection or an RDD", async () => {
    for (const initial of ["collection", "rdd"]) {
      const lab = await GraphLab.build((ssc) => {
        const pairs: [string, number][] = [["a", 5]];
        const spec = StateSpec.function(count).numPartitions(1);
        const initialState = initial === "rdd" ? ssc.parallelize(pairs) : new Map(pairs);
        words(ssc).mapWithState(spec.initialState(initialState)).print();
      });
      expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toContain("state(#0, initial #1) inline:1 for each pair");
      expect(await lab.plansOf(2000, { blocks: ["recv/1"] })).not.toContain("initial");
    }
  });

  test("is partitioned as requested, but its result is not assumed to be", async () => {
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .mapWithState((key, _, state: State<number>) => [key, state.getOption() ?? 0], { numPartitions: 3 })
        .reduceByKey(add, 3)
        .print(),
    );
    const plans = await lab.plansOf(1000, { blocks: ["recv/0"] });
    expect(plans).toContain("-> combine(first, inline:2, inline:2) hash 3");
  });

  test("is identified in the checkpoint by its name, otherwise by its operator and position", async () => {
    const lab = await GraphLab.build((ssc) => {
      words(ssc).mapWithState(count).print();
      words(ssc).mapWithState(count).named("totals").stateSnapshots().print();
    });
    const plans = await lab.plansOf(1000);
    expect(plans).toContain("state mapWithState-0 from 0 to 1000");
    expect(plans.match(/state totals from 0 to 1000/g)).toHaveLength(2); // of the update and the snapshot
  });

  test.each<[string, (ssc: StreamingContext) => unknown, RegExp]>([
    [
      "a timeout that is none",
      (ssc) => words(ssc).mapWithState(count, { timeout: 0 }),
      /\[BAD_DURATION\] the timeout of mapWithState is 0/,
    ],
    [
      "the same in a spec",
      (ssc) => words(ssc).mapWithState(StateSpec.function(count).timeout("soon")),
      /\[BAD_DURATION\] the timeout of mapWithState/,
    ],
    [
      "no function",
      (ssc) => words(ssc).mapWithState(undefined as unknown as typeof count),
      /\[FUNCTION_NOT_SHIPPABLE\]/,
    ],
    [
      "initial state that is no collection",
      (ssc) => words(ssc).mapWithState(count, { initialState: 5 as unknown as [] }),
      /\[BAD_ARGUMENT\] the initial state of mapWithState is an RDD of pairs/,
    ],
    [
      "partitions that do not exist",
      (ssc) => words(ssc).mapWithState(StateSpec.function(count).numPartitions(0)),
      /\[BAD_ARGUMENT\] numPartitions of mapWithState is 0/,
    ],
  ])("refuses %s", async (_, build, message) => {
    await expect(GraphLab.build(build)).rejects.toThrow(message);
  });

  test("is not declared once the job runs", async () => {
    let late: (() => unknown) | undefined;
    await GraphLab.build((ssc) => {
      const mapped = words(ssc).mapWithState(count);
      mapped.print();
      late = () => mapped.stateSnapshots();
    });
    expect(late).toThrow(/\[GRAPH_CLOSED\] stateSnapshots/);
  });
});

describe("updateStatePartitions", () => {
  test("is one call per partition, and its result is partitioned like the state", async () => {
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .updateStatePartitions<number>((all) => [...all].map(([key, values]) => [key, values.length] as const), {
          initialState: [["a", 5]],
        })
        .reduceByKey(add)
        .print(),
    );
    expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, updateStatePartitions": 1 task -> shuffle 0 into 2
        blocks #0 | map inline:0 -> hash 2
          inputs recv/0
      stage 1 "the initial state of updateStatePartitions, updateStatePartitions": 2 tasks -> shuffle 1 into 2
        blocks #0 -> hash 2
          inputs nothing
      stage 2 "reduceByKey, updateStatePartitions" reads shuffle 0, 1: 2 tasks
        shuffle state(#0, initial #1) inline:1 for the partition combine(first, inline:2, inline:2) -> take 11
          inputs shuffle 0/0, shuffle 1/0
          state updateStatePartitions-0 from 0 to 1000"
    `);
  });

  test("brings its own placement along", async () => {
    const partitioner = { numPartitions: 2, getPartition: (key: string) => key.length % 2 };
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .updateStatePartitions<number>(() => [], { partitioner })
        .print(),
    );
    expect(await lab.plansOf(1000)).toContain("for the partition");
  });
});

test("updateStateByKey begins with a collection too", async () => {
  const lab = await GraphLab.build((ssc) =>
    words(ssc)
      .updateStateByKey<number>((values, total = 0) => values.reduce(add, total), { initialState: [["a", 5]] })
      .print(),
  );
  expect(await lab.plansOf(1000, { blocks: ["recv/0"] })).toContain("state(#0, initial #1) inline:1 for every key");
});

test("a task of state names the version that the oldest remembered batch builds on", async () => {
  const conf = { "state.retention.batches": 1 };
  const lab = await GraphLab.build(
    (ssc) => {
      const pairs = ssc.socketTextStream("h", 1).map((word): [string, number] => [word, 1]);
      const totals = pairs.updateStateByKey((values: number[], sum?: number) => (sum ?? 0) + values.length);
      totals.window("3s").print();
    },
    { conf },
  );
  const named: unknown[] = [];
  for (let time = 1000; time <= 6000; time += 1000) {
    lab.port.plans.length = 0;
    expect((await lab.batch(time, { blocks: [`${time}`] })).error).toBeUndefined();
    lab.graph.release(epochMs(time));
    const tasks = lab.port.plans.flatMap(({ stages }) => stages.flatMap((stage) => stage.tasks));
    const state = tasks.find((task) => task.state?.batch === time)?.state;
    named.push([state?.head?.batch ?? 0, state?.oldest]);
  }
  // Three batches are remembered after the first; the fourth is the running one.
  expect(named).toEqual([
    [0, 0],
    [1000, 0],
    [2000, 0],
    [3000, 0],
    [4000, 1000],
    [5000, 2000],
  ]);
});

test.each([
  [{ "state.retention.batches": 1 }, [5000, 6000, 7000]],
  [{ "state.retention.batches": 3 }, [3000, 4000, 5000]],
  [{ "state.retention.batches": 2, "state.retention.age": "5s" }, [1000, 2000, 3000]],
  [{ "state.retention.batches": 2, "state.retention.age": 500 }, [4000, 5000, 6000]],
  [{}, [0, 0, 0]],
])("a task of state names the oldest version that is to stay readable, by %j", async (conf, expected) => {
  const lab = await GraphLab.build(
    (ssc) =>
      ssc
        .socketTextStream("h", 1)
        .map((word) => [word, 1])
        .updateStateByKey<number>((added, sum = 0) => sum + added.length)
        .print(),
    { conf },
  );
  const named: unknown[] = [];
  for (let time = 1000; time <= 8000; time += 1000) {
    lab.port.plans.length = 0;
    expect((await lab.batch(time, { blocks: [`${time}`] })).error).toBeUndefined();
    lab.graph.release(epochMs(time));
    named.push(lab.port.plans[0]?.stages.flatMap(({ tasks }) => tasks[0]?.state?.oldest ?? [])[0]);
  }
  expect(named.slice(5)).toEqual(expected);
});
