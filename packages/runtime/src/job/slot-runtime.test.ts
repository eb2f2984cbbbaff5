import { TaskContext } from "@millrace/api";
import { epochMs, ManualClock } from "@millrace/base";
import { decodeBlock, decodeValue, encodeBlock, encodeCaptures } from "@millrace/codec";
import { fnSlot, type StageTemplate, stageRunId, type TemplateId } from "@millrace/plan";
import { BlockPool, localFileSystems, readHandle, SpillDirectory } from "@millrace/storage";
import { beforeEach, describe, expect, test } from "vitest";
import type { ResolvedBroadcast, SlotOutcome } from "../task.ts";
import { FunctionTable } from "./function-table.ts";
import { SlotRuntime } from "./slot-runtime.ts";

const template: StageTemplate = {
  id: "t" as TemplateId,
  pipeline: { source: { kind: "blocks", input: 0 }, ops: [{ kind: "map", fn: fnSlot(0), label: "map at job.ts:1:1" }] },
  sink: { kind: "collect" },
  functions: ["job.ts#0"],
};

let functions: FunctionTable;
let runtime: SlotRuntime;
let pool: BlockPool;
let runs = 0;

beforeEach(() => {
  functions = new FunctionTable({ files: localFileSystems() });
  pool = BlockPool.create({ bytes: 1024 ** 2 });
  const spills = new SpillDirectory("/nonexistent", pool.owner);
  runtime = new SlotRuntime(
    {
      pool,
      newSpillFile: () => spills.newFile(),
      files: localFileSystems(),
      cancellation: { cancelled: () => false },
      clock: new ManualClock(epochMs(0)),
      heapUse: () => 0,
      lineBytesMax: 1024 ** 2,
      spillBytes: 1024 ** 2,
      snapshotDeltas: 100,
      checkpointSync: false,
    },
    functions,
  );
  runtime.loadTemplate(template);
});

/** The driver's encoding of references in captures: `{ tag, id, captures }` objects stand for them. */
class Reference {
  readonly tag: string;
  readonly id: string;
  readonly captures: readonly unknown[];
  constructor(tag: string, id: string, captures: readonly unknown[] = []) {
    this.tag = tag;
    this.id = id;
    this.captures = captures;
  }
}

const encode = (...captures: unknown[]) =>
  encodeCaptures([captures], {
    classes: functions.classes,
    reference: (value) =>
      value instanceof Reference ? { tag: value.tag, id: value.id, captures: value.captures } : undefined,
  });

async function run(
  captures: Uint8Array,
  broadcasts: readonly ResolvedBroadcast[] = [],
  attempt = 0,
): Promise<SlotOutcome> {
  const number = stageRunId(++runs);
  runtime.startStage({
    run: number,
    batch: epochMs(5000),
    templates: [template.id],
    captures: [captures],
    broadcasts,
    partitions: 3,
  });
  const block = encodeBlock([1, 2], functions.classes);
  const outcome = await runtime.runTask({
    run: number,
    partition: 3,
    attempt,
    template: 0,
    slot: 0,
    inputs: [{ kind: "inline", block }],
  });
  runtime.endStage(number);
  return outcome;
}

function records(outcome: SlotOutcome): unknown[] {
  if (outcome.kind !== "result" || outcome.result.kind !== "inline") throw new Error(JSON.stringify(outcome));
  return decodeBlock(outcome.result.block, functions.classes);
}

const added = (outcome: SlotOutcome) =>
  "accumulators" in outcome && outcome.accumulators.length > 0
    ? decodeValue(outcome.accumulators, functions.classes)
    : [];

describe("captured values", () => {
  test("are those of the run of the stage, not of the template", async () => {
    functions.define("job.ts#0", (by: number) => (n: number) => n * by);
    expect(records(await run(encode(2)))).toEqual([2, 4]);
    expect(records(await run(encode(10)))).toEqual([10, 20]);
  });

  test("may be functions, with captures of their own, built-ins, imports and classes", async () => {
    class Point {
      readonly x: unknown;
      constructor(x: unknown) {
        this.x = x;
      }
    }
    functions.defineClass("job.ts#Point", Point);
    functions.defineImport("pkg#double", (n: number) => n * 2);
    functions.define("job.ts#1", (by: number) => (n: number) => n + by);
    type F = (n: unknown) => number;
    functions.define(
      "job.ts#0",
      (add: F, sqrt: F, double: F, type: typeof Point) => (n: number) => new type([add(n), sqrt(n), double(n)]),
    );
    const captures = encode(
      new Reference("fn", "job.ts#1", [100]),
      new Reference("builtin", "global:Math.sqrt"),
      new Reference("import", "import:pkg#double"),
      new Reference("class", "job.ts#Point"),
    );
    const [first] = records(await run(captures));
    expect(first).toBeInstanceOf(Point);
    expect(first).toEqual(new Point([101, 1, 2]));
  });

  test("a function that the artefact does not have is named", async () => {
    const outcome = await run(new Uint8Array(0));
    expect(outcome).toMatchObject({
      kind: "failed",
      error: { message: expect.stringMatching(/FUNCTION_UNKNOWN.* function job\.ts#0/) },
    });
  });
});

describe("a broadcast variable", () => {
  const broadcast = (id: string, value: unknown): ResolvedBroadcast => ({
    id,
    source: {
      kind: "inline",
      block: encodeCaptures([[value]], { classes: functions.classes, reference: () => undefined }),
    },
  });

  test("is decoded once per thread, and again after it was dropped", async () => {
    functions.define("job.ts#0", (shared: { value: object }) => () => {
      seen.add(shared.value);
      return 0;
    });
    const seen = new Set<object>();
    const captures = encode(new Reference("broadcast", "broadcast/3"));
    await run(captures, [broadcast("broadcast/3", { a: 1 })]);
    await run(captures, [broadcast("broadcast/3", { a: 1 })]);
    expect([...seen]).toEqual([{ a: 1 }]);
    runtime.dropBroadcasts(["broadcast/3"]);
    await run(captures, [broadcast("broadcast/3", { a: 2 })]);
    expect([...seen]).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("that is not read is not decoded", async () => {
    functions.define("job.ts#0", () => (n: number) => n);
    const broken: ResolvedBroadcast = { id: "broadcast/4", source: { kind: "inline", block: new Uint8Array([1]) } };
    expect(records(await run(encode(new Reference("broadcast", "broadcast/4")), [broken]))).toEqual([1, 2]);
  });
});

describe("an accumulator", () => {
  const captures = () => encode(new Reference("accumulator", "7", ["long", "rows"]));

  test("returns the updates of the attempt", async () => {
    functions.define("job.ts#0", (rows: { add(n: number): void }) => (n: number) => rows.add(n));
    expect(added(await run(captures()))).toEqual([[7, "long", [3, 2]]]);
    expect(added(await run(captures()))).toEqual([[7, "long", [3, 2]]]);
  });

  test("is named if its updates cannot be sent", async () => {
    functions.define("job.ts#0", (all: { add(value: unknown): void }) => () => all.add(Promise.resolve(1)));
    const outcome = await run(encode(new Reference("accumulator", "9", ["collection", "seen"])));
    if (outcome.kind !== "failed") throw new Error(outcome.kind);
    expect(outcome.error.message).toMatch(/RECORD_NOT_ENCODABLE\] the collection accumulator seen: .* is a Promise/);
  });

  test("of the author adds up as the author says, from a zero of each attempt's own", async () => {
    functions.define("job.ts#0", (seen: { add(n: number): void }) => (n: number) => seen.add(n));
    functions.define("job.ts#zero", () => () => new Set());
    functions.define("job.ts#add", () => (set: Set<number>, n: number) => set.add(n));
    const spec = { zero: new Reference("fn", "job.ts#zero"), add: new Reference("fn", "job.ts#add") };
    const seen = () => encode(new Reference("accumulator", "8", ["custom", undefined, spec]));
    expect(added(await run(seen()))).toEqual([[8, "custom", new Set([1, 2])]]);
    expect(added(await run(seen()))).toEqual([[8, "custom", new Set([1, 2])]]);
  });

  test("returns nothing for a failed attempt, and nothing of it for the next one", async () => {
    let fail = true;
    functions.define("job.ts#0", (rows: { add(n: number): void }) => (n: number) => {
      rows.add(1);
      if (fail && n === 2) throw new Error("no");
    });
    expect((await run(captures())).kind).toBe("failed");
    fail = false;
    expect(added(await run(captures()))).toEqual([[7, "long", [2, 2]]]);
  });
});

describe("TaskContext", () => {
  const none = new Uint8Array(0);

  test("describes the task, and is available only during it", async () => {
    functions.define("job.ts#0", () => () => {
      const { partitionId, numPartitions, attemptNumber, batchTime, taskAttemptId, stageId } = TaskContext.get();
      const fits = taskAttemptId === `${stageId}/3/2`;
      return [partitionId, numPartitions, attemptNumber, batchTime, fits, TaskContext.get().isInterrupted()];
    });
    const [first] = records(await run(none, [], 2));
    expect(first).toEqual([3, 3, 2, 5000, true, false]);
    expect(() => TaskContext.get()).toThrow(/NO_TASK/);
  });

  test("calls listeners of completion at the end, the last one first", async () => {
    const log: unknown[] = [];
    functions.define("job.ts#0", () => (n: number) => {
      const context = TaskContext.get();
      context.addTaskCompletionListener((of) => log.push(`done ${n} ${of.isCompleted()} ${of.isFailed()}`));
      context.addTaskFailureListener(() => log.push("failed"));
      log.push(`running ${context.isCompleted()}`);
      return n;
    });
    expect((await run(none)).kind).toBe("result");
    expect(log).toEqual(["running false", "running false", "done 2 true false", "done 1 true false"]);
  });

  test("calls listeners of failure with the error, then those of completion", async () => {
    const log: unknown[] = [];
    functions.define("job.ts#0", () => (n: number) => {
      TaskContext.get().addTaskFailureListener((of, error) => {
        log.push(`${String(error).replace(/^.*threw /, "")} ${of.isCompleted()} ${of.isFailed()}`);
        of.addTaskFailureListener(() => log.push("too late, so at once"));
      });
      TaskContext.get().addTaskCompletionListener((of) => log.push(`done ${of.isFailed()}`));
      if (n === 1) throw new Error("no");
    });
    expect((await run(none)).kind).toBe("failed");
    expect(log).toEqual([
      expect.stringMatching(/^Error: no \(at slot-runtime.test.ts:\d+:\d+\)\..* false true$/),
      "too late, so at once",
      "done true",
    ]);
  });

  test("fails an attempt whose listener of completion throws, but calls the others", async () => {
    const log: unknown[] = [];
    functions.define("job.ts#0", () => (n: number) => {
      TaskContext.get().addTaskCompletionListener(() => {
        log.push(n);
        if (n === 2) throw new Error("no");
      });
    });
    const outcome = await run(none);
    expect(outcome).toMatchObject({ kind: "failed", error: { message: "no" } });
    expect(log).toEqual([2, 1]);
  });
});

test("a template that is dropped is gone with its program, until it is loaded again", async () => {
  functions.define("job.ts#0", () => (n: number) => n * 2);
  expect(records(await run(encode()))).toEqual([2, 4]);
  runtime.dropTemplates([template.id]);
  expect(await run(encode())).toMatchObject({
    kind: "failed",
    error: { message: expect.stringContaining("template t was not sent to this slot") },
  });
  runtime.loadTemplate(template);
  expect(records(await run(encode()))).toEqual([2, 4]);
});

test("the engine's own functions have the same results inlined as when called", async () => {
  const combine = { create: undefined, mergeValue: fnSlot(1), mergeCombiners: fnSlot(1) };
  const count: StageTemplate = {
    id: "count" as TemplateId,
    pipeline: { source: { kind: "blocks", input: 0 }, ops: [{ kind: "map", fn: fnSlot(0), label: "countByValue" }] },
    sink: { kind: "shuffle", partitioner: { kind: "hash", partitions: 1 }, combine },
    functions: ["millrace:pairWithOne", "millrace:add"],
  };
  const number = stageRunId(++runs);
  runtime.loadTemplate(count);
  runtime.startStage({
    run: number,
    batch: epochMs(1),
    templates: [count.id],
    captures: [new Uint8Array(0)],
    broadcasts: [],
    partitions: 1,
  });
  const block = encodeBlock(["a", "b", "a"], functions.classes);
  const outcome = await runtime.runTask({
    run: number,
    partition: 0,
    attempt: 0,
    template: 0,
    slot: 0,
    inputs: [{ kind: "inline", block }],
  });
  if (outcome.kind !== "mapOutput" || outcome.blocks[0] === undefined) throw new Error(JSON.stringify(outcome));
  const frames = [...readHandle(outcome.blocks[0], pool)];
  expect(frames.flatMap((frame) => decodeBlock(frame, functions.classes))).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
});
