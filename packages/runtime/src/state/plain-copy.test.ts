import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainCopy } from "./plain-copy.ts";

const encodedAndDecoded = (value: unknown): unknown =>
  decodeValue(encodeValue(value, emptyClassTable), emptyClassTable);

describe("a copy of plain data", () => {
  test("is what its encoded form is decoded to, and shares nothing with it", () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string(),
      fc.bigInt(),
      fc.constantFrom(true, null, undefined, -0),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        fc.array(tie("node"), { maxLength: 16 }),
        fc.dictionary(fc.string({ maxLength: 3 }), tie("node"), { noNullPrototype: true }),
      ),
      node: fc.oneof({ maxDepth: 3 }, leaf, tie("tree")),
    }));
    let copies = 0;
    fc.assert(
      fc.property(tree, (value) => {
        const copy = plainCopy(value);
        if (copy === undefined) return;
        copies += 1;
        expect(copy).toStrictEqual(encodedAndDecoded(value));
        const [top] = Object.values(copy).filter((part) => typeof part === "object" && part !== null);
        if (top !== undefined) expect(Object.values(value as object)).not.toContain(top);
      }),
    );
    expect(copies).toBeGreaterThan(50);
  });

  test("has no symbols and no hidden properties, as its encoded form has none", () => {
    const value = { a: 1, [Symbol("s")]: 2 };
    Object.defineProperty(value, "hidden", { value: 3 });
    expect(plainCopy(value)).toStrictEqual({ a: 1 });
    expect(encodedAndDecoded(value)).toStrictEqual({ a: 1 });
  });

  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const holed: unknown[] = [1];
  holed[2] = 3;
  test.each([
    ["a primitive", 1],
    ["a function in it", { f: () => 1 }],
    ["a symbol in it", [Symbol("s")]],
    ["an instance", new (class Point {})()],
    ["a Date in it", { at: new Date(0) }],
    ["a Map", new Map()],
    ["no prototype", Object.create(null)],
    ["holes", holed],
    ["a match", /a/.exec("a")],
    ["a property that would set the prototype", JSON.parse('{"__proto__": {"a": 1}}')],
    ["a cycle", cyclic],
    ["many elements", Array.from({ length: 1000 }, (_, i) => i)],
  ])("is not made of what has %s", (_, value) => expect(plainCopy(value)).toBeUndefined());
});
