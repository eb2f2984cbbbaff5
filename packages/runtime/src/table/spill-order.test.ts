import { SeededRng } from "@millrace/base";
import type { AnyFunction } from "@millrace/operators";
import { fnSlot, type Pipeline, type Source, type StageSink } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, shuffle, TestSlot, type TestStage } from "../slot/test-slot.fixture.ts";

const roomy = new TestSlot();
const small = new TestSlot({ spillBytes: 128 * 1024 });
const tiny = new TestSlot({ spillBytes: 8 * 1024 });
const restless = new TestSlot({ spillBytes: 192 * 1024 });
const slots = [roomy, small, tiny, restless];
afterAll(() => {
  for (const slot of slots) slot.remove();
});

/** So many pairs, a few keys more often than others; fractions, whose sums depend on the order of adding. */
function pairsOf(seed: number, count: number, keys: number): [unknown, unknown][] {
  const rng = new SeededRng(seed);
  return Array.from({ length: count }, (_, i) => {
    const n = rng.int(rng.int(keys) + 1);
    const key = n % 3 === 0 ? `key ${n}` : n % 3 === 1 ? n : [n, `of two parts, ${n}`];
    return [key, i % 11 === 0 ? 1e9 + i / 3 : i / 7];
  });
}

/** Few of a key. */
const evenly = (count: number, step: number): unknown[][] =>
  Array.from({ length: count }, (_, i) => [`key ${(i * step) % 2503}`, i]);

const left = pairsOf(1, 6000, 3000);
const right = pairsOf(2, 3000, 1500);
const fn = (f: (a: never, b: never) => unknown) => f as AnyFunction;
const add = fn((a: number, b: number) => a + b);
/** Says what was folded into what, and in which order. */
const note = fn((a: string, b: unknown) => `${a.length > 40 ? `${a.length}:${a.slice(-30)}` : a}+${b}`);
const begin = fn((a: unknown) => `<${a}>`);
/** A combiner that grows. */
const gather = fn((a: unknown[], b: unknown) => [...a, b]);
const one = fn((a: unknown) => [a]);

/** The output of a stage as text: the records of its result, or of each reduce partition; and the spilled bytes. */
async function outcome(slot: TestSlot, stage: Omit<TestStage, "inputs">, inputs: unknown[][]) {
  const done = await slot.done({ ...stage, inputs: inputs.map((records) => slot.input(records)) });
  const records = done.kind === "result" ? [slot.results(done)] : slot.partitions(done);
  expect(slot.spillFiles().length).toBe(0);
  return { records, checksum: done.kind === "mapOutput" ? done.checksum : 0, spilled: done.metrics.spilledBytes };
}

/** Faster than `toEqual` when they are. */
function expectSame(given: unknown, wanted: unknown): void {
  if (JSON.stringify(given) !== JSON.stringify(wanted)) expect(given).toEqual(wanted);
}

/** The same whether it all fits, spills late, at once, or whenever the heap happens to be full. */
async function sameWithAnyMemory(stage: Omit<TestStage, "inputs">, inputs: unknown[][] = [left, right]) {
  const { records, checksum, spilled } = await outcome(roomy, stage, inputs);
  expect(spilled).toBe(0);
  expect(records.flat().length).toBeGreaterThan(100);
  for (const slot of [small, tiny]) {
    const other = await outcome(slot, stage, inputs);
    expect(other.spilled).toBeGreaterThan(0);
    expectSame(other.records, records);
    expect(other.checksum).toBe(checksum);
  }
  for (let seed = 0; seed < 2; seed += 1) {
    const rng = new SeededRng(seed);
    restless.heapUse = () => rng.next();
    expectSame((await outcome(restless, stage, inputs)).records, records);
  }
}

const combine = (create: number | undefined, mergeValue: number) =>
  shuffle({
    kind: "combine",
    mapSide: false,
    create: create === undefined ? undefined : fnSlot(create),
    mergeValue: fnSlot(mergeValue),
    mergeCombiners: fnSlot(mergeValue),
  });
const feeds = [
  { kind: "shuffle", input: 0 },
  { kind: "shuffle", input: 1 },
] as const;
const input = (at: number): Pipeline => ({ source: { kind: "blocks", input: at }, ops: [] });

describe("memory affects the time and never the result", () => {
  test("of groups", () => sameWithAnyMemory({ source: shuffle({ kind: "group" }) }));

  test("of combiners that stay small", async () => {
    await sameWithAnyMemory({ source: combine(undefined, 0), functions: [add] });
    await sameWithAnyMemory({ source: combine(0, 1), functions: [begin, note] });
  });

  test("of combiners that grow", () => sameWithAnyMemory({ source: combine(0, 1), functions: [one, gather] }));

  test("of cogroups", () => sameWithAnyMemory({ source: { kind: "cogroup", feeds } }));

  test.each(["inner", "left", "right", "full"] as const)("of an %s join", (how) => {
    const source: Source = { kind: "join", how, feeds, label: "join at job.ts:1:1" };
    return sameWithAnyMemory({ source }, [evenly(3000, 7919), evenly(2000, 6007)]);
  });

  test("of subtracted pairs, which keep the order of their side", () => {
    const side = (at: number) => ({ kind: "pipeline", pipeline: input(at) }) as const;
    const source: Source = {
      kind: "join",
      how: "without",
      feeds: [side(0), side(1)],
      label: "subtractByKey at job.ts:1:1",
    };
    const padded = right.slice(0, 1500).map(([key]) => [key, "a value of some length ".repeat(4)]);
    return sameWithAnyMemory({ source }, [left.slice(0, 2000), padded]);
  });

  test("of pairs combined before a shuffle, for each reduce partition", async () => {
    const sink = (partitions: number): StageSink => ({
      kind: "shuffle",
      partitioner: { kind: "hash", partitions },
      combine: { create: fnSlot(0), mergeValue: fnSlot(1), mergeCombiners: fnSlot(1) },
    });
    await sameWithAnyMemory({ source: blocks, sink: sink(1), functions: [begin, note] });
    await sameWithAnyMemory({ source: blocks, sink: sink(3), functions: [one, gather] });
    await sameWithAnyMemory({ source: blocks, sink: sink(100), functions: [begin, note] });
  });
});
