import { fnSlot, type Source } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, shuffle, TestSlot } from "../../testkit/test-slot.ts";

const tiny = new TestSlot({ spillBytes: 8 * 1024 });
const roomy = new TestSlot();
afterAll(() => {
  tiny.remove();
  roomy.remove();
});

const add = (a: number, b: number) => a + b;
const pairs = Array.from({ length: 6000 }, (_, i) => [`key ${(i * 7919) % 1001}`, i]);
const keyText = (record: unknown) => JSON.stringify((record as [unknown])[0]);
const byKey = (a: unknown, b: unknown) => keyText(a).localeCompare(keyText(b));

/** Runs with a budget that is passed and with one that is not; the results must agree up to the order of keys. */
async function both(stage: { source: Source; functions?: (typeof add)[]; inputs: () => unknown[][] }) {
  const run = async (slot: TestSlot) => {
    const done = await slot.done({ ...stage, inputs: stage.inputs().map((records) => slot.input(records)) });
    return { records: slot.results(done).sort(byKey), spilled: done.metrics.spilledBytes };
  };
  const small = await run(tiny);
  const large = await run(roomy);
  expect(small.spilled).toBeGreaterThan(0);
  expect(large.spilled).toBe(0);
  expect(small.records).toEqual(large.records);
  expect(tiny.spillFiles()).toEqual([]);
  return large.records;
}

describe("past its budget, a table goes to disk and comes back whole", () => {
  test("grouping keeps the values in map order", async () => {
    const records = await both({ source: shuffle({ kind: "group" }), inputs: () => [pairs] });
    expect(records).toHaveLength(1001);
  });

  test("combining merges the combiners of all runs", async () => {
    const combine = {
      kind: "combine",
      mapSide: false,
      create: undefined,
      mergeValue: fnSlot(0),
      mergeCombiners: fnSlot(0),
    } as const;
    await both({ source: shuffle(combine), functions: [add], inputs: () => [pairs] });
  });

  test("cogroup and joins", async () => {
    const feeds = [
      { kind: "shuffle", input: 0 },
      { kind: "shuffle", input: 1 },
    ] as const;
    const right = pairs.slice(0, 2000).map(([key, n]) => [key, `r${n}`]);
    await both({ source: { kind: "cogroup", feeds }, inputs: () => [pairs, right] });
  });

  test("composite keys too", async () => {
    const composite = pairs.map(([key, n]) => [[key, { n: Number(n) % 2 }], n]);
    await both({ source: shuffle({ kind: "group" }), inputs: () => [composite] });
  });
});

test("a full table of map-side combiners is sent in parts that combine to the same", async () => {
  const combine = { create: undefined, mergeValue: fnSlot(0), mergeCombiners: fnSlot(0) };
  const run = async (slot: TestSlot) => {
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input(pairs)],
      functions: [add],
      sink: { kind: "shuffle", partitioner: { kind: "hash", partitions: 3 }, combine },
    });
    return { parts: slot.partitions(done), out: done.metrics.recordsOut };
  };
  const small = await run(tiny);
  const large = await run(roomy);
  expect(large.out).toBe(1001);
  expect(small.out).toBeGreaterThan(1001);
  const total = (parts: unknown[][]) =>
    parts.flat().reduce((sum: number, record) => sum + (record as [string, number])[1], 0);
  expect(total(small.parts)).toBe(total(large.parts));
});

test("what no longer fits in the pool is in a file, and reads the same", async () => {
  const full = new TestSlot({ poolBytes: 64 * 1024 });
  const done = await full.done({
    source: blocks,
    inputs: [full.input(pairs)],
    sink: { kind: "shuffle", partitioner: { kind: "hash", partitions: 2 } },
  });
  expect(done.metrics.spilledBytes).toBeGreaterThan(0);
  expect(full.partitions(done).flat().sort(byKey)).toEqual([...pairs].sort(byKey));
  full.remove();
});
