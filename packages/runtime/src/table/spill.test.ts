import { emptyClassTable, encodeBlock } from "@millrace/codec";
import type { Source } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, op, shuffle, TestSlot } from "../slot/test-slot.fixture.ts";

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

/** Runs with a budget that is passed and with one that is not; the results must be the same. */
async function both(stage: { source: Source; functions?: (typeof add)[]; inputs: () => unknown[][] }) {
  const run = async (slot: TestSlot) => {
    const done = await slot.done({ ...stage, inputs: stage.inputs().map((records) => slot.input(records)) });
    return { records: slot.results(done), spilled: done.metrics.spilledBytes };
  };
  const small = await run(tiny);
  const large = await run(roomy);
  expect(small.spilled).toBeGreaterThan(0);
  expect(large.spilled).toBe(0);
  expect(small.records).toEqual(large.records);
  expect(tiny.spillFiles()).toEqual([]);
  return large.records;
}

describe("beyond its budget, a table spills and is read back completely", () => {
  test("grouping keeps the values in map order", async () => {
    const records = await both({ source: shuffle({ kind: "group" }), inputs: () => [pairs] });
    expect(records).toHaveLength(1001);
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

describe("spilled data", () => {
  const grouped = async (slot: TestSlot, records: unknown[][], feeds: 1 | 2 = 1) => {
    const source: Source =
      feeds === 1
        ? shuffle({ kind: "group" })
        : { kind: "cogroup", feeds: [0, 1].map((input) => ({ kind: "shuffle", input })) };
    const done = await slot.done({ source, inputs: records.map((side) => slot.input(side)) });
    return { records: slot.results(done), spilled: done.metrics.spilledBytes };
  };
  /** By key, slowly. */
  const expected = (sides: unknown[][]) => {
    const groups = new Map<string, unknown[][]>();
    sides.forEach((side, feed) => {
      for (const record of side as [unknown, unknown][]) {
        const lists = groups.get(keyText(record)) ?? sides.map(() => []);
        groups.set(keyText(record), lists);
        lists[feed]?.push(record[1]);
      }
    });
    return groups;
  };

  test("is read back in the order of the values, for any keys, values and memory", async () => {
    const key = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("hot", [1, 2]) },
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 300 }) },
      { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
    );
    const value = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }), fc.constantFrom([1], [[2], [3]], null));
    const side = fc.array(fc.tuple(key, value), { maxLength: 800, size: "max" });
    await fc.assert(
      fc.asyncProperty(side, side, fc.constantFrom(128, 1024, 8 * 1024), async (left, right, spillBytes) => {
        const slot = new TestSlot({ spillBytes });
        try {
          for (const sides of [[left], [left, right]]) {
            const { records } = await grouped(slot, sides, sides.length as 1 | 2); // one side or two
            const groups = expected(sides);
            expect(records).toHaveLength(groups.size);
            for (const record of records as [unknown, unknown][]) {
              const lists = groups.get(keyText(record));
              expect(record[1]).toEqual(sides.length === 1 ? lists?.[0] : lists);
            }
            expect(slot.spillFiles()).toEqual([]);
          }
        } finally {
          slot.remove();
        }
      }),
      { numRuns: 10 },
    );
  });

  test("is written no more than twice, though one key has more than the memory holds", async () => {
    const slot = new TestSlot({ spillBytes: 64 * 1024 });
    const pairs = Array.from({ length: 60_000 }, (_, i) => [i % 2 === 0 ? "hot" : `key ${i % 501}`, i]);
    const { records, spilled } = await grouped(slot, [pairs]);
    const [, values] = (records as [string, number[]][]).find(([key]) => key === "hot") ?? [];
    expect(values).toEqual(Array.from({ length: 30_000 }, (_, i) => 2 * i));
    const bytes = encodeBlock(pairs, emptyClassTable).byteLength;
    // Once as pairs, and once in the order of the keys.
    expect(spilled).toBeGreaterThan(bytes);
    expect(spilled).toBeLessThan(bytes * 2);
    slot.remove();
  });

  test("spills earlier if the heap is nearly full", async () => {
    const slot = new TestSlot({ spillBytes: 4 * 1024 ** 2 });
    const pairs = Array.from({ length: 6000 }, (_, i) => [`key ${i}`, i]);
    expect((await grouped(slot, [pairs])).spilled).toBe(0);
    slot.heapUse = 0.9;
    const { records, spilled } = await grouped(slot, [pairs]);
    expect(spilled).toBeGreaterThan(0);
    expect(records).toHaveLength(6000);
    slot.remove();
  });

  test("is refused when it cannot be encoded, with the operator that gave it", async () => {
    const pipeline = { source: blocks, ops: [op("map", 0)] };
    const run = tiny.done({
      source: { kind: "shuffle", feed: { kind: "pipeline", pipeline }, aggregate: { kind: "group" } },
      inputs: [tiny.input(pairs)],
      functions: [([key, n]: [string, number]) => [key, { close: () => n }]],
    });
    await expect(run).rejects.toThrow(/^\[RECORD_NOT_ENCODABLE\] map at job\.ts:1:1: /);
    expect(tiny.spillFiles()).toEqual([]);
  });
});

test("blocks that do not fit in the pool are in a file, with the same content", async () => {
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
