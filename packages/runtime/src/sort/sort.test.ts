import { compareValues } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";
import { fnSlot, type Op, type Source } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, op, shuffle, TestSlot } from "../slot/test-slot.fixture.ts";

const roomy = new TestSlot();
const tiny = new TestSlot({ spillBytes: 4 * 1024 });
afterAll(() => {
  roomy.remove();
  tiny.remove();
});

interface SortUse {
  readonly key?: number;
  readonly compare?: number;
  readonly descending?: boolean;
}
const sort = ({ key, compare, descending = false }: SortUse = {}): Op => ({
  kind: "sort",
  descending,
  label: "sortBy at job.ts:1:1",
  ...(key === undefined ? {} : { key: fnSlot(key) }),
  ...(compare === undefined ? {} : { compare: fnSlot(compare) }),
});

const self = (record: unknown) => record;
const first = (record: unknown) => (record as readonly unknown[])[0];
const shuffledInts = (count: number) => Array.from({ length: count }, (_, i) => (i * 7919) % count);

/** Sorts in memory and by way of the disk; both must give the same. */
async function sorted(
  records: unknown[],
  stage: { readonly ops?: readonly Op[]; readonly functions?: readonly AnyFunction[]; readonly source?: Source },
): Promise<unknown[]> {
  const small = await tiny.done({ source: blocks, inputs: [tiny.input(records)], ...stage });
  const result = tiny.results(small);
  expect(await roomy.collect(records, stage)).toEqual(result);
  if (records.length > 500) expect(small.metrics.spilledBytes).toBeGreaterThan(0);
  expect(tiny.spillFiles()).toEqual([]);
  return result;
}

describe("sort", () => {
  test("puts pairs in the order of their keys", async () => {
    const pairs = shuffledInts(3000).map((n) => [n, `v${n}`]);
    const expected = Array.from({ length: 3000 }, (_, n) => [n, `v${n}`]);
    expect(await sorted(pairs, { ops: [sort()] })).toEqual(expected);
    expect(await sorted(pairs, { ops: [sort({ descending: true })] })).toEqual(expected.toReversed());
  });

  test("sorts records by the result of a key function", async () => {
    const records = shuffledInts(2000).map((n) => ({ n, name: `name ${n}` }));
    const result = await sorted(records, {
      ops: [sort({ key: 0 })],
      functions: [(record: { name: string }) => record.name],
    });
    expect(result).toEqual(records.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  });

  test("asks a compare function, for keys of any kind", async () => {
    const records = shuffledInts(2000);
    const result = await sorted(records, {
      ops: [sort({ key: 0, compare: 1, descending: true })],
      functions: [
        (n: number) => ({ get: () => n % 10 }),
        (a: { get(): number }, b: { get(): number }) => a.get() - b.get(),
      ],
    });
    expect(result).toEqual(records.toSorted((a, b) => (b % 10) - (a % 10)));
  });

  test.each([
    ["ascending", false],
    ["descending", true],
  ])("keeps equal records as they came, %s", async (_, descending) => {
    const records = Array.from({ length: 3000 }, (_, i) => [i % 7, i]);
    const sign = descending ? -1 : 1;
    const expected = records.toSorted(([a = 0], [b = 0]) => sign * (a - b));
    expect(await sorted(records, { ops: [sort({ descending })] })).toEqual(expected);
    expect(await sorted(records, { ops: [sort({ key: 0, descending })], functions: [first] })).toEqual(expected);
  });

  test("agrees with Array.prototype.sort for keys of any kind", async () => {
    const key = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.double(),
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom(null, undefined, true, false, 1n, -0),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array({ maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
    );
    const keys = fc.oneof(
      fc.array(key, { maxLength: 200 }),
      fc.array(fc.string({ maxLength: 2 }), { maxLength: 200 }),
      fc.array(fc.double({ noNaN: true }), { maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(keys, fc.boolean(), async (keys, descending) => {
        // The number says when it came; the text fills the memory.
        const records = keys.map((key, i) => [key, `${i}`.padStart(40)]);
        const sign = descending ? -1 : 1;
        const expected = records.toSorted((a, b) => sign * compareValues(a[0], b[0]));
        expect(await sorted(records, { ops: [sort({ descending })] })).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  test("merges more runs than are read side by side", async () => {
    const slot = new TestSlot({ spillBytes: 64 });
    const records = shuffledInts(100_000);
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input(records.map((n) => [n, null]))],
      ops: [sort(), op("keys")],
    });
    expect(slot.results(done)).toEqual(Array.from({ length: 100_000 }, (_, i) => i));
    expect(slot.spillFiles()).toEqual([]);
    slot.remove();
  });

  test("yields nothing for an empty partition", async () => {
    expect(await sorted([], { ops: [sort(), sort({ key: 0 })], functions: [self] })).toEqual([]);
  });
});

describe("a sort within a task", () => {
  test("can follow and precede other operators", async () => {
    const result = await sorted(shuffledInts(1000), {
      ops: [op("map", 0), sort(), op("values"), op("filter", 1), sort({ key: 2, descending: true }), op("glom")],
      functions: [(n: number) => [`key ${n}`, n], (n: number) => n % 2 === 0, self],
    });
    expect(result).toEqual([Array.from({ length: 500 }, (_, i) => 998 - 2 * i)]);
  });

  test("waits for an async function above it", async () => {
    const result = await sorted(shuffledInts(1000), {
      ops: [op("mapPartitions", 0), sort({ key: 1 })],
      functions: [
        async function* (numbers: Iterable<number>) {
          for (const n of numbers) {
            await Promise.resolve();
            yield n;
          }
        },
        self,
      ],
    });
    expect(result).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("stands behind an aggregation, and before another", async () => {
    const pairs = Array.from({ length: 3000 }, (_, i) => [`k${(i * 7919) % 1001}`, i]);
    const result = await sorted(pairs, { source: shuffle({ kind: "group" }), ops: [sort(), op("keys")] });
    expect(result).toEqual([...new Set(pairs.map(([key]) => key))].sort());
  });

  test("is one of several parts of a partition", async () => {
    const pipeline = { source: blocks, ops: [sort({ key: 0 })] };
    const result = await sorted(shuffledInts(1000), {
      source: { kind: "concat", feeds: [pipeline, { source: blocks, ops: [] }, pipeline] },
      functions: [self],
    });
    const inOrder = Array.from({ length: 1000 }, (_, i) => i);
    expect(result).toEqual([...inOrder, ...shuffledInts(1000), ...inOrder]);
  });

  test("ends early when no more is wanted", async () => {
    const result = await tiny.collect(shuffledInts(5000), {
      ops: [sort({ key: 0 })],
      functions: [self],
      limit: 3,
    });
    expect(result).toEqual([0, 1, 2]);
    expect(tiny.spillFiles()).toEqual([]);
  });

  test("is cancelled while it compares", async () => {
    const slot = new TestSlot();
    let compared = 0;
    slot.cancelAfterChecks = 200;
    const outcome = await slot.run({
      source: blocks,
      inputs: [slot.input(shuffledInts(100_000))],
      ops: [sort({ key: 0, compare: 1 })],
      functions: [
        self,
        (a: number, b: number) => {
          compared += 1;
          slot.cancelAfterChecks = 0;
          return a - b;
        },
      ],
    });
    expect(outcome).toEqual({ kind: "cancelled" });
    expect(compared).toBeLessThan(70_000);
    slot.remove();
  });
});

describe("a sort refuses", () => {
  test.each([
    ["keys without order", [{ a: 1 }, { a: 2 }]],
    ["the only key, when it has no order", [{ a: 1 }]],
  ])("%s", async (_, records) => {
    await expect(roomy.collect(records, { ops: [sort({ key: 0 })], functions: [self] })).rejects.toThrow(
      /^\[VALUE_NOT_ORDERED\] sortBy at job\.ts:1:1: .* is an object, which has no order/,
    );
  });

  test("records that are no pairs, when it sorts by their keys", async () => {
    await expect(roomy.collect([1], { ops: [sort()] })).rejects.toThrow(
      /^\[RECORD_NOT_PAIR\] sortBy at job\.ts:1:1: it was given 1/,
    );
  });

  test.each([
    ["a boolean", (a: number, b: number) => a > b, "false"],
    ["nothing", () => undefined, "undefined"],
    ["NaN", () => Number.NaN, "NaN"],
    ["a promise", async () => 1, "Promise"],
  ])("%s from a compare function", async (_, compare, shown) => {
    await expect(
      roomy.collect([1, 2], { ops: [sort({ key: 0, compare: 1 })], functions: [self, compare] }),
    ).rejects.toThrow(
      new RegExp(`^\\[BAD_COMPARISON\\] sortBy at job\\.ts:1:1: its compare function returned ${shown}`),
    );
  });

  test("records that cannot be encoded, once they have to go to disk", async () => {
    const make = (n: number) => ({ n, close: () => n });
    const stage = {
      ops: [op("map", 0), sort({ key: 1 }), op("map", 1)],
      functions: [make, (record: { n: number }) => record.n],
    };
    expect(await roomy.collect([2, 1], stage)).toEqual([1, 2]);
    await expect(tiny.collect(shuffledInts(1000), stage)).rejects.toThrow(
      /^\[RECORD_NOT_ENCODABLE\] sortBy at job\.ts:1:1: /,
    );
  });

  test("errors of its functions, as theirs", async () => {
    const boom = () => {
      throw new RangeError("too far");
    };
    for (const stage of [
      { ops: [sort({ key: 0 })], functions: [boom] },
      { ops: [sort({ key: 0, compare: 1 })], functions: [self, boom] },
    ]) {
      await expect(roomy.collect([1, 2], stage)).rejects.toThrow(
        /^\[USER_CODE_FAILED\] sortBy at job\.ts:1:1 threw RangeError: too far/,
      );
    }
  });
});
