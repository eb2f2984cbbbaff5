import { rmSync } from "node:fs";
import { join } from "node:path";
import { executorId } from "@millrace/base";
import { blockId, fnSlot, shuffleBlockId, shuffleId, stageRunId } from "@millrace/plan";
import { afterEach, describe, expect, test } from "vitest";
import { blockOf, cleanUp, clusterLab, type Lab, localLab, map, rows, template } from "./job-executor.fixture.ts";

afterEach(cleanUp);

const run = stageRunId(1);
const collect = { kind: "collect" } as const;
const inline = (...records: readonly unknown[]) => ({ kind: "inline", block: blockOf(records) }) as const;
const doubling = template("double", { ops: [map(0)], sink: collect, functions: ["double"] });
const counting = template("count", {
  ops: [map(0)],
  sink: {
    kind: "shuffle",
    partitioner: { kind: "hash", partitions: 2 },
    combine: { create: undefined, mergeValue: fnSlot(1), mergeCombiners: fnSlot(1) },
  },
  functions: ["pair", "add"],
});
const totals = template("totals", {
  source: {
    kind: "shuffle",
    feed: { kind: "shuffle", input: 0 },
    aggregate: { kind: "combine", mapSide: true, create: undefined, mergeValue: fnSlot(0), mergeCombiners: fnSlot(0) },
  },
  sink: collect,
  functions: ["add"],
});

function resultOf(outcome: Awaited<ReturnType<Lab["remote"]["run"]>>): unknown[] {
  if (outcome.kind !== "result" || outcome.result.kind !== "inline") throw new Error(JSON.stringify(outcome));
  return rows(outcome.result.block);
}

describe("a task", () => {
  test("gets its inputs from the message and from the driver, and returns its result", async () => {
    const { remote, put } = await localLab();
    remote.stage(1, doubling);
    expect(resultOf(await remote.run({ run, inputs: [inline(1, 2)] }))).toEqual([2, 4]);
    const inputs = [{ kind: "blocks", blocks: [put("b/0", blockOf([5])), put("b/1", blockOf([6]))] }] as const;
    expect(resultOf(await remote.run({ run, partition: 1, inputs }))).toEqual([10, 12]);
  });

  test("with a result past 64 KB leaves it as a block until it is dropped", async () => {
    const { remote, read } = await localLab();
    remote.stage(1, doubling);
    const many = Array.from({ length: 100_000 }, (_, i) => i + 0.5);
    const outcome = await remote.run({ run, inputs: [inline(...many)] });
    if (outcome.kind !== "result" || outcome.result.kind !== "block") throw new Error(outcome.kind);
    const { id, bytes } = outcome.result;
    expect((await read(id))?.byteLength).toBe(bytes);
    remote.send({ type: "dropBlocks", blocks: [id] });
    remote.stage(2, doubling);
    await remote.run({ run: stageRunId(2), inputs: [inline(1)] });
    expect(await read(id)).toBeUndefined();
  });

  test("that throws fails with the user's error; the slot continues", async () => {
    const { remote } = await localLab();
    remote.stage(1, template("fail", { ops: [map(0)], sink: collect, functions: ["fail"] }));
    remote.stage(2, doubling);
    expect(await remote.run({ run, inputs: [inline(7)] })).toMatchObject({
      kind: "failed",
      error: { kind: { code: "USER_CODE_FAILED" }, cause: { name: "RangeError", message: "no 7" } },
    });
    expect(resultOf(await remote.run({ run: stageRunId(2), inputs: [inline(1)] }))).toEqual([2]);
  });

  test("whose input has no holder reports the block and the holder", async () => {
    const { remote } = await localLab();
    remote.stage(1, doubling);
    const gone = { id: blockId("gone"), bytes: 9, at: ["driver"] } as const;
    expect(await remote.run({ run, inputs: [{ kind: "blocks", blocks: [gone] }] })).toMatchObject({
      kind: "fetchFailed",
      block: "gone",
      holder: "driver",
      error: { kind: { code: "BLOCK_NOT_HELD" } },
    });
    const elsewhere = { ...gone, at: [executorId("e-9")] };
    expect(await remote.run({ run, partition: 1, inputs: [{ kind: "blocks", blocks: [elsewhere] }] })).toMatchObject({
      kind: "fetchFailed",
      holder: "e-9",
    });
  });

  test("whose input was spilled here and has vanished from the disk has the parent stage run again", async () => {
    const { remote, put, workDir } = await localLab({ poolBytes: 1 << 20 });
    const shuffle = shuffleId(4);
    remote.stage(1, counting, { writes: { shuffle, partitions: 2 } });
    const words = put("words", blockOf(Array.from({ length: 30_000 }, (_, i) => `${"a long word ".repeat(8)}${i}`)));
    const mapped = await remote.run({ run, inputs: [{ kind: "blocks", blocks: [words] }] });
    if (mapped.kind !== "mapOutput") throw new Error(JSON.stringify(mapped));
    expect(mapped.metrics.spilledBytes).toBeGreaterThan(1 << 20);
    rmSync(join(workDir, "blocks"), { recursive: true });
    remote.stage(2, totals);
    const block = { id: shuffleBlockId(shuffle, 0, 0, 1), bytes: mapped.bytes[1] ?? 0, at: [executorId("e-1")] };
    const reduce = (attempt: number) =>
      remote.run({ run: stageRunId(2), partition: 1, attempt, inputs: [{ kind: "blocks", blocks: [block] }] });
    const lost = { kind: "fetchFailed", block: block.id, holder: "e-1" };
    expect(await reduce(0)).toMatchObject({ ...lost, error: { kind: { code: "BLOCK_LOST" } } });
    expect(await reduce(1)).toMatchObject({ ...lost, error: { kind: { code: "BLOCK_NOT_HELD" } } });
  });

  test("that was never announced fails by name", async () => {
    const { remote } = await localLab();
    expect(await remote.run({ run: stageRunId(99), inputs: [] })).toMatchObject({
      kind: "failed",
      error: { kind: { code: "STAGE_UNKNOWN" } },
    });
  });
});

describe("a slot", () => {
  test("whose task loops for ever is terminated when it is cancelled; a new one takes over its templates and stages", async () => {
    const { remote } = await localLab();
    remote.stage(1, template("loop", { ops: [map(0)], sink: collect, functions: ["loop"] }));
    remote.stage(2, doubling);
    const outcome = remote.run({ run, inputs: [inline(1)] });
    const behind = remote.run({ run: stageRunId(2), inputs: [inline(4)] });
    remote.send({ type: "cancel", task: { run, partition: 0, attempt: 0 } });
    expect(await outcome).toEqual({ kind: "cancelled" });
    expect(resultOf(await behind)).toEqual([8]);
  });

  test("whose task calls process.exit loses that task only", async () => {
    const { remote } = await localLab();
    remote.stage(1, template("exit", { ops: [map(0)], sink: collect, functions: ["exit"] }));
    remote.stage(2, doubling);
    expect(await remote.run({ run, inputs: [inline(1)] })).toMatchObject({
      kind: "failed",
      error: { kind: { code: "SLOT_EXITED" } },
    });
    expect(resultOf(await remote.run({ run: stageRunId(2), inputs: [inline(1)] }))).toEqual([2]);
  });

  test("drops a template, gets it again when it is sent again, and its successor has no others", async () => {
    const { remote } = await localLab();
    remote.stage(1, doubling);
    expect(resultOf(await remote.run({ run, inputs: [inline(1)] }))).toEqual([2]);
    remote.send({ type: "stageDone", run });
    remote.send({ type: "dropTemplates", templates: [doubling.id] });
    const without = { kind: "failed", error: { message: expect.stringContaining("template double was not sent") } };
    remote.begin(2, doubling);
    expect(await remote.run({ run: stageRunId(2), inputs: [inline(1)] })).toMatchObject(without);

    remote.stage(3, doubling); // immediately after the drop, as a launch may be
    expect(resultOf(await remote.run({ run: stageRunId(3), inputs: [inline(3)] }))).toEqual([6]);
    remote.send({ type: "stageDone", run: stageRunId(3) });
    remote.send({ type: "dropTemplates", templates: [doubling.id] });
    remote.stage(4, doubling);
    expect(resultOf(await remote.run({ run: stageRunId(4), inputs: [inline(4)] }))).toEqual([8]);

    remote.send({ type: "dropTemplates", templates: [doubling.id] });
    remote.stage(5, template("exit", { ops: [map(0)], sink: collect, functions: ["exit"] }));
    expect(await remote.run({ run: stageRunId(5), inputs: [inline(1)] })).toMatchObject({ kind: "failed" });
    remote.begin(6, doubling);
    expect(await remote.run({ run: stageRunId(6), inputs: [inline(1)] })).toMatchObject(without);
  });

  test("drops a cancelled task that only waits for it at once", async () => {
    const { remote } = await localLab();
    remote.stage(1, template("loop", { ops: [map(0)], sink: collect, functions: ["loop"] }));
    void remote.run({ run, inputs: [inline(1)] });
    const waiting = remote.run({ run, partition: 1, inputs: [inline(1)] });
    remote.send({ type: "cancel", task: { run, partition: 1, attempt: 0 } });
    expect(await waiting).toEqual({ kind: "cancelled" });
  });
});

test("a job whose module-level code throws is reported as failed, and the executor ends", async () => {
  const { remote, executor } = await localLab({ code: `throw new Error("no database");`, awaitReady: false });
  expect(await remote.take("failed")).toMatchObject({
    error: { kind: { code: "ARTEFACT_LOAD_FAILED" }, message: expect.stringContaining("no database") },
  });
  expect(await executor.ended).toMatchObject({ code: "ARTEFACT_LOAD_FAILED" });
});

test("a job that was bundled for another major version of the API is not loaded, and the executor ends", async () => {
  const { remote, executor } = await localLab({ apiVersion: "77.1.0", awaitReady: false });
  expect(await remote.take("failed")).toMatchObject({
    error: {
      kind: { code: "ARTEFACT_VERSION" },
      message: expect.stringMatching(/bundled for millrace 77\.1\.0.*runs millrace/),
    },
  });
  expect(await executor.ended).toMatchObject({ code: "ARTEFACT_VERSION" });
});

test("small map output travels with its status, and its reader fetches nothing", async () => {
  const [first, second] = await clusterLab(2);
  if (first === undefined || second === undefined) throw new Error("two executors were asked for");
  const shuffle = shuffleId(4);
  first.remote.stage(1, counting, { writes: { shuffle, partitions: 2 } });
  const mapped = await first.remote.run({ run, inputs: [inline("a", "b", "a")] });
  if (mapped.kind !== "mapOutput") throw new Error(JSON.stringify(mapped));
  second.remote.stage(2, totals);
  const blocks = (mapped.copies ?? []).flatMap((copy, reduce) =>
    copy.byteLength === 0
      ? []
      : [{ id: shuffleBlockId(shuffle, 0, 0, reduce), bytes: copy.byteLength, at: [executorId("nobody")], copy }],
  );
  const counted = await second.remote.run({ run: stageRunId(2), inputs: [{ kind: "blocks", blocks }] });
  expect(new Map(resultOf(counted) as [string, number][])).toEqual(
    new Map([
      ["a", 2],
      ["b", 1],
    ]),
  ); // as the template gives them
});

test("map output of one executor is reduced by another, over the wire", async () => {
  const [first, second] = await clusterLab(2);
  if (first === undefined || second === undefined) throw new Error("two executors were asked for");
  const shuffle = shuffleId(4);
  first.remote.stage(1, counting, { writes: { shuffle, partitions: 2 } });
  const mapped = await first.remote.run({ run, inputs: [inline("a", "b", "a", "c")] });
  if (mapped.kind !== "mapOutput") throw new Error(JSON.stringify(mapped));
  second.remote.stage(2, totals);
  const counts: unknown[] = [];
  for (const [reduce, bytes] of mapped.bytes.entries()) {
    const blocks = bytes === 0 ? [] : [{ id: shuffleBlockId(shuffle, 0, 0, reduce), bytes, at: [executorId("e-1")] }];
    const inputs = [{ kind: "blocks", blocks }] as const;
    counts.push(...resultOf(await second.remote.run({ run: stageRunId(2), partition: reduce, inputs })));
  }
  expect(new Map(counts as [string, number][])).toEqual(
    new Map([
      ["a", 2],
      ["b", 1],
      ["c", 1],
    ]),
  ); // as the templates give them
  first.remote.send({ type: "dropShuffles", shuffles: [shuffle] });
  first.remote.stage(3, doubling);
  await first.remote.run({ run: stageRunId(3), inputs: [inline(1)] });
  expect(await first.read(shuffleBlockId(shuffle, 0, 0, 0))).toBeUndefined();
});
