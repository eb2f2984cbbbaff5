import { compareValues } from "@millrace/codec";
import { describe, expect, test } from "vitest";
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
