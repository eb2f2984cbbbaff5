import { decodeBlock, emptyClassTable, encodeValue } from "@millrace/codec";
import { fnSlot, type Source, type StageSink } from "@millrace/plan";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { op, TestSlot } from "../slot/test-slot.fixture.ts";
import type { ResolvedInput, SlotOutcome } from "../task.ts";

const source: Source = { kind: "external", input: 0, read: fnSlot(0), label: "tickets" };
const sink: StageSink = { kind: "external", open: fnSlot(0), label: "archive" };
const range = (value: unknown): ResolvedInput => ({ kind: "external", range: encodeValue(value, emptyClassTable) });

let slot: TestSlot;
beforeEach(() => {
  slot = new TestSlot();
});
afterEach(() => slot.remove());

function recordsOf(outcome: SlotOutcome): unknown[] {
  if (outcome.kind !== "result" || outcome.result.kind !== "inline") throw new Error(JSON.stringify(outcome));
  return decodeBlock(outcome.result.block, emptyClassTable);
}

describe("a source that the engine does not know", () => {
  const upTo = ({ from, to }: { from: number; to: number }): number[] =>
    Array.from({ length: to - from }, (_, i) => from + i);

  test.each<[string, (of: { from: number; to: number }) => unknown]>([
    ["an array", upTo],
    ["an iterable", (of) => upTo(of).values()],
    ["a promise", async (of) => upTo(of)],
    [
      "an async iterable",
      async function* (of) {
        yield* upTo(of);
      },
    ],
  ])("gives the records of its range as %s, which operators take, and which count as read", async (_, read) => {
    const outcome = await slot.run({
      source,
      ops: [op("map", 1)],
      functions: [read, (n: number) => n * 10],
      inputs: [range({ from: 2, to: 5 })],
    });
    expect(recordsOf(outcome)).toEqual([20, 30, 40]);
    expect(outcome).toMatchObject({ metrics: { recordsIn: 3, recordsOut: 3 } });
  });

  test("fails its task under its label when it throws half-way", async () => {
    const read = function* (): Generator<number> {
      yield 1;
      throw new Error("the partition is gone");
    };
    expect(await slot.run({ source, functions: [read], inputs: [range(null)] })).toMatchObject({
      kind: "failed",
      error: { message: expect.stringMatching(/tickets.*the partition is gone/) },
    });
  });

  test("is closed when no more records are needed", async () => {
    let returned = false;
    const read = function* (): Generator<number> {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        returned = true;
      }
    };
    const outcome = await slot.run({ source, functions: [read], inputs: [range(0)], limit: 2 });
    expect(recordsOf(outcome)).toEqual([0, 1]);
    expect(returned).toBe(true);
  });
});

describe("a sink that the engine does not know", () => {
  /** The calls of a writer, in order. */
  function archive(failing?: "write" | "prepare") {
    const told: unknown[] = [];
    const open = (task: unknown) => {
      told.push(task);
      return {
        write: async (records: readonly unknown[]) => {
          if (failing === "write") throw new Error("the disk is full");
          told.push(records.length);
        },
        prepare: () => {
          if (failing === "prepare") throw new Error("the disk is full");
          told.push("prepare");
          return { name: "part-3", records: 3 };
        },
        abort: async () => void told.push("abort"),
      };
    };
    return { told, open };
  }
  const stage = { source: { kind: "blocks", input: 0 } as const, sink, partition: 3, attempt: 1, batch: 5000 };

  test("is opened for the attempt, takes all records in batches, and reports its writes", async () => {
    const { told, open } = archive();
    const many = Array.from({ length: 2500 }, (_, i) => i);
    const outcome = await slot.run({ ...stage, functions: [open], inputs: [slot.input(many)] });
    expect(told).toEqual([{ time: 5000, partition: 3, attempt: 1 }, 1024, 1024, 452, "prepare"]);
    expect(recordsOf(outcome)).toEqual([{ name: "part-3", records: 3 }]);
  });

  test("is opened and prepared for a partition without records", async () => {
    const { told, open } = archive();
    await slot.run({ ...stage, functions: [open], inputs: [slot.input([])] });
    expect(told).toEqual([{ time: 5000, partition: 3, attempt: 1 }, "prepare"]);
  });

  test.each(["write", "prepare"] as const)("aborts when its %s fails", async (failing) => {
    const { told, open } = archive(failing);
    expect(await slot.run({ ...stage, functions: [open], inputs: [slot.input([1])] })).toMatchObject({
      kind: "failed",
      error: { message: expect.stringMatching(/archive.*the disk is full/) },
    });
    expect(told.at(-1)).toBe("abort");
  });

  test("aborts when an operator before it throws", async () => {
    const { told, open } = archive();
    const fail = (): never => {
      throw new Error("no such ticket");
    };
    const outcome = await slot.run({
      ...stage,
      ops: [op("map", 1)],
      functions: [open, fail],
      inputs: [slot.input([1])],
    });
    expect(outcome).toMatchObject({ kind: "failed", error: { message: expect.stringContaining("no such ticket") } });
    expect(told.at(-1)).toBe("abort");
  });

  test("aborts when its task is cancelled", async () => {
    const { told, open } = archive();
    slot.cancelAfterChecks = 1;
    const many = Array.from({ length: 5000 }, (_, i) => i);
    const outcome = await slot.run({ ...stage, functions: [open], inputs: [slot.input(many)] });
    expect(outcome).toEqual({ kind: "cancelled" });
    expect(told.at(-1)).toBe("abort");
  });
});
