import fc from "fast-check";
import { expect, test } from "vitest";
import { byTime, orderOf } from "./key-order.ts";

const isThere = () => true;

test("keys whose indices ascend with their ordinals have no other order", () => {
  expect(orderOf(4, Float64Array.of(3, 5, 9, 1000), isThere)).toBeUndefined();
  expect(orderOf(3, Float64Array.of(3, 1, 9), (index) => index !== 1)).toBeUndefined();
});

test("keys are in the order of their ordinals, dense or with gaps, without those that were removed", () => {
  const ordinals = fc.uniqueArray(fc.oneof(fc.nat(100), fc.nat(2 ** 50)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(ordinals, fc.nat(5), (all, removed) => {
      const kept = all.map((_, index) => index).filter((index) => index !== removed);
      const order = orderOf(all.length, Float64Array.from(all), (index) => index !== removed);
      const expected = kept.sort((a, b) => (all[a] ?? 0) - (all[b] ?? 0));
      const given =
        order === undefined ? all.map((_, index) => index).filter((index) => index !== removed) : [...order];
      expect(given).toEqual(expected);
    }),
  );
});

test("keys of one time stay in the order that they have", () => {
  const times = Float64Array.of(20, 10, 20, 10, 5);
  expect([...byTime(Int32Array.of(4, 3, 2, 1, 0), times)]).toEqual([4, 3, 1, 2, 0]);
});
