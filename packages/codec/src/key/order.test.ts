import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalKey } from "./canonical.ts";
import { assertOrdered, compareValues } from "./order.ts";

const leaf = fc.oneof(
  fc.string({ unit: "binary", maxLength: 2 }),
  fc.integer({ min: -2, max: 2 }),
  fc.double(),
  fc.bigInt({ min: -2n, max: 2n }),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 0, Number.NaN),
  fc.date({ noInvalidDate: false, min: new Date(0), max: new Date(3) }),
  fc.uint8Array({ maxLength: 2 }),
);
const value = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie("value"), { maxLength: 3 })),
})).value;

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);

describe("the order of values", () => {
  test("of one type, and of different ones", () => {
    const inOrder = [
      undefined,
      null,
      false,
      true,
      Number.NEGATIVE_INFINITY,
      -1,
      0,
      Number.MIN_VALUE,
      2,
      10,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      -(2n ** 70n),
      9n,
      10n,
      "",
      "10",
      "9",
      "Z",
      "a",
      "ab",
      "é",
      "\u{1F600}", // its first code unit is 0xD83D
      "\uFFFD",
      new Date(1),
      new Date(2),
      new Date(Number.NaN),
      bytes(),
      bytes(1),
      bytes(1, 0),
      bytes(2),
      bytes(255),
      [],
      [undefined],
      [1],
      [1, "a"],
      [1, "a", null],
      [2],
      [[]],
      [[0]],
    ];
    inOrder.forEach((a, i) => {
      inOrder.forEach((b, j) => {
        expect(Math.sign(compareValues(a, b)), `${String(a)} and ${String(b)}`).toBe(Math.sign(i - j));
      });
    });
  });

  test("has -0 equal to 0, and NaN equal to NaN", () => {
    expect(compareValues(-0, 0)).toBe(0);
    expect(compareValues([Number.NaN], [Number.NaN])).toBe(0);
    expect(compareValues(Buffer.from([1, 2]), bytes(1, 2))).toBe(0);
  });

  test("is a total order whose ties are the keys that are equal", () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const ab = compareValues(a, b);
        expect(Math.sign(compareValues(b, a))).toBe(-Math.sign(ab) + 0);
        if (ab <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
        // A string key may have the text that represents a composite key.
        if (typeof a === typeof b) expect(ab === 0).toBe(Object.is(canonicalKey(a), canonicalKey(b)) || a === b);
        else expect(ab).not.toBe(0);
      }),
    );
  });

  test.each([
    ["a plain object", { a: 1 }, "an object"],
    ["an instance", new Map(), "a Map"],
    ["a promise, as an async key function gives", Promise.resolve(1), "a Promise"],
    ["a function", () => 1, "an anonymous function"],
    ["a symbol", Symbol("s"), "a symbol"],
    ["something inside of an array", [1, [{}]], "an object"],
  ])("refuses %s and says what to give instead", (_, odd, what) => {
    const refusal = expect.objectContaining({
      code: "VALUE_NOT_ORDERED",
      message: expect.stringMatching(new RegExp(`is ${what}, which has no order.*a compare function`, "s")),
    });
    expect(() => compareValues(odd, [1, [2]])).toThrow(refusal);
    expect(() => compareValues([1, [2]], odd)).toThrow(refusal);
    expect(() => assertOrdered(odd)).toThrow(refusal);
  });

  test("refuses a cyclic array", () => {
    const [a, b]: [unknown[], unknown[]] = [[], []];
    a.push(a);
    b.push(b);
    expect(() => compareValues(a, b)).toThrow(/cyclic or nested deeper than 256/);
    expect(() => assertOrdered(a)).toThrow(/cyclic or nested deeper than 256/);
  });
});
