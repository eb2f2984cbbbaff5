import { canonicalKey, keyGroup } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyBytes } from "./key-bytes.ts";

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("\ud800", "\udfff", "\ufffd", "a".repeat(600), `${"a".repeat(600)}b`, "語".repeat(300)),
);
const simple = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, 0, -0, "true", "null", "1"),
);
const key = fc.oneof(
  simple,
  fc.array(simple, { maxLength: 3 }),
  fc.record({ a: simple, b: simple }),
  fc.uint8Array({ maxLength: 5 }),
);

const composite = (of: unknown) => typeof of === "object" && of !== null;
const equal = (a: unknown, b: unknown) => {
  const [x, y] = [canonicalKey(a), canonicalKey(b)];
  return composite(a) === composite(b) && (x === y || (Number.isNaN(x) && Number.isNaN(y)));
};

describe("a key as bytes", () => {
  test("is equal to another one if the keys are, and only then", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [one, two] = [new KeyBytes().of(a), new KeyBytes().of(b)];
        expect(Buffer.compare(one, two) === 0).toBe(equal(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  test("is short, in the order of key groups, and not changed by keys before it", () => {
    const bytes = new KeyBytes();
    fc.assert(
      fc.property(fc.array(key, { minLength: 2, maxLength: 8 }), (keys) => {
        for (const one of keys) {
          const is = Buffer.from(bytes.of(one));
          expect(is.length).toBeLessThan(500);
          expect(is.readUInt16BE(0)).toBe(keyGroup(one));
          expect(is.equals(new KeyBytes().of(one))).toBe(true);
        }
      }),
    );
  });

  test.each([
    [0, -0],
    [Number.NaN, -Number.NaN],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
  ])("is the same for %o and %o", (a, b) => {
    expect(new KeyBytes().of(a)).toEqual(new KeyBytes().of(b));
  });
});
