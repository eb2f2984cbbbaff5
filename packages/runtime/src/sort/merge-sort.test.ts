import fc from "fast-check";
import { expect, test } from "vitest";
import { sortedOrder } from "./merge-sort.ts";

test("returns the order of a stable sort", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 200 }), (values) => {
      const expected = values.map((_, i) => i).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
      expect([...sortedOrder(values.length, (i, j) => (values[i] ?? 0) - (values[j] ?? 0))]).toEqual(expected);
    }),
  );
});

test("compares sorted input once per element", () => {
  let calls = 0;
  sortedOrder(10_000, (i, j) => {
    calls += 1;
    return i - j;
  });
  expect(calls).toBeLessThan(10_000);
});
