import { errorKind } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { CheckpointFinding, CheckpointReport, Engine } from "./engine.ts";
import { session } from "./program.fixture.ts";

const part = { given: true, kind: "updateStateByKey", label: "updateStateByKey at job.ts:3:5", place: 1, code: 1 };
const kept: CheckpointFinding = {
  ...{ part: "source", name: "logs", finding: "kept", now: { ...part, name: "logs" }, before: undefined },
  ...{ why: "", loses: undefined },
};
const gone: CheckpointFinding = {
  ...{ part: "state", name: "totals", finding: "differs", now: undefined, before: { ...part, name: "totals" } },
  ...{ why: "the job has no state of that name now", loses: "the keys in 2 of 2 partitions" },
};
const report: CheckpointReport = {
  ...{ directory: "/c", job: "words", batchIntervalMs: 1_000, epoch: 2, committed: 1_000, remembered: 1 },
  pending: { time: 2_000, prepared: false, outputsDone: 1 },
  states: [
    {
      ...part,
      name: "totals",
      version: 1,
      partitions: 2,
      keys: 3,
      files: 4,
      bytes: 5_000,
      updated: 1_000,
      changed: 1_000,
    },
  ],
  sources: [{ ...part, name: "logs", has: "which files were read (1 are known)" }],
  ...{ outputs: [], dropped: ["visits"], leftovers: [], damaged: [], bytes: { log: 100, state: 5_000 } },
};

describe("millrace checkpoint check", () => {
  const check = (findings: readonly CheckpointFinding[], ...more: readonly string[]) =>
    session({ engine: { checkCheckpoint: async () => findings } }).run("checkpoint", "check", "job.ts", "/c", ...more);

  test("says what a job would find, and exits with 0 if it would lose nothing", async () => {
    const { code, out } = await check([kept]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^PART {4}NAME {2}OUTCOME\nsource {2}logs {2}goes on\n\nThe job would go on, and lose nothing\.\n$/,
    );
  });

  test("says which window is not full yet, and since when it is", async () => {
    const window: CheckpointFinding = {
      ...{ part: "window", name: "window at job.ts:4:6", finding: "fills", now: undefined, before: undefined },
      ...{ why: "until batch 12000 it is without them", loses: undefined },
    };
    const { code, out } = await check([kept, window]);
    expect(code).toBe(0);
    expect(out).toMatch(/window {2}window at job\.ts:4:6 {2}fills up\n/);
    expect(out).toMatch(/\nThe window "window at job\.ts:4:6": until batch 12000 it is without them\.\n/);
  });

  test("exits with 1 if it would, and says how to let go of that", async () => {
    const { code, out } = await check([kept, gone]);
    expect(code).toBe(1);
    expect(out).toContain(
      'The state "totals": the job has no state of that name now. It would lose the keys in 2 of 2 partitions.',
    );
    expect(out).toMatch(/To let go of that data: --drop totals\n$/);
    expect(JSON.parse((await check([gone], "--json")).out)).toMatchObject({
      lost: true,
      findings: [{ name: "totals" }],
    });
  });

  test("compares under the name that the job is submitted with", async () => {
    const names: (string | undefined)[] = [];
    const checkCheckpoint: Engine["checkCheckpoint"] = async ({ name }) => {
      names.push(name);
      return [kept];
    };
    for (const more of [[], ["--name", "totals"]])
      await session({ engine: { checkCheckpoint } }).run("checkpoint", "check", "job.ts", "/c", ...more);
    expect(names).toEqual([undefined, "totals"]);
  });

  test("passes on why it could not be compared", async () => {
    const other = errorKind("CHECKPOINT_OTHER_JOB", "user")("the directory belongs to another job.");
    const cli = session({ engine: { checkCheckpoint: () => Promise.reject(other) } });
    const { code, err } = await cli.run("checkpoint", "check", "job.ts", "/c");
    expect([code, err]).toEqual([2, `${other.message}\n`]);
  });
});

describe("millrace checkpoint inspect", () => {
  const inspect = (found: CheckpointReport, ...more: readonly string[]) =>
    session({ engine: { inspectCheckpoint: async () => found } }).run("checkpoint", "inspect", "/c", ...more);

  test("shows a table, or JSON", async () => {
    const { code, out } = await inspect(report);
    expect(code).toBe(0);
    expect(out).toMatch(/pending .*\(2000\), to run again, but for 1 outputs that are committed/);
    expect(out).toMatch(/totals {2}updateStateByKey +1 +2 +3 +4/);
    expect(out).toMatch(/dropped +visits/);
    expect(JSON.parse((await inspect(report, "--json")).out)).toEqual(report);
  });

  test("exits with 1 if a file is damaged", async () => {
    const { code, out } = await inspect({
      ...report,
      damaged: [{ path: "/c/state/x", why: "[STATE_DELTA_CORRUPT] it is" }],
    });
    expect(code).toBe(1);
    expect(out).toContain("damaged     /c/state/x: [STATE_DELTA_CORRUPT] it is\n");
  });
});

test("--drop of run and submit may be repeated", async () => {
  const dropped: (readonly string[])[] = [];
  const run = session({
    engine: {
      runEmbedded: async ({ drop }) => {
        dropped.push(drop);
        return undefined;
      },
    },
  });
  await run.run("run", "job.ts", "--drop", "a", "--drop", "b");
  await run.run("run", "job.ts");
  const submit = session({
    operator: {
      submit: async ({ drop }) => {
        dropped.push(drop);
        throw new Error("enough");
      },
    },
  });
  await submit.run("submit", "job.ts", "--drop", "c");
  expect(dropped).toEqual([["a", "b"], [], ["c"]]);
});
