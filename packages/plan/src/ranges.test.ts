import { compareValues } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directed, FirstInOrder } from "./engine-functions/orders.ts";
import { boundsOf, rangePartition } from "./ranges.ts";

describe("ranges of keys", () => {
  test("end with their bound, and equal keys share one", () => {
    const place = (key: number, descending = false) =>
      rangePartition({ bounds: [10, 20], descending }, compareValues, key);
    expect([9, 10, 11, 20, 21].map((key) => place(key))).toEqual([0, 0, 1, 1, 2]);
    expect([9, 10, 11, 20, 21].map((key) => place(key, true))).toEqual([2, 2, 1, 1, 0]);
    expect(rangePartition({ bounds: [], descending: true }, compareValues, "any")).toBe(0);
  });

  test("are about as large as each other, by what each sample stands for", () => {
    const keys = Array.from({ length: 100 }, (_, i) => i);
    expect(boundsOf([{ keys, weight: 1 }], 4, compareValues)).toEqual([24, 49, 74]);
    const uneven = [
      { keys: keys.slice(0, 50), weight: 9 },
      { keys: keys.slice(50), weight: 1 },
    ];
    expect(boundsOf(uneven, 2, compareValues)).toEqual([27]);
  });

  test("are fewer where there are too few different keys", () => {
    expect(boundsOf([], 4, compareValues)).toEqual([]);
    expect(boundsOf([{ keys: ["a"], weight: 5 }], 4, compareValues)).toEqual([]);
    expect(boundsOf([{ keys: ["a", "a", "b", "a"], weight: 1 }], 4, compareValues)).toEqual(["a", "b"]);
  });
});

test("the first in order are those that a stable sort puts first", () => {
  const values = fc.array(fc.record({ key: fc.oneof(fc.nat(9), fc.constant(undefined)), at: fc.nat() }));
  fc.assert(
    fc.property(values, fc.nat(20), fc.boolean(), (all, most, descending) => {
      const compare = directed(
        (a, b) => compareValues((a as { key: unknown }).key, (b as { key: unknown }).key),
        descending,
      );
      const first = new FirstInOrder<unknown>(most, compare);
      for (const value of all) first.offer(value);
      expect(first.all()).toEqual([...all].sort(compare).slice(0, most));
    }),
  );
  const nothing = new FirstInOrder<unknown>(2, compareValues);
  for (const value of [2, undefined, 1, null]) nothing.offer(value);
  expect(nothing.all()).toEqual([undefined, null]);
});
