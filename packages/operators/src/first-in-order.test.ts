import { compareValues } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FirstInOrder } from "./first-in-order.ts";

/** Enough to make the kept list be cut back repeatedly: some values, many times each. */
const many = (value: fc.Arbitrary<unknown>) =>
  fc
    .tuple(fc.array(value, { minLength: 1, maxLength: 40 }), fc.nat(1500))
    .map(([some, length]) => Array.from({ length }, (_, i) => some[(i * 7919) % some.length]));

describe("the first in order", () => {
  test("are those that a stable sort puts first, by a function of the job", () => {
    const keys = many(fc.oneof(fc.nat(9), fc.constant(undefined)));
    fc.assert(
      fc.property(
        keys,
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 300 })),
        fc.boolean(),
        (given, most, descending) => {
          const all = given.map((key, at) => ({ key, at }));
          const keyOf = (value: unknown): unknown => (value as { key: unknown }).key;
          const compare = (a: unknown, b: unknown): number => compareValues(keyOf(a), keyOf(b));
          const first = new FirstInOrder<unknown>(most, { compare, descending });
          first.offerAll(all);
          const sorted = [...all].sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
          expect(first.all()).toEqual(sorted.slice(0, most));
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    ["numbers, NaN among them", fc.oneof(fc.integer({ min: -500, max: 500 }), fc.constant(Number.NaN))],
    ["texts", fc.string({ maxLength: 2 })],
    ["anything", fc.oneof(fc.nat(99), fc.string({ maxLength: 1 }), fc.constantFrom(null, undefined, true, 5n))],
  ])("are those that the order of values puts first: %s", (_, value) => {
    fc.assert(
      fc.property(
        many(value as fc.Arbitrary<unknown>),
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 300 })),
        fc.boolean(),
        (all, most, descending) => {
          const first = new FirstInOrder<unknown>(most, { compare: undefined, descending });
          first.offerAll(all.slice(0, 300));
          for (const one of all.slice(300)) first.offer(one);
          const order = all.map((_, i) => i); // the built-in sort puts `undefined` last
          order.sort((i, j) => (descending ? compareValues(all[j], all[i]) : compareValues(all[i], all[j])));
          expect(first.all()).toEqual(order.slice(0, most).map((i) => all[i]));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("report a compare function that does not return a number", () => {
    const numbers = Array.from({ length: 2000 }, (_, i) => i);
    const compare = (a: unknown, b: unknown): unknown => (a === 1999 || b === 1999 ? true : Number(a) - Number(b));
    const first = new FirstInOrder<unknown>(3, { compare, descending: false });
    expect(() => first.offerAll(numbers)).toThrow(/BAD_COMPARISON/);
  });

  test("accept a compare function that never returns 0", () => {
    const compare = (a: number, b: number): number => (a < b ? -1 : 1);
    const first = new FirstInOrder<number>(3, { compare, descending: false });
    first.offerAll([3, 3, 1, 2, 1]);
    expect(first.all()).toEqual([1, 1, 2]);
  });
});
