import { parseConf } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { StagedFiles } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { type FakePort, GraphLab } from "../lab/graph.fixture.ts";
import { publishFiles } from "../output/staged-files.ts";
import type { RDD } from "../rdd/rdd.ts";

describe("RDD actions", () => {
  /** Runs a body on the RDD of a batch of three partitions. */
  async function act<R>(body: (rdd: RDD<number>) => Promise<R>, answer: FakePort["answer"]): Promise<R> {
    let result: R | undefined;
    const lab = await GraphLab.build((ssc) =>
      ssc
        .socketTextStream("h", 1)
        .map((w) => w.length)
        .foreachRDD(async (rdd) => {
          result = await body(rdd);
        }),
    );
    lab.port.answer = answer;
    const { error } = await lab.batch(1000, { blocks: ["a", "b", "c"] });
    if (error !== undefined) throw error;
    return result as R;
  }

  test("collect and take keep the order of partitions", async () => {
    const answer = () => [[1, 2], [], [3]];
    expect(await act((rdd) => rdd.collect(), answer)).toEqual([1, 2, 3]);
    expect(await act((rdd) => rdd.take(2), answer)).toEqual([1, 2]);
    expect(await act((rdd) => rdd.first(), answer)).toBe(1);
  });

  test("count and reduce put partial results together", async () => {
    expect(
      await act(
        (rdd) => rdd.count(),
        () => [[2], [0], [1]],
      ),
    ).toBe(3);
    expect(
      await act(
        (rdd) => rdd.reduce((a, b) => a + b),
        () => [[2], [], [5]],
      ),
    ).toBe(7);
  });

  test("first and reduce of nothing say so", async () => {
    const nothing = () => [[], [], []];
    await expect(act((rdd) => rdd.first(), nothing)).rejects.toThrow(/EMPTY_COLLECTION\] first/);
    await expect(act((rdd) => rdd.reduce((a) => a), nothing)).rejects.toThrow(/EMPTY_COLLECTION\] reduce/);
  });

  test("maps have each key once, by value; the last pair stays", async () => {
    const pairs = () => [[[["a", 1], 1]], [[["a", 1], 2]], [["b", 3]]];
    const map = await act((rdd) => rdd.map((n) => [n as unknown, n]).collectAsMap(), pairs);
    expect([...map]).toEqual([
      [["a", 1], 2],
      ["b", 3],
    ]);
  });

  test("take asks many partitions few at a time, four times as many in each round", async () => {
    const asked: number[][] = [];
    const lab = await GraphLab.build((ssc) => ssc.socketTextStream("h", 1).foreachRDD((rdd) => rdd.take(2)));
    lab.port.answer = (stage) => {
      asked.push(stage.tasks.map((task) => task.partition));
      return stage.tasks.map(() => []);
    };
    await lab.batch(1000, { blocks: Array.from({ length: 12 }, (_, i) => `recv/${i}`) });
    expect(asked).toEqual([[0], [1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11]]);
  });
});

describe("saving text", () => {
  const saved = (file: string) => ({ file, bytes: 1, token: "1@0" });
  const build = (path?: string) =>
    GraphLab.build((ssc) => {
      const lines = ssc.socketTextStream("h", 1);
      if (path === undefined) lines.saveAsTextFiles("out/counts", "txt");
      else lines.foreachRDD((rdd) => rdd.saveAsTextFile(path));
    });

  test("renames the files of successful attempts, then publishes all of them at once", async () => {
    const lab = await build();
    const staging = "/home/out/.counts-1000.txt.1000.writing";
    lab.port.written = () => {
      lab.port.memory.add(`${staging}/_temporary/0-part-00000`);
      lab.port.memory.add(`${staging}/_temporary/0-part-00001`);
      lab.port.memory.add(`${staging}/_temporary/1-part-00001`); // late, of an attempt that was lost
      return [saved("0-part-00000"), saved("0-part-00001")];
    };
    const { error } = await lab.batch(1000, { blocks: ["a", "b"] });
    expect(error).toBeUndefined();
    expect(lab.port.plans[0]?.stages[0]?.tasks.map((task) => task.output)).toEqual([
      { directory: staging, file: "part-00000" },
      { directory: staging, file: "part-00001" },
    ]);
    expect(lab.port.memory.log).toEqual([
      `make ${staging}/_temporary`,
      `make ${staging}/whole`,
      `publish ${staging}/_temporary/0-part-00000 -> ${staging}/whole/part-00000`,
      `publish ${staging}/_temporary/0-part-00001 -> ${staging}/whole/part-00001`,
      `write ${staging}/whole/_SUCCESS`,
      `publish ${staging}/whole -> /home/out/counts-1000.txt`,
      `remove ${staging}`,
    ]);
    expect([...lab.port.memory.entries.keys()]).toEqual([
      "/home/out/counts-1000.txt",
      "/home/out/counts-1000.txt/part-00000",
      "/home/out/counts-1000.txt/part-00001",
      "/home/out/counts-1000.txt/_SUCCESS",
    ]);
  });

  test("fails when a file that a task reports is not where the driver looks, and leaves nothing", async () => {
    const lab = await build();
    lab.port.written = () => [saved("0-part-00000")];
    const { error } = await lab.batch(1000, { blocks: ["a"] });
    expect(error?.message).toMatch(
      /OUTPUT_LOST\] the file .*0-part-00000 .*storage that the driver and all executors share/,
    );
    expect([...lab.port.memory.entries.keys()]).toEqual([]);
  });

  test("refuses a directory that exists, and writes nothing", async () => {
    const lab = await build("/data/out");
    lab.port.memory.directory("/data/out");
    const { error } = await lab.batch(1000, { blocks: ["a"] });
    expect(error?.message).toMatch(/OUTPUT_EXISTS\] the output directory \/data\/out already exists/);
    expect(lab.port.plans).toEqual([]);
  });

  test("of a stream is staged, and nothing is visible before the host commits the batch", async () => {
    const lab = await build();
    lab.port.written = () => {
      lab.port.memory.add(`/home/out/.counts-1000.txt.1000.writing/_temporary/0-part-00000`, { bytes: 7 });
      return [{ file: "0-part-00000", bytes: 7, token: "7@0" }];
    };
    const { prepared } = await lab.run(1000, { blocks: ["a"] });
    const staged: StagedFiles = {
      kind: "files",
      output: { id: 0, name: "saveAsTextFiles-0", label: "saveAsTextFiles of socketTextStream h:1" },
      staging: locationFrom("/home/out/.counts-1000.txt.1000.writing"),
      directory: locationFrom("/home/out/counts-1000.txt"),
      files: [{ file: "part-00000", bytes: 7, token: "7@0" }],
    };
    expect(prepared).toEqual({ states: new Map(), outputs: [staged] });
    const visible = () => [...lab.port.memory.entries.keys()].filter((path) => !path.includes("/."));
    expect(visible()).toEqual([]);
    await publishFiles(lab.port.files, JSON.parse(JSON.stringify(staged)), parseConf({})); // it may come from a log
    expect(visible()).toEqual([staged.directory, `${staged.directory}/part-00000`, `${staged.directory}/_SUCCESS`]);
    const { log } = lab.port.memory;
    log.length = 0;
    await publishFiles(lab.port.files, staged, parseConf({})); // its answer was lost
    expect(log).toEqual([]);
    const other = { ...staged, files: [{ file: "part-00000", bytes: 7, token: "7@1" }] };
    await expect(publishFiles(lab.port.files, other, parseConf({}))).rejects.toThrow(
      /OUTPUT_EXISTS\] .* was created while the batch ran/,
    );
  });

  test("by an action is visible when the action resolves, before the batch is committed", async () => {
    const found: unknown[] = [];
    const lab = await GraphLab.build((ssc, port) =>
      ssc.socketTextStream("h", 1).foreachRDD(async (rdd) => {
        await rdd.saveAsTextFile("/data/out");
        found.push(await port.memory.stat(locationFrom("/data/out/_SUCCESS")));
      }),
    );
    const { prepared } = await lab.run(1000);
    expect([prepared.outputs, found]).toEqual([[], [expect.objectContaining({ kind: "file" })]]);
  });

  test("refuses the place that another output of the batch has staged files for", async () => {
    const lab = await GraphLab.build((ssc) => {
      ssc.socketTextStream("h", 1).saveAsTextFiles("/data/out");
      ssc.socketTextStream("h", 1).saveAsTextFiles("/data/out");
    });
    const { failures, prepared } = await lab.batch(1000);
    expect(failures.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(
        /OUTPUT_EXISTS\] the output directory \/data\/out-1000 is the one that saveAsTextFiles of .* writes/,
      ),
    ]);
    expect(prepared.outputs.map(({ output }) => output.id)).toEqual([0]);
  });

  test("cleans up when a task fails", async () => {
    const lab = await build();
    lab.port.run = () => Promise.reject(new Error("task"));
    const { error } = await lab.batch(1000, { blocks: ["a"] });
    expect(error?.message).toBe("task");
    expect([...lab.port.memory.entries.keys()]).toEqual([]);
  });
});
