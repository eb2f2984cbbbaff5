import { epochMs } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import type { RDD } from "../rdd/rdd.ts";
import { StorageLevel } from "../rdd/storage-level.ts";

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;
const words = (ssc: StreamingContext) => ssc.socketTextStream("localhost", 9999);

/** The blocks read by the tasks of the output's plan in a batch. */
async function inputsAt(lab: GraphLab, time: number): Promise<readonly string[]> {
  expect((await lab.batch(time, { blocks: [`recv/${time}`] })).error).toBeUndefined();
  const [plan] = lab.port.plans.splice(0);
  const inputs = plan?.stages.at(-1)?.tasks.flatMap((task) => task.inputs) ?? [];
  return inputs.flatMap<string>((input) => (input.kind === "blocks" ? input.blocks.map(({ id }) => id) : [input.kind]));
}

describe("a window", () => {
  test("has the batches of (t - length, t], as far as they exist", async () => {
    const lab = await GraphLab.build((ssc) => words(ssc).window("3s").print());
    expect(await inputsAt(lab, 1000)).toEqual(["recv/1000"]);
    expect(await inputsAt(lab, 2000)).toEqual(["recv/1000", "recv/2000"]);
    await inputsAt(lab, 3000);
    expect(await inputsAt(lab, 4000)).toEqual(["recv/2000", "recv/3000", "recv/4000"]);
  });

  test("slides from the time before the first batch, also by more than it is long", async () => {
    const lab = await GraphLab.build((ssc) => words(ssc).window("1s", "3s").print());
    expect(await inputsAt(lab, 1000)).toEqual([]);
    expect(await inputsAt(lab, 2000)).toEqual([]);
    expect(await inputsAt(lab, 3000)).toEqual(["recv/3000"]);
    await inputsAt(lab, 4000);
    await inputsAt(lab, 5000);
    expect(await inputsAt(lab, 6000)).toEqual(["recv/6000"]);
  });

  test("that slides by more than a batch has state below it begin with nothing", async () => {
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .window("2s", "2s")
        .map((word) => [word, 1])
        .updateStateByKey<number>((added, sum = 0) => sum + added.length)
        .print(),
    );
    const versions: unknown[] = [];
    for (const time of [1000, 2000, 3000, 4000]) {
      expect((await lab.batch(time, { blocks: [`recv/${time}`] })).error).toBeUndefined();
      const states = lab.port.plans
        .splice(0)
        .flatMap(({ stages }) => stages.flatMap(({ tasks }) => tasks[0]?.state ?? []));
      versions.push(...states.map(({ head, batch }) => [head?.batch ?? 0, batch]));
    }
    expect(versions).toEqual([
      [0, 2000],
      [2000, 4000],
    ]);
  });

  test("of a window counts in the slides of that one", async () => {
    const lab = await GraphLab.build((ssc) => words(ssc).window("2s", "2s").window("4s").print());
    expect(await inputsAt(lab, 1000)).toEqual([]);
    expect(await inputsAt(lab, 2000)).toEqual(["recv/1000", "recv/2000"]);
    await inputsAt(lab, 3000);
    expect(await inputsAt(lab, 4000)).toEqual(["recv/1000", "recv/2000", "recv/3000", "recv/4000"]);
  });

  test("persists its input: each batch of its parent is computed once", async () => {
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .map((word) => word.length)
        .window("2s")
        .print(),
    );
    const first = await lab.plansOf(1000, { blocks: ["recv/1"] });
    expect(first).toContain("-> shuffle 0 into 1");
    const second = await lab.plansOf(2000, { blocks: ["recv/2"] });
    expect(second.match(/-> shuffle/g)).toHaveLength(1);
    expect(second).toContain("reads shuffle 0, 1: 2 tasks");
    expect(second).toContain("inputs persisted 0/0");
  });

  test.each([
    [
      "a length that is no multiple",
      "1500ms",
      "1s",
      /length of window over socketTextStream .* is 1\.5 s.*multiple of 1 s.*\(\/.*windows\.test\.ts:\d+:\d+\)/,
    ],
    ["a slide that is no multiple", "2s", "1500ms", /slide of window over socketTextStream .* is 1\.5 s/],
  ])("refuses %s", async (_, length, slide, message) => {
    await expect(GraphLab.build((ssc) => words(ssc).window(length, slide).print())).rejects.toThrow(message);
  });

  test.each([0, -1000, "0s", Number.NaN, "soon"])("refuses %o as a length", async (length) => {
    await expect(GraphLab.build((ssc) => words(ssc).window(length).print())).rejects.toThrow(/BAD_DURATION/);
  });

  test("does not mix with streams that slide otherwise", async () => {
    const mixed = GraphLab.build((ssc) => words(ssc).union(words(ssc).window("2s", "2s")).print());
    await expect(mixed).rejects.toThrow(
      /union combines .*socketTextStream .* by 1000 ms, .* by 2000 ms.*windows\.test\.ts:\d+:\d+/,
    );
  });
});

describe("batches are remembered", () => {
  const released = (lab: GraphLab, time: number) => lab.graph.release(epochMs(time)).times;

  test("no longer than their outputs run, unless something looks back on them", async () => {
    const lab = await GraphLab.build((ssc) => words(ssc).print());
    await lab.batch(1000);
    expect(released(lab, 1000)).toEqual([1000]);
  });

  test("for as long as windows over windows reach back", async () => {
    const lab = await GraphLab.build((ssc) => words(ssc).window("2s").window("2s").print());
    for (const time of [1000, 2000, 3000, 4000]) {
      await lab.batch(time);
      expect(released(lab, time)).toEqual([]);
    }
    await lab.batch(5000);
    expect(released(lab, 5000)).toEqual([1000]);
  });

  test("for the time given to ssc.remember, and slice returns them", async () => {
    let seen: number[] = [];
    const lab = await GraphLab.build((ssc) => {
      ssc.remember("3s");
      const lines = words(ssc);
      lines.foreachRDD(async (_, time) => {
        const rdds = await lines.slice(time - 2500, time);
        seen = await Promise.all(rdds.map((rdd) => rdd.getNumPartitions()));
      });
    });
    await lab.batch(1000, { blocks: ["a"] });
    await lab.batch(2000, { blocks: ["b", "c"] });
    await lab.batch(3000, { blocks: [] });
    expect(seen).toEqual([1, 2, 0]);
    expect(lab.port.warnings.join()).toContain("is between batches");
  });

  test("and an RDD that a job kept says so when they are not", async () => {
    let kept: RDD<string> | undefined;
    const lab = await GraphLab.build((ssc) => {
      ssc.socketTextStream("h", 1).foreachRDD(async (rdd) => {
        await kept?.union(rdd).count();
        kept = rdd.map((line) => line);
      });
    });
    expect((await lab.batch(1000, { blocks: ["a"] })).error).toBeUndefined();
    lab.graph.release(epochMs(1000));
    expect((await lab.batch(2000, { blocks: ["b"] })).error).toMatchObject({
      code: "BATCH_FORGOTTEN",
      retry: "never",
      message: expect.stringMatching(/RDD of batch 1000 was used .* ssc\.remember/),
    });
  });

  test("and slice says so when they are not", async () => {
    const lab = await GraphLab.build((ssc) => {
      const lines = words(ssc);
      lines.foreachRDD((_, time) => lines.slice(1000, time));
    });
    await lab.batch(1000);
    lab.graph.release(epochMs(1000));
    const { error } = await lab.batch(2000);
    expect(error?.message).toMatch(/\[SLICE_FORGOTTEN\].*batch 1000.*ssc\.remember/);
  });
});

describe("a window reduced by key", () => {
  test("is reduced per batch, then over its batches without a shuffle", async () => {
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .map((word) => [word, 1])
        .reduceByKeyAndWindow(add, "2s")
        .print(),
    );
    await lab.plansOf(1000, { blocks: ["recv/1"] });
    expect(await lab.plansOf(2000, { blocks: ["recv/2"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, reduceByKeyAndWindow": 1 task -> shuffle 3 into 2
        blocks #0 | map inline:0 -> combine(first, inline:1, inline:1) hash 2
          inputs recv/2
      stage 1 "reduceByKeyAndWindow" reads shuffle 3: 2 tasks -> shuffle 2 into 1
        shuffle #0 merge(inline:1) -> roundRobin 1
          inputs shuffle 3/0
      stage 2 "reduceByKeyAndWindow" reads shuffle 0, 2: 2 tasks
        shuffle concat(blocks #0, blocks #1) combine(first, inline:1, inline:1) -> take 11
          inputs persisted 0/0, persisted 2/0"
    `);
  });

  test("with an inverse reads the entering and leaving batches, and keeps the rest as state", async () => {
    const lab = await GraphLab.build((ssc) =>
      words(ssc)
        .map((word) => [word, 1])
        .reduceByKeyAndWindow(add, subtract, "2s")
        .print(),
    );
    await lab.plansOf(1000, { blocks: ["recv/1"] });
    await lab.plansOf(2000, { blocks: ["recv/2"] });
    expect(await lab.plansOf(3000, { blocks: ["recv/3"] })).toMatchInlineSnapshot(`
      "stage 0 "socketTextStream localhost:9999, map, reduceByKeyAndWindow": 1 task -> shuffle 5 into 2
        blocks #0 | map inline:0 -> combine(first, inline:1, inline:1) hash 2
          inputs recv/3
      stage 1 "reduceByKeyAndWindow" reads shuffle 5: 2 tasks -> shuffle 4 into 1
        shuffle #0 merge(inline:1) -> roundRobin 1
          inputs shuffle 5/0
      stage 2 "reduceByKeyAndWindow" reads shuffle 4, 0: 2 tasks
        window(+ blocks #0 inline:1, - blocks #1 inline:2) -> take 11
          inputs persisted 4/0, persisted 0/0
          state reduceByKeyAndWindow-0 from 2000 to 3000"
    `);
  });

  test.each([
    ["stands when only an output failed", "continue", "from 2000 to 3000"],
    ["is made anew from its own batches when the one before it does not count", "stop", "from 0 to 3000"],
  ])("with an inverse %s", async (_, failure, versions) => {
    const lab = await GraphLab.build(
      (ssc) => {
        const counts = words(ssc)
          .map((word) => [word, 1])
          .reduceByKeyAndWindow(add, subtract, "2s");
        counts.foreachRDD((_, time) => {
          if (time === 2000) throw new Error("not this one");
        });
        counts.print();
      },
      { conf: { "batch.failure": failure } },
    );
    await lab.plansOf(1000, { blocks: ["recv/1"] });
    expect((await lab.batch(2000, { blocks: ["recv/2"] })).error?.message).toContain("not this one");
    lab.port.takePlans();
    const text = await lab.plansOf(3000, { blocks: ["recv/3"] });
    expect(text).toContain(`state reduceByKeyAndWindow-0 ${versions}`);
  });
});

test("a stream that is persisted is computed once for all its outputs, and once more never", async () => {
  const lab = await GraphLab.build((ssc) => {
    const lengths = words(ssc)
      .map((word) => word.length)
      .cache();
    lengths.print();
    lengths.filter((n) => n > 3).print();
  });
  const text = await lab.plansOf(1000, { blocks: ["recv/1"] });
  expect(text.match(/map inline:0/g)).toHaveLength(1);
  expect(lab.graph.release(epochMs(1000)).shuffles).toEqual([0]);
});

test("checkpoint takes a multiple of the slide", async () => {
  await expect(GraphLab.build((ssc) => words(ssc).checkpoint("2500ms").print())).rejects.toThrow(
    /\[BAD_WINDOW\] the interval of checkpoint is 2\.5 s/,
  );
});

describe("an RDD that is persisted", () => {
  const persisting = (body: (rdd: RDD<number>) => unknown) =>
    GraphLab.build((ssc) =>
      words(ssc)
        .map((word) => word.length)
        .foreachRDD(body),
    );

  test("is computed by the first action and read by the others, until it is released", async () => {
    const lab = await persisting(async (rdd) => {
      rdd.cache();
      await rdd.count();
      await rdd.collect();
      rdd.unpersist();
      await rdd.count();
    });
    const [first, second, third] = (await lab.plansOf(1000, { blocks: ["recv/1"] })).split("---");
    expect(first).toContain("-> shuffle 0 into 1");
    expect(second).toMatch(/1 task\n {2}blocks #0 -> collect\n {4}inputs persisted 0\/0/);
    expect(third).toContain("map inline:0 -> count");
    expect(lab.port.dropped).toEqual(["shuffle 0"]);
  });

  test("keeps its level", async () => {
    const lab = await persisting((rdd) => {
      expect(rdd.persist(StorageLevel.DISK_ONLY).storageLevel).toBe(StorageLevel.DISK_ONLY);
      rdd.cache();
    });
    const { error } = await lab.batch(1000, { blocks: ["recv/1"] });
    expect(error?.message).toMatch(/\[LEVEL_FIXED\].*unpersist\(\) first/);
  });
});

test("a window without an inverse function has no filter, and says so", async () => {
  const pairs = (ssc: StreamingContext) => words(ssc).map<[string, number]>((word) => [word, 1]);
  const filter = () => true;
  const options = { filter } as never; // as untyped code may
  await expect(
    GraphLab.build((ssc) => pairs(ssc).reduceByKeyAndWindow(add, "2s", "1s", options).print()),
  ).rejects.toThrow(/\[BAD_ARGUMENT\].*reduceByKeyAndWindow has no option "filter"/);
  const misspelt = { filtre: filter } as never;
  await expect(
    GraphLab.build((ssc) => pairs(ssc).reduceByKeyAndWindow(add, subtract, "2s", "1s", misspelt).print()),
  ).rejects.toThrow(/\[BAD_ARGUMENT\].*has no option "filtre"\. It has numPartitions, partitioner, filter/);
  await GraphLab.build((ssc) => pairs(ssc).reduceByKeyAndWindow(add, subtract, "2s", "1s", { filter }).print());
});

test("a window with an inverse function has a version of its values, and what makes them of older ones", async () => {
  const build = (options: { readonly version?: number; readonly migrate?: () => number }) =>
    GraphLab.build((ssc) =>
      words(ssc)
        .map<[string, number]>((word) => [word, 1])
        .reduceByKeyAndWindow(add, subtract, "2s", "1s", options)
        .named("recent")
        .print(),
    );
  const lab = await build({ version: 3, migrate: () => 0 });
  expect(lab.graph.parts.states).toMatchObject([{ name: "recent", version: 3, migrates: true }]);
  const text = await lab.plansOf(1000, { blocks: ["recv/1"] });
  expect(text).toContain("state recent");
  await expect(build({ migrate: () => 0 })).rejects.toThrow(
    /\[BAD_ARGUMENT\].*migrate of reduceByKeyAndWindow is never called: the state has version 1/,
  );
  await expect(build({ version: 0 })).rejects.toThrow(/\[BAD_ARGUMENT\].*the version of the state/);
});
