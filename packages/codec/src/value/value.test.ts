import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyClassTable } from "../class-table.ts";
import { decodeValue, encodeValue } from "./value.ts";
import { anyValue, classes, identical, Point, Refused, Row, RUNS, Tags } from "./values.fixture.ts";

const roundTrip = (value: unknown): unknown => decodeValue(encodeValue(value, classes), classes);
const coded = (code: string): unknown => expect.objectContaining({ code });

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 3), 3);
  shared.set(bytes);
  return shared;
}

describe("an encoded value", () => {
  test("is decoded with its value, types and prototypes", () => {
    fc.assert(
      fc.property(anyValue, (value) => identical(roundTrip(value), value)),
      { numRuns: RUNS },
    );
  });

  test("is decoded from shared memory at any offset", () => {
    fc.assert(
      fc.property(anyValue, (value) =>
        identical(decodeValue(inSharedMemory(encodeValue(value, classes)), classes), value),
      ),
      { numRuns: RUNS },
    );
  });

  test("is decoded alike however often its shape was seen before", () => {
    for (let i = 0; i < 300; i += 1) {
      const record = { id: i, "odd name\n'\"": `x${i}`, ["__proto__"]: [i], nested: new Point(i, { id: i }) };
      expect(roundTrip([record, record])).toEqual([record, record]);
      expect(Object.getPrototypeOf(roundTrip(record))).toBe(Object.prototype);
    }
  });

  test.each([
    ["-0", -0],
    ["NaN", Number.NaN],
    ["a lone surrogate", "😀".split("")[0]],
    ["an invalid date", new Date(Number.NaN)],
    ["a huge bigint", -(3n ** 500n)],
    // biome-ignore lint/suspicious/noSparseArray: that is the case
    ["holes", [, 1, , undefined, ,]],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
  ])("keeps %s", (_, value) => {
    expect(identical(roundTrip(value), value)).toBe(true);
  });

  test("keeps the places of holes, in a huge array without delay", () => {
    const holes: unknown[] = [1, undefined];
    holes[4_000_000_000] = "last";
    const back = roundTrip(holes) as unknown[]; // an array went in
    expect(back.length).toBe(4_000_000_001);
    expect(Object.keys(back)).toEqual(["0", "1", "4000000000"]);
  });

  test("keeps the lastIndex of a regular expression", () => {
    const pattern = /a/g;
    pattern.lastIndex = 7;
    expect(roundTrip(pattern)).toMatchObject({ source: "a", flags: "g", lastIndex: 7 });
  });

  test("keeps instances of the job's classes, also of those that extend built-ins, without calling constructors", () => {
    const back = roundTrip([
      new Point(1, 2),
      Object.assign(new Tags(["a"]), { label: 5 }),
      Row.of(1, 2),
      new Refused("no"),
    ]);
    expect(back).toEqual([
      new Point(1, 2),
      Object.assign(new Tags(["a"]), { label: 5 }),
      Row.of(1, 2),
      new Refused("no"),
    ]);
    const [point, tags, row, refused] = back as [Point, Tags, Row, Refused]; // as went in
    expect([point.sum, tags.has("a"), row.length, refused.message]).toEqual(["12", true, 2, "no"]);
    expect(tags).toBeInstanceOf(Tags);
    expect(row).toBeInstanceOf(Row);
    expect(refused).toBeInstanceOf(Refused);
  });

  test("contains only the view of a typed array, and owns its memory", () => {
    const view = new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2);
    const back = roundTrip(view) as Uint16Array; // a view went in
    expect([...back]).toEqual([2, 3]);
    expect(back.buffer.byteLength).toBe(4);
  });

  test("is not affected by a getter that encodes too", () => {
    const value = {
      get inner() {
        return encodeValue({ a: "inner" }, classes);
      },
      text: "outer",
    };
    const back = roundTrip(value) as { inner: Uint8Array; text: string }; // as went in
    expect(back.text).toBe("outer");
    expect(decodeValue(back.inner, classes)).toEqual({ a: "inner" });
  });

  test("may be nested 900 levels deep", () => {
    let deep: unknown = "end";
    for (let i = 0; i < 900; i += 1) deep = i % 2 === 0 ? [deep] : { deep };
    expect(identical(roundTrip(deep), deep)).toBe(true);
  });
});

describe("a value that cannot be encoded", () => {
  const cyclic: Record<string, unknown> = { name: "x".repeat(1000) };
  cyclic.children = [1, { parent: cyclic }];

  test.each([
    ["a function", ["a", { socket: () => 1 }], "record[1].socket", "function `socket`"],
    ["a symbol", { a: Symbol("s") }, "record.a", "a symbol"],
    ["a promise", new Map([["k", Promise.resolve()]]), 'record.get("k")', "Await it first"],
    ["a weak map", new Set([new WeakMap()]), "record.values()[0]", "a WeakMap"],
    ["an instance of a foreign class", [[new URL("http://a/")]], "record[0][0]", "Send its href"],
    ["shared memory", { "odd name": new SharedArrayBuffer(1) }, 'record["odd name"]', "SharedArrayBuffer"],
    ["a generator", { a: (function* () {})() }, "record.a", "record.a is an object"],
    ["a boxed primitive", [Object(1)], "record[0]", "a Number"],
    ["a cycle", cyclic, "record.children[1].parent", "refers back to itself"],
  ])("is refused by the path to it: %s", (_, value, path, text) => {
    const encode = (): unknown => encodeValue(value, classes);
    expect(encode).toThrow(coded("RECORD_NOT_ENCODABLE"));
    expect(encode).toThrow(expect.objectContaining({ fields: { path } }));
    expect(encode).toThrow(text);
  });

  test("is refused when it is nested deeper than 1000 levels", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    expect(() => encodeValue(deep, classes)).toThrow(/RECORD_NOT_ENCODABLE.*1000 levels/);
  });

  test("is found in a long list", () => {
    const list: unknown[] = new Array(300_000).fill(1);
    list.push(() => 1);
    expect(() => encodeValue(list, classes)).toThrow(expect.objectContaining({ fields: { path: "record[300000]" } }));
  });

  test("is refused when its class is not of the job", () => {
    expect(() => encodeValue(new Point(1, 2), emptyClassTable)).toThrow("record is a Point");
  });

  test("is refused when its text is longer than a string can be", () => {
    const text = "x".repeat(2 ** 23);
    expect(() => encodeValue(new Array(80).fill(text), classes)).toThrow(coded("RECORD_TOO_LARGE"));
  });

  test("does not affect the next one", () => {
    expect(() => encodeValue([1, "text", () => 1], classes)).toThrow(coded("RECORD_NOT_ENCODABLE"));
    expect(roundTrip(["next"])).toEqual(["next"]);
  });

  test("passes on an error thrown by a getter of the author", () => {
    const own = new Error("mine");
    const value = {
      get a(): never {
        throw own;
      },
    };
    expect(() => encodeValue(value, classes)).toThrow(own);
  });
});

describe("damaged bytes", () => {
  const corruptOrValue = (bytes: Uint8Array): boolean => {
    try {
      decodeValue(bytes, classes);
    } catch (error) {
      expect(error).toEqual(coded("BLOCK_CORRUPT"));
    }
    return true;
  };

  test("truncated anywhere are reported", () => {
    fc.assert(
      fc.property(anyValue, fc.double({ min: 0, max: 0.999, noNaN: true }), (value, part) => {
        const bytes = encodeValue(value, classes);
        expect(() => decodeValue(bytes.subarray(0, Math.floor(bytes.length * part)), classes)).toThrow(
          coded("BLOCK_CORRUPT"),
        );
      }),
      { numRuns: RUNS },
    );
  });

  test("changed anywhere yield a value or an error", () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(anyValue, fc.array(change, { minLength: 1, maxLength: 4 }), (value, changes) => {
        const bytes = encodeValue(value, classes);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return corruptOrValue(bytes);
      }),
      { numRuns: 2 * RUNS },
    );
  });

  test("made at random yield a value or an error", () => {
    const header = fc.constantFrom([], [1, 1, 0, 0, 0, 0], [1, 2, 2, 0, 0, 0]);
    const body = fc.array(fc.oneof(fc.nat(255), fc.integer({ min: 0x40, max: 0x58 })), { maxLength: 60 });
    fc.assert(
      fc.property(header, body, (start, rest) => corruptOrValue(Uint8Array.of(...start, ...rest))),
      { numRuns: 5 * RUNS },
    );
  });

  test("of endless depth are reported", () => {
    const bytes = new Uint8Array(1_000_000).fill(0xc1);
    bytes.set([1, 1, 0, 0, 0, 0]);
    expect(() => decodeValue(bytes, classes)).toThrow(coded("BLOCK_CORRUPT"));
  });

  test("of a class that the job does not have are reported by its name", () => {
    const bytes = encodeValue(new Point(1, 2), classes);
    expect(() => decodeValue(bytes, emptyClassTable)).toThrow('class "Point"');
  });

  test("of another version are reported with both versions", () => {
    expect(() => decodeValue(Uint8Array.of(9, 1, 0, 0, 0, 0, 1), classes)).toThrow("version 9, this engine reads 1");
  });
});
