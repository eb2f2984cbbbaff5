import type { AnyFunction } from "@millrace/operators";
import { fnSlot, type Op, type Pipeline, type Source } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { op, shuffle, TestSlot } from "../slot/test-slot.fixture.ts";

// Sources that read several pipelines in one task, side by side.

const slot = new TestSlot();
const tiny = new TestSlot({ spillBytes: 1024, poolBytes: 64 * 1024 });
afterAll(() => {
  slot.remove();
  tiny.remove();
});

const input = (index: number, ops: readonly Op[] = []): Pipeline => ({ source: { kind: "blocks", input: index }, ops });
const grouped = (index: number): Pipeline => ({ source: shuffle({ kind: "group" }, index), ops: [] });
const later = async function* (records: Iterable<unknown>) {
  for (const record of records) {
    await Promise.resolve();
    yield record;
  }
};
const ints = (count: number) => Array.from({ length: count }, (_, i) => i);

interface Use {
  readonly functions?: readonly AnyFunction[];
  readonly ops?: readonly Op[];
  readonly limit?: number;
}
async function run(on: TestSlot, source: Source, sides: readonly unknown[][], { functions, ops, limit }: Use = {}) {
  const done = await on.done({
    source,
    inputs: sides.map((records) => on.input(records)),
    ...(functions === undefined ? {} : { functions }),
    ...(ops === undefined ? {} : { ops }),
    ...(limit === undefined ? {} : { limit }),
  });
  expect(on.spillFiles().length).toBe(0);
  return { records: on.results(done), spilled: done.metrics.spilledBytes };
}

describe("a product", () => {
  const product = (left = input(0), right = input(1)): Source => ({ kind: "cartesian", left, right });
  const expected = (left: readonly unknown[], right: readonly unknown[]) =>
    left.flatMap((l) => right.map((r) => [l, r]));

  test("has each record of the left with each of the right, right changing fastest", async () => {
    const { records } = await run(slot, product(), [
      [1, 2],
      ["a", "b", "c"],
    ]);
    expect(records).toEqual([
      [1, "a"],
      [1, "b"],
      [1, "c"],
      [2, "a"],
      [2, "b"],
      [2, "c"],
    ]);
  });

  test("equals that of the arrays for all sizes, even if the right side exceeds the memory", async () => {
    const side = fc.array(fc.oneof(fc.integer(), fc.tuple(fc.string(), fc.integer())), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(side, side, async (left, right) => {
        const both = expected(left, right);
        expect((await run(slot, product(), [left, right])).records).toEqual(both);
        expect((await run(tiny, product(), [left, right])).records).toEqual(both);
      }),
      { numRuns: 30 },
    );
  });

  test.each([63, 64, 1024, 1025, 2500])("has all of it when the right side has %i records", async (size) => {
    const sides: [unknown[], unknown[]] = [[1, 2, 3], ints(size)];
    expect((await run(slot, product(), sides)).records).toEqual(expected(...sides));
    expect((await run(tiny, product(), sides)).records).toEqual(expected(...sides));
  });

  test("uses the disk if the right side fits neither in memory nor in the pool", async () => {
    const right = ints(6000).map((n) => `number ${n} with a text beside it`);
    const { records, spilled } = await run(tiny, product(), [[1, 2], right], {
      ops: [op("filter", 0)],
      functions: [([l, r]: [number, string]) => r.includes(`${l}00 `)],
    });
    expect(records).toEqual(expected([1, 2], right).filter(([l, r]) => String(r).includes(`${l}00 `)));
    expect(spilled).toBeGreaterThan(100_000);
  });

  test("accepts sides that open asynchronously: tables, async functions, and products", async () => {
    const pairs = ints(20).map((n) => [`k${n % 3}`, n]);
    const asynchronous = input(0, [op("mapPartitions", 0)]);
    const left = { source: product(asynchronous, input(1)), ops: [op("values")] };
    const { records } = await run(slot, product(left, grouped(2)), [[1, 2], ["x", "y"], pairs], {
      functions: [later],
      ops: [op("keys")],
    });
    expect(records).toEqual(["x", "y", "x", "y"].flatMap((letter) => [letter, letter, letter]));
    const { records: waited } = await run(slot, product(asynchronous, asynchronous), [[1, 2]], { functions: [later] });
    expect(waited).toEqual(expected([1, 2], [1, 2]));
  });

  test("computes no more of the left than is wanted", async () => {
    let computed = 0;
    const count = (n: number) => {
      computed += 1;
      return n;
    };
    const { records } = await run(slot, product(input(0, [op("map", 0)])), [ints(50_000), [1]], {
      functions: [count],
      limit: 2,
    });
    expect(records).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(computed).toBeLessThan(5000);
  });
});

describe("the pairs whose key the other side does not have", () => {
  const without = (left: Pipeline = input(0)): Source => ({
    kind: "join",
    how: "without",
    feeds: [
      { kind: "pipeline", pipeline: left },
      { kind: "shuffle", input: 1 },
    ],
    label: "subtractByKey at job.ts:1:1",
  });
  const pair = fc.tuple(fc.oneof(fc.nat(30), fc.string({ maxLength: 2 })), fc.nat());
  const expected = (left: readonly [unknown, unknown][], right: readonly [unknown, unknown][]) => {
    const keys = new Set(right.map(([key]) => key));
    return left.filter(([key]) => !keys.has(key));
  };

  test("are unchanged, even if the other side exceeds the memory", async () => {
    const side = fc.array(pair, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(side, side, async (left, right) => {
        expect((await run(slot, without(), [left, right])).records).toEqual(expected(left, right));
        const padded: [unknown, unknown][] = [...right, ...ints(300).map((n): [string, number] => [`other ${n}`, n])];
        const { records, spilled } = await run(tiny, without(), [left, padded]);
        expect(records).toEqual(expected(left, padded));
        expect(spilled).toBeGreaterThan(0);
      }),
      { numRuns: 5 },
    );
  });

  test("may be asynchronous, in columns, and many", async () => {
    const left = ints(5000).map((n): [string, number] => [`k${n}`, n]);
    const right = left.filter(([, n]) => n % 3 !== 0);
    const wanted = left.filter(([, n]) => n % 3 === 0);
    const waited = input(0, [op("mapPartitions", 0), op("mapValues", 1)]);
    const functions = [later, (n: number) => -n];
    const { records } = await run(slot, without(waited), [left, right], { functions });
    expect(records).toEqual(wanted.map(([key, n]) => [key, -n]));
    expect((await run(slot, without(grouped(0)), [left, right])).records).toEqual(wanted.map(([key, n]) => [key, [n]]));
    expect((await run(slot, without(), [left, []])).records).toEqual(left);
    expect((await run(slot, without(), [[], right])).records).toEqual([]);
  });

  test("are asked for by name when a record is no pair, or a key has no equality", async () => {
    await expect(run(slot, without(), [["no pair"], [["a", 1]]])).rejects.toThrow(/RECORD_NOT_PAIR.*job\.ts:1:1/);
    await expect(run(slot, without(), [[[new Map(), 1]], [["a", 1]]])).rejects.toThrow(
      /KEY_NOT_COMPARABLE.*job\.ts:1:1/,
    );
  });
});

describe("zip", () => {
  const zip = (feeds: readonly Pipeline[], fn?: number): Source => ({
    kind: "zip",
    feeds,
    label: "zip at job.ts:1:1",
    ...(fn === undefined ? {} : { fn: fnSlot(fn) }),
  });

  test("combines records at the same position into tuples, however the sides are divided into chunks", async () => {
    const filtered = input(1, [op("filter", 0)]);
    const { records } = await run(
      slot,
      zip([input(0), filtered, grouped(2)]),
      [ints(20_000), ints(40_000).map((n) => [n, n]), ints(20_000).map((n) => [`k${n}`, n])],
      { functions: [([n]: [number]) => n % 2 === 0] },
    );
    expect(records).toHaveLength(20_000);
    expect(records[777]).toEqual([777, [1554, 1554], ["k777", [777]]]);
    expect(records.every((record, i) => (record as [number])[0] === i)).toBe(true);
  });

  test("yields pairs for two sides, and awaits async ones", async () => {
    const { records } = await run(slot, zip([input(0, [op("mapPartitions", 0)]), input(1)]), [ints(3000), ints(3000)], {
      functions: [later, (n: number) => n + 1],
      ops: [op("mapValues", 1)],
    });
    expect(records).toEqual(ints(3000).map((n) => [n, n + 1]));
    expect((await run(slot, zip([input(0), input(1)]), [[], []])).records).toEqual([]);
  });

  test.each([
    ["the second", [1, 2, 3], [1, 2], /has 2 records in RDD 2 and more in RDD 1/],
    ["the first", [], [1], /has 0 records in RDD 1 and more in RDD 2/],
  ])("refuses partitions of different lengths: %s is shorter", async (_, left, right, message) => {
    const error = await run(slot, zip([input(0), input(1)]), [left, right]).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "PARTITION_LENGTHS_DIFFER", message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringMatching(/zip at job\.ts:1:1/) });
  });

  test("passes the sides to a function, which may read any part of them", async () => {
    const interleave = function* (left: Iterable<number>, right: Iterable<number>, more: Iterable<number>) {
      const others = right[Symbol.iterator]();
      for (const n of left) yield [n, others.next().value];
      yield [...more].length;
    };
    const sides = [ints(1000), ints(400), ints(3)];
    const { records } = await run(slot, zip([input(0), input(1), input(2)], 0), sides, { functions: [interleave] });
    expect(records).toEqual([...ints(1000).map((n) => [n, n < 400 ? n : undefined]), 3]);
    expect(
      (await run(slot, zip([input(0), input(1), input(2)], 0), [[], [], []], { functions: [interleave] })).records,
    ).toEqual([0]);
  });

  test("accepts an async function over asynchronous sides", async () => {
    const sum = async function* (left: Iterable<number>, right: Iterable<[string, number[]]>) {
      await Promise.resolve();
      const numbers = [...left];
      for (const [key, values] of right) yield [key, values.length * numbers.length];
    };
    const { records } = await run(
      slot,
      zip([input(0, [op("mapPartitions", 0)]), grouped(1)], 1),
      [
        ints(10),
        [
          ["a", 1],
          ["b", 2],
          ["a", 3],
        ],
      ],
      { functions: [later, sum] },
    );
    expect(records).toEqual([
      ["a", 20],
      ["b", 10],
    ]);
  });

  test("names the function's operator when it throws, and the one above when that does", async () => {
    const boom = () => {
      throw new RangeError("too far");
    };
    const swallow = (left: Iterable<number>) => {
      try {
        return [...left];
      } catch {
        return [];
      }
    };
    await expect(run(slot, zip([input(0), input(1)], 0), [[1], [2]], { functions: [boom] })).rejects.toThrow(
      /zip at job\.ts:1:1 threw RangeError/,
    );
    await expect(
      run(slot, zip([input(0, [op("map", 0)]), input(1)], 1), [[1], [2]], { functions: [boom, swallow] }),
    ).rejects.toThrow(/map at job\.ts:1:1 threw RangeError/);
  });
});
