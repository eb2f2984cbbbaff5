import { errorKind } from "@millrace/base";
import type { PlannedStage } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";

const changed = errorKind("FILE_CHANGED", "environment");
const damaged = errorKind("INPUT_DAMAGED", "environment");
const userCode = errorKind("USER_CODE_FAILED", "user");

const NAMES = ["a", "b", "c"];
const BAD = { fields: { path: "/in/b" } };

/** A job that has found three files in the batch of 1000, and what its batches read. */
async function labOf(build: (ssc: StreamingContext) => unknown, failure: "continue" | "stop" = "continue") {
  const lab = await GraphLab.build(build, { conf: { "batch.failure": failure } });
  const { port } = lab;
  port.memory.directory("/in");
  for (const name of NAMES) port.memory.add(`/in/${name}`, { modifiedMs: 500 });
  const answer = port.answer;
  const batch = async (
    time: number,
    error?: Error,
    fails: (stage: PlannedStage, plan: number) => boolean = () => true,
  ) => {
    let plans = 0;
    port.answer = (stage) => {
      plans += 1;
      if (error !== undefined && fails(stage, plans)) throw error;
      return answer(stage);
    };
    const outcome = await lab.batch(time);
    expect(outcome.error !== undefined).toBe(error !== undefined);
    const tasks = port.plans.splice(0).flatMap((plan) => plan.stages.flatMap((stage) => stage.tasks));
    const paths = tasks.flatMap((task) => task.inputs.flatMap((input) => (input.kind === "file" ? [input.path] : [])));
    return [...new Set(paths)];
  };
  return { port, batch, lab };
}

const readsIn = (stage: PlannedStage, directory: string): boolean =>
  stage.tasks.some(({ inputs }) => inputs.some((input) => input.kind === "file" && input.path.startsWith(directory)));

const printed = (ssc: StreamingContext) => ssc.textFileStream("/in").print();

describe("a batch that fails because of one of its files, in a job that continues", () => {
  test("offers the others to the next batch, and names the lost one", async () => {
    const { port, batch } = await labOf(printed);
    expect(await batch(1000, damaged("cut short", BAD))).toEqual(["/in/a", "/in/b", "/in/c"]);
    expect(port.warnings).toEqual([
      expect.stringMatching(
        /batch 1000 failed because of the file \/in\/b \(INPUT_DAMAGED\).*rereads: \/in\/a, \/in\/c\./,
      ),
      expect.stringMatching(/batch 1000 failed because of the file \/in\/b.*its files are not reread: \/in\/b\./),
    ]);
    expect(await batch(2000)).toEqual(["/in/a", "/in/c"]);
    expect(await batch(3000)).toEqual([]);
  });

  test("also offers a file that has changed, in its new version", async () => {
    const { port, batch } = await labOf(printed);
    await batch(1000, userCode("the author's own", { cause: changed("changed", BAD) }));
    port.memory.add("/in/b", { modifiedMs: 1500, bytes: 77 });
    expect(await batch(2000)).toEqual(["/in/a", "/in/c", "/in/b"]);
  });

  test("does not return the files of other streams, whose outputs have succeeded", async () => {
    const { port, batch } = await labOf((ssc) => {
      printed(ssc);
      ssc.textFileStream("/other").print();
    });
    port.memory.directory("/other");
    port.memory.add("/other/x", { modifiedMs: 500 });
    await batch(1000, damaged("cut short", BAD), (stage) => readsIn(stage, "/in/"));
    expect(await batch(2000)).toEqual(["/in/a", "/in/c"]);
  });

  test("no longer contains them, for a window that looks back on it", async () => {
    const { batch } = await labOf((ssc) => ssc.textFileStream("/in").window("3s").print());
    await batch(1000, damaged("cut short", BAD));
    expect(await batch(2000)).toEqual(["/in/a", "/in/c"]);
  });

  test("returns no files if an output has succeeded, and names the lost ones", async () => {
    const { port, batch } = await labOf((ssc) => {
      const lines = ssc.textFileStream("/in");
      for (let i = 0; i < 2; i += 1) lines.foreachRDD((rdd) => rdd.count());
    });
    await batch(1000, damaged("cut short", BAD), (_, plan) => plan === 2);
    expect(port.warnings.at(-1)).toMatch(
      /batch 1000 failed because of .*its files are not reread: \/in\/a, \/in\/b, \/in\/c\./,
    );
    expect(await batch(2000)).toEqual([]);
  });
});

describe("a batch returns no files", () => {
  test("when it fails by the author's code; BATCH_FAILED names its files", async () => {
    const { port, batch } = await labOf(printed);
    await batch(1000, userCode("map threw"));
    expect(port.warnings).toEqual([]);
    expect(await batch(2000)).toEqual([]);
  });

  test("when the author's code fails one output, and a file another", async () => {
    const { port, batch } = await labOf((ssc) => {
      const lines = ssc.textFileStream("/in");
      lines.foreachRDD((_, time) => {
        if (time === 1000) throw new Error("mine");
      });
      lines.print();
    });
    await batch(1000, damaged("cut short", BAD));
    expect(port.warnings).toEqual([expect.stringMatching(/its files are not reread: \/in\/a, \/in\/b, \/in\/c\./)]);
    expect(await batch(2000)).toEqual([]);
  });
});

test("an output that does not need the files may be done", async () => {
  const { batch } = await labOf((ssc) => {
    ssc.queueStream([["x"]]).print();
    printed(ssc);
  });
  await batch(1000, damaged("cut short", BAD), (stage) => readsIn(stage, "/in/"));
  expect(await batch(2000)).toEqual(["/in/a", "/in/c"]);
});

test("a batch whose job ends with it says nothing of its files", async () => {
  const { port, batch } = await labOf(printed, "stop");
  await batch(1000, damaged("cut short", BAD));
  expect(port.warnings).toEqual([]);
});
