import { type EpochMs, epochMs } from "@millrace/base";
import type { BatchInput, BatchLogEntry, LoggedBatches } from "@millrace/plan";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { statesAt } from "./batch-script.fixture.ts";
import { recallBatches, resumedBatches } from "./logged-batches.ts";

const input = (time: number, records = 1): BatchInput => ({
  time: epochMs(time),
  inputs: new Map([["queue", { kind: "unlogged", records }]]),
});
const empty: LoggedBatches = {
  zeroTime: epochMs(0),
  committed: { last: epochMs(0), states: new Map() },
  remembered: [],
  pending: undefined,
  memories: new Map(),
  memoriesAt: epochMs(0),
  received: new Map(),
};
const base: Extract<BatchLogEntry, { readonly kind: "base" }> = {
  kind: "base",
  identity: { name: "job", id: "5f3a", batchIntervalMs: 100 },
  parts: { states: [], sources: [], outputs: [] },
  dropped: [],
  base: empty,
};
const output = { id: 1, name: "print-0", label: "print" };
const planned = (time: number, records = 1): BatchLogEntry => ({ kind: "planned", input: input(time, records) });
const prepared = (time: number): BatchLogEntry => ({
  kind: "prepared",
  time: epochMs(time),
  prepared: { states: new Map(), outputs: [] },
});
const committed = (time: number, states: readonly string[] = []): BatchLogEntry => ({
  kind: "committed",
  time: epochMs(time),
  states: statesAt(time, ...states),
});
const abandoned = (time: number): BatchLogEntry => ({ kind: "abandoned", time: epochMs(time), done: [output] });

describe("from its log a job goes on", () => {
  const resumed = (...entries: readonly BatchLogEntry[]) => {
    const found = recallBatches([base, ...entries]);
    return found && resumedBatches(found);
  };

  test("from nothing if nothing was logged", () => {
    expect(recallBatches([])).toBeUndefined();
    expect(resumed()).toMatchObject({ last: 0, pending: undefined });
  });

  test("with the batch after the last that is committed, on the versions of its states", () => {
    expect(
      resumed(planned(100), committed(100, ["a", "b"]), planned(200), prepared(200), committed(200, ["a"])),
    ).toEqual({
      zeroTime: 0,
      last: 200,
      committed: {
        last: 200,
        states: new Map([...statesAt(200, "a"), ...statesAt(100, "b")]),
      },
      pending: undefined,
    });
  });

  test("with the heads of the former number of partitions, once a batch has changed it", () => {
    const heads = (batch: number, partitions: number) => ({
      batch: epochMs(batch),
      partitions,
      heads: new Array<undefined>(partitions).fill(undefined),
    });
    const commit = (time: number, partitions: number): BatchLogEntry => ({
      kind: "committed",
      time: epochMs(time),
      states: new Map([["a", heads(time, partitions)]]),
    });
    const entries = [planned(100), commit(100, 2), planned(200), commit(200, 3), planned(300), commit(300, 3)];
    expect(resumed(...entries)?.committed.states.get("a")).toEqual({
      ...heads(300, 3),
      former: { until: 200, heads: heads(100, 2) },
    });
  });

  test("with a batch that was planned, which runs again", () => {
    const found = resumed(planned(100), committed(100), planned(200));
    expect(found).toMatchObject({ last: 200, committed: { last: 100 }, pending: { time: 200, prepared: undefined } });
  });

  test("with a batch whose outputs were complete, whose commit is finished", () => {
    expect(resumed(planned(100), prepared(100))?.pending?.prepared).toEqual({ states: new Map(), outputs: [] });
  });

  test("with a batch whose commit was refused, which runs again without what is committed", () => {
    const found = recallBatches([base, planned(100), prepared(100), abandoned(100), planned(100, 7)]);
    expect(found?.pending).toMatchObject({ prepared: undefined, done: [output], inputs: input(100, 7).inputs });
  });

  test("from the last base, whatever was before it", () => {
    expect(recallBatches([base, planned(100), base, planned(300)])?.pending?.time).toBe(300);
  });

  test.each([
    ["no base", [planned(100)]],
    ["a batch before the last one", [base, planned(200), committed(200), planned(100)]],
    ["a second batch before the first is committed", [base, planned(100), planned(200)]],
    ["a batch that is prepared and planned again", [base, planned(100), prepared(100), planned(100)]],
    ["an end without a plan", [base, committed(100)]],
    ["an end of another batch", [base, planned(100), committed(200)]],
    ["outputs without a plan", [base, prepared(100)]],
  ])("but not with %s", (_, entries) => {
    expect(() => recallBatches(entries)).toThrow("CHECKPOINT_INCONSISTENT");
  });
});

test("killed after any entry, each batch is committed once, in order, with one input", () => {
  const steps = fc.array(fc.constantFrom("plan", "prepare", "commit", "abandon", "kill", "rebase"), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (script) => {
      const log: BatchLogEntry[] = [base];
      const ran: EpochMs[] = [];
      // The model of a run, which only knows what the log says whenever it was killed.
      let state = recallBatches(log) ?? empty;
      const write = (entry: BatchLogEntry): void => {
        log.push(entry);
        state = recallBatches(log) ?? empty;
      };
      for (const step of script) {
        const { pending, committed: done } = state;
        if (step === "kill") expect(recallBatches(structuredClone(log))).toEqual(state);
        else if (step === "rebase") write({ ...base, base: state });
        else if (step === "plan" && pending === undefined) write(planned(done.last + 100, done.last));
        else if (step === "prepare" && pending?.prepared === undefined && pending) write(prepared(pending.time));
        else if (step === "abandon" && pending?.prepared) write(abandoned(pending.time));
        else if (step === "commit" && pending) {
          ran.push(pending.time);
          expect(pending.inputs).toEqual(input(pending.time, pending.time - 100).inputs);
          write(committed(pending.time));
        }
      }
      expect(ran).toEqual(ran.map((_, i) => (i + 1) * 100));
      expect(state.committed.last).toBe(ran.length * 100);
      expect(state.remembered.map(({ time }) => time)).toEqual(ran);
    }),
  );
});
