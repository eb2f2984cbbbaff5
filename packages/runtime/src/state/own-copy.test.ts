import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ownCopy, plainCopy } from "./own-copy.ts";

/** The content of a copy of plain data. */
const copyOf = (value: unknown) =>
  typeof value === "object" && value !== null ? (plainCopy(value)?.give() as object | undefined) : undefined;

const encodedAndDecoded = (value: unknown): unknown =>
  decodeValue(encodeValue(value, emptyClassTable), emptyClassTable);

describe("a copy of plain data", () => {
  test("equals its decoded encoding, and shares nothing with the original", () => {
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
        const copy = copyOf(value);
        if (copy === undefined) return;
        copies += 1;
        expect(copy).toStrictEqual(encodedAndDecoded(value));
        const [top] = Object.values(copy).filter((part) => typeof part === "object" && part !== null);
        if (top !== undefined) expect(Object.values(value as object)).not.toContain(top);
      }),
    );
    expect(copies).toBeGreaterThan(50);
  });

  test("has no symbols and no hidden properties, like its encoding", () => {
    const value = { a: 1, [Symbol("s")]: 2 };
    Object.defineProperty(value, "hidden", { value: 3 });
    expect(copyOf(value)).toStrictEqual({ a: 1 });
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
  ])("is not made of what has %s", (_, value) => expect(copyOf(value)).toBeUndefined());
});

describe("a copy of one of many objects alike", () => {
  const alike = (n: number) => ({ n, text: `t${n}`, list: [n, { half: n / 2 }], missing: undefined });
  /** So many that what they have in common is known. */
  const known = () => {
    for (let n = 0; n < 200; n++) plainCopy(alike(n));
  };

  test("is its own, down to the last part", () => {
    known();
    const value = alike(7);
    const copy = plainCopy(value);
    expect(copy?.give()).toStrictEqual(alike(7));
    value.list.push(8);
    value.n = 9;
    const given = copy?.give() as ReturnType<typeof alike>;
    given.list.length = 0;
    expect(copy?.give()).toStrictEqual(alike(7));
  });

  test("takes another state of the same shape, and is unchanged by any other value", () => {
    known();
    const copy = plainCopy(alike(1));
    expect(copy?.take(alike(2))).toBe(true);
    const inherited = Object.assign(Object.create({ more: 1 }), alike(3));
    const others = [
      { ...alike(3), more: 1 },
      { n: 3, text: "t", list: [] },
      { text: "t3", n: 3, list: [3, { half: 1.5 }], missing: undefined },
      { ...alike(3), n: () => 3 },
      { ...alike(3), text: Symbol("t") },
      { ...alike(3), list: [new Date(0)] },
      inherited,
      Object.assign(new (class Like {})(), alike(3)),
      [3],
      3,
      null,
      undefined,
    ];
    for (const other of others) expect(copy?.take(other)).toBe(false);
    expect(copy?.give()).toStrictEqual(alike(2));
  });

  test("does not call getters of other objects", () => {
    known();
    const odd = Object.defineProperty({ a: 1 }, "text", {
      get: () => {
        throw new Error("not to be read");
      },
    });
    expect(copyOf(odd)).toEqual({ a: 1 });
    expect(plainCopy(alike(1))?.take(odd)).toBe(false);
  });

  test("is made of others too, and of names that a program could not have", () => {
    known();
    expect(copyOf({ ...alike(1), more: 2 })).toStrictEqual({ ...alike(1), more: 2 });
    const odd = (n: number) => ({ '"];throw 1;//': n, 7: n, constructor: n });
    for (let n = 0; n < 200; n++) expect(copyOf(odd(n))).toStrictEqual(odd(n));
    expect(Object.keys(copyOf(odd(1)) ?? {})).toEqual(Object.keys(odd(1)));
  });
});

describe("a copy of anything else", () => {
  test("equals its decoded encoding", () => {
    const value = { at: new Date(5), by: new Map([["a", [1n]]]) };
    const copy = ownCopy(value, emptyClassTable);
    value.by.clear();
    expect(copy.give()).toEqual({ at: new Date(5), by: new Map([["a", [1n]]]) });
    expect(copy.take({ n: 1 })).toBe(false);
  });

  test("is refused if there is no way to keep it", () => {
    expect(() => ownCopy({ f: () => 1 }, emptyClassTable)).toThrow("RECORD_NOT_ENCODABLE");
  });
});
