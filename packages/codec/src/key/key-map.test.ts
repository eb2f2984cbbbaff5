import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalKey } from "./canonical.ts";
import { hashKey } from "./hash.ts";
import { KeyMap } from "./key-map.ts";

const primitive = fc.oneof(
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.integer({ min: -3, max: 3 }),
  fc.double(),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.boolean(),
  fc.constantFrom(null, undefined, -0, 0, Number.NaN),
);
const key = fc.letrec((tie) => ({
  key: fc.oneof(
    { maxDepth: 3 },
    primitive,
    fc.array(tie("key"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "__proto__"), tie("key")),
    fc.date({ noInvalidDate: false }),
    fc.uint8Array({ maxLength: 3 }),
  ),
})).key;

/** The contract's definition of key equality, literal and slow. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b || (Number.isNaN(a) && Number.isNaN(b));
  }
  if (a instanceof Date || b instanceof Date) {
    return a instanceof Date && b instanceof Date && Object.is(a.getTime(), b.getTime());
  }
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && equal(Reflect.get(a, name), Reflect.get(b, name)))
  );
}

const kindOf = (value: unknown): string => (typeof value === "object" && value !== null ? "composite" : "primitive");
const sameCanonical = (a: unknown, b: unknown): boolean =>
  kindOf(a) === kindOf(b) && new Map([[canonicalKey(a), 1]]).has(canonicalKey(b));

describe("the canonical form of keys", () => {
  test("is equal exactly when the keys are", () => {
    fc.assert(
      fc.property(key, key, (a, b) => sameCanonical(a, b) === equal(a, b)),
      { numRuns: 2000 },
    );
  });

  test("is equal only where the hash is", () => {
    fc.assert(
      fc.property(key, key, (a, b) => !equal(a, b) || hashKey(a) === hashKey(b)),
      { numRuns: 2000 },
    );
  });

  test("distinguishes parts however they are split", () => {
    expect(canonicalKey(["a", "b"])).not.toBe(canonicalKey(["as1:b"]));
    expect(canonicalKey([["a"], "b"])).not.toBe(canonicalKey([["a", "b"]]));
    expect(canonicalKey({ a: "b" })).not.toBe(canonicalKey(["a", "b"]));
  });
});

describe("a key map", () => {
  test("finds keys by value", () => {
    const map = new KeyMap<unknown, string>();
    map.set([1, { x: "a", y: new Date(5) }], "composite");
    map.set(Number.NaN, "nan");
    map.set(0, "zero");
    expect(map.get([1, { y: new Date(5), x: "a" }])).toBe("composite");
    expect(map.get(Number.NaN)).toBe("nan");
    expect(map.get(-0)).toBe("zero");
    expect(map.get(0n)).toBeUndefined();
    expect(map.size).toBe(3);
  });

  test("distinguishes a string from the composite key whose canonical form it is", () => {
    const map = new KeyMap<unknown, number>();
    map.set([1], 1);
    const text = canonicalKey([1]);
    expect(map.has(text)).toBe(false);
    map.set(text, 2);
    expect(map.get([1])).toBe(1);
    expect(map.size).toBe(2);
  });

  test("behaves as a list of entries searched by equality, in order of first insertion", () => {
    const command = fc.record({ op: fc.constantFrom("set", "delete", "merge"), key, value: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const map = new KeyMap<unknown, number>({ mapEntriesMax: 4 });
        const list: [unknown, number][] = [];
        for (const { op, key: k, value } of commands) {
          const at = list.findIndex(([other]) => equal(other, k));
          const entry = list[at];
          if (op === "delete") {
            expect(map.delete(k)).toBe(at >= 0);
            if (at >= 0) list.splice(at, 1);
          } else if (entry === undefined) {
            map.set(k, value);
            list.push([k, value]);
          } else {
            entry[1] = op === "set" ? value : entry[1] + value;
            if (op === "set") map.set(k, value);
            else map.merge(k, value, (a, b) => a + b);
          }
        }
        expect(map.size).toBe(list.length);
        const entries = [...map];
        expect(entries.length).toBe(list.length);
        for (const [i, [k, v]] of entries.entries()) expect(equal(k, list[i]?.[0]) && v === list[i]?.[1]).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("continues in another map when one is full", () => {
    const map = new KeyMap<unknown, number>({ mapEntriesMax: 100 });
    for (let i = 0; i < 1000; i += 1) map.set(i % 2 === 0 ? `k${i}` : [i], i);
    expect(map.size).toBe(1000);
    expect(map.get("k0")).toBe(0);
    expect(map.get([999])).toBe(999);
    expect([...map.values()]).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(map.delete("k0") && map.delete([1])).toBe(true);
    expect(map.has("k0") || map.has([1])).toBe(false);
  });

  test("closes the holes of deleted entries and keeps the order", () => {
    const map = new KeyMap<number, number>();
    for (let i = 0; i < 10_000; i += 1) {
      map.set(i, i);
      if (i >= 10) map.delete(i - 10);
    }
    expect([...map.keys()]).toEqual([9990, 9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999]);
    expect(map.get(9995)).toBe(9995);
  });

  test("allows deletion while it is iterated", () => {
    const map = new KeyMap<number, number>();
    for (let i = 0; i < 10; i += 1) map.set(i, i);
    const seen: number[] = [];
    for (const [k] of map) {
      seen.push(k);
      map.delete(k + 1);
    }
    expect(seen).toEqual([0, 2, 4, 6, 8]);
  });

  test("keeps composite keys unchanged, even when it copies them for their long strings", () => {
    const map = new KeyMap<unknown, number>();
    const composite = [{ name: "a string of some length", __proto__: null }, new Date(1), Buffer.from("x")];
    map.set(composite, 1);
    expect([...map.keys()][0]).toEqual(composite);
  });

  test("refuses keys without equality by value", () => {
    const map = new KeyMap<unknown, number>();
    for (const bad of [Symbol("s"), () => 1, new Set([1])]) {
      expect(() => map.get(bad)).toThrow(expect.objectContaining({ code: "KEY_NOT_COMPARABLE" }));
      expect(() => map.set(bad, 1)).toThrow(expect.objectContaining({ code: "KEY_NOT_COMPARABLE" }));
    }
    expect(map.size).toBe(0);
  });
});
