import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Deferred, deferred, type EngineError, epochMs, ManualClock, millis, ThreadOutput } from "@millrace/base";
import { decodeBlock, emptyClassTable, encodeBlock, encodeCaptures } from "@millrace/codec";
import { fnSlot, type StageTemplate, stageRunId, type TemplateId } from "@millrace/plan";
import { BlockPool } from "@millrace/storage";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { SlotThread } from "./slot-thread.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-slot-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const pool = BlockPool.create({ bytes: 8 * 1024 ** 2 });
const clock = new ManualClock(epochMs(0));
let threads: SlotThread[] = [];
afterEach(async () => {
  await Promise.all(threads.map((thread) => thread.terminate()));
  threads = [];
});

let modules = 0;
/** The first error that failed no task. */
let stray: Deferred<Error>;
beforeEach(() => {
  stray = deferred();
});

/** Writes an executor's build by hand; `hooks` is what a bundled one finds. */
async function start(code: string, heapBytes = 64 * 1024 ** 2): Promise<SlotThread> {
  const executorModule = join(directory, `job-${modules++}.mjs`);
  writeFileSync(executorModule, `const hooks = globalThis[Symbol.for("millrace.job")];\n${code}`);
  const thread = await SlotThread.start({
    slot: 0,
    pool,
    heapBytes,
    moreHeap: (bytes) => `raise executor.slot.heap to ${bytes / 1024 ** 2}m`,
    lineBytesMax: 1024 ** 2,
    spillBytes: 1024 ** 2,
    snapshotDeltas: 100,
    checkpointSync: false,
    stateStore: "memory",
    workDir: directory,
    executorModule,
    cancelGraceMs: millis(100),
    clock,
    output: new ThreadOutput(() => undefined),
    onStray: (error) => stray.resolve(error),
  });
  threads.push(thread);
  return thread;
}

const template: StageTemplate = {
  id: "t" as TemplateId,
  pipeline: { source: { kind: "blocks", input: 0 }, ops: [{ kind: "map", fn: fnSlot(0), label: "map at job.ts:1:1" }] },
  sink: { kind: "collect" },
  functions: ["job.ts#0"],
};
const run = stageRunId(1);

/** `captures` by slot of the template's functions. */
function begin(thread: SlotThread, of = template, captures: readonly unknown[][] = []): void {
  thread.loadTemplate(of);
  thread.startStage({
    run,
    batch: epochMs(1000),
    templates: [of.id],
    captures: [
      captures.length === 0
        ? new Uint8Array(0)
        : encodeCaptures(captures, { classes: emptyClassTable, reference: () => undefined }),
    ],
    broadcasts: [],
    partitions: 1,
  });
}

function task(thread: SlotThread, records: unknown[] = [1, 2]) {
  const block = encodeBlock(records, emptyClassTable);
  return thread.run({ run, partition: 0, attempt: 0, template: 0, slot: 0, inputs: [{ kind: "inline", block }] });
}

async function failure(promise: Promise<unknown>): Promise<EngineError> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: EngineError) => error,
  );
}

describe("a slot's thread", () => {
  test("runs tasks one after the other", async () => {
    const thread = await start(`hooks.define("job.ts#0", () => (n) => n * 2);`);
    begin(thread);
    for (const n of [1, 2]) {
      const outcome = await task(thread, [n, 10]);
      if (outcome.kind !== "result" || outcome.result.kind !== "inline") throw new Error(JSON.stringify(outcome));
      expect(decodeBlock(outcome.result.block, emptyClassTable)).toEqual([2 * n, 20]);
    }
  });

  test("reports a user's error as the task's, and lives on", async () => {
    const thread = await start(
      `hooks.define("job.ts#0", () => (n) => { if (n === 1) throw new TypeError("no"); return n; });`,
    );
    begin(thread);
    expect(await task(thread, [1])).toMatchObject({ kind: "failed", error: { kind: { code: "USER_CODE_FAILED" } } });
    expect(await task(thread, [2])).toMatchObject({ kind: "result" });
  });

  test("provides the job with the module that it imports as millrace, and the task's context", async () => {
    const thread = await start(`
      const { TaskContext } = globalThis[Symbol.for("millrace.module")];
      hooks.define("job.ts#0", () => () => TaskContext.get().batchTime);`);
    begin(thread);
    const outcome = await task(thread, [1]);
    if (outcome.kind !== "result" || outcome.result.kind !== "inline") throw new Error(JSON.stringify(outcome));
    expect(decodeBlock(outcome.result.block, emptyClassTable)).toEqual([1000]);
  });
});

describe("only the thread ends, and the cause is reported", () => {
  test("when the artefact does not load", async () => {
    const error = await failure(start(`throw new RangeError("at module level");`));
    expect(error).toMatchObject({ code: "ARTEFACT_LOAD_FAILED", blame: "user" });
    expect(error.message).toContain("at module level");
  });

  test("when user code calls process.exit", async () => {
    const thread = await start(`hooks.define("job.ts#0", () => function leave() { process.exit(3); });`);
    begin(thread);
    const error = await failure(task(thread));
    expect(error).toMatchObject({ code: "SLOT_EXITED", blame: "user" });
    expect(error.message).toMatch(/process\.exit\(3\) on slot 0, at leave/);
    expect(await thread.closed).toBe(error);
    expect(thread.alive).toBe(false);
    expect(await failure(task(thread))).toBe(error);
  });

  test("when a timer's error is not caught", async () => {
    const thread = await start(`
      hooks.define("job.ts#0", () => () => { setTimeout(() => { throw new Error("later"); }); });
      hooks.define("wait", () => () => new Promise(() => {}));`);
    begin(thread, {
      ...template,
      functions: ["job.ts#0", "wait"],
      sink: { kind: "foreach", fn: fnSlot(1), label: "foreach" },
    });
    const error = await failure(task(thread));
    expect(error).toMatchObject({ code: "SLOT_CRASHED", blame: "user" });
    expect(error.message).toContain("Error: later");
  });

  test("when a promise without a handler rejects while the task runs", async () => {
    const thread = await start(`
      hooks.define("job.ts#0", () => (n) => { Promise.reject(new Error("lost")); return n; });
      hooks.define("wait", () => () => new Promise(() => {}));`);
    begin(thread, {
      ...template,
      functions: ["job.ts#0", "wait"],
      sink: { kind: "foreach", fn: fnSlot(1), label: "foreach" },
    });
    expect(await failure(task(thread))).toMatchObject({
      code: "SLOT_CRASHED",
      message: expect.stringContaining("Error: lost"),
    });
  });

  test("when its heap is full", async () => {
    const thread = await start(
      `const kept = []; hooks.define("job.ts#0", () => () => { for (;;) kept.push(new Array(1000).fill(kept.length)); });`,
      32 * 1024 ** 2,
    );
    begin(thread);
    const error = await failure(task(thread));
    expect(error).toMatchObject({ code: "SLOT_OUT_OF_MEMORY", blame: "user" });
    expect(error.message).toMatch(
      /heap of 32m while it computed partition 0 of stage 1, of \d+ B of input .*, or raise executor.slot.heap to 64m/,
    );
  });
});

describe("a cancelled task", () => {
  test("ends by itself between records", async () => {
    const thread = await start(`hooks.define("job.ts#0", () => function* () { for (;;) yield 1; });`);
    begin(thread, {
      ...template,
      pipeline: { ...template.pipeline, ops: [{ kind: "flatMap", fn: fnSlot(0), label: "flatMap" }] },
      sink: { kind: "count" },
    });
    const outcome = task(thread);
    thread.cancel({ run, partition: 0, attempt: 1 }); // another attempt
    thread.cancel({ run, partition: 0, attempt: 0 });
    expect(await outcome).toEqual({ kind: "cancelled" });
    expect(thread.alive).toBe(true);
  });

  test("that does not stop is ended with its thread after the grace period", async () => {
    const thread = await start(`hooks.define("job.ts#0", () => () => { for (;;); });`);
    begin(thread);
    const outcome = failure(task(thread));
    thread.cancel({ run, partition: 0, attempt: 0 });
    clock.advance(millis(100));
    expect(await outcome).toMatchObject({ code: "SLOT_TERMINATED" });
  });

  test.each([
    ["the command that it waits for", "exec sleep 1000 >"],
    ["what that command started", "sleep 1000 >"],
  ])("takes along %s", async (_, sleeps) => {
    const fifo = join(mkdtempSync(join(directory, "held-")), "fifo");
    execFileSync("mkfifo", [fifo]);
    const thread = await start("");
    const pipe: StageTemplate = {
      ...template,
      pipeline: { ...template.pipeline, ops: [{ kind: "mapPartitions", fn: fnSlot(0), label: "pipe" }] },
      functions: ["millrace:pipe"],
    };
    begin(thread, pipe, [[["sh", "-c", `read line; ${sleeps} ${fifo}; echo`], {}]]);
    const outcome = failure(task(thread));
    const held = createReadStream(fifo).resume();
    await once(held, "open"); // the command is there
    thread.cancel({ run, partition: 0, attempt: 0 });
    clock.advance(millis(100));
    expect(await outcome).toMatchObject({ code: "SLOT_TERMINATED" });
    await once(held, "end"); // and is no more
  });
});

test("a promise that rejects after its task is reported, and the thread survives", async () => {
  const thread = await start(
    `hooks.define("job.ts#0", () => (n) => { Promise.reject(new Error("lost")); return n; });`,
  );
  begin(thread);
  await task(thread);
  expect(await stray.promise).toMatchObject({
    code: "UNHANDLED_REJECTION",
    message: expect.stringContaining("Error: lost"),
  });
  expect(await task(thread)).toMatchObject({ kind: "result" });
});

describe("a thread that settles", () => {
  test("ends by itself when nothing is pending, which is an orderly end", async () => {
    const thread = await start(`hooks.define("job.ts#0", () => (n) => { setTimeout(() => {}, 5); return n; });`);
    begin(thread);
    await task(thread);
    expect(await thread.settle()).toBeUndefined();
    expect(thread.alive).toBe(false);
  });

  test("reports the error of a timer that a task left behind", async () => {
    const thread = await start(
      `hooks.define("job.ts#0", () => (n) => { setTimeout(() => { throw new Error("in a timer"); }, 5); return n; });`,
    );
    begin(thread);
    await task(thread, [1]);
    const end = await thread.settle();
    expect(end).toMatchObject({ code: "SLOT_CRASHED" });
    expect(end?.message).toMatch(/Error: in a timer.*no task ran on it, nothing is retried/);
  });

  test("can be ended while something is pending", async () => {
    const thread = await start(`hooks.define("job.ts#0", () => (n) => { setInterval(() => {}, 5); return n; });`);
    begin(thread);
    await task(thread);
    const end = thread.settle();
    await thread.terminate();
    expect(await end).toBeUndefined();
  });
});

test("terminate on an idle thread is an orderly end", async () => {
  const thread = await start("");
  await thread.terminate();
  expect(await thread.closed).toBeUndefined();
});
