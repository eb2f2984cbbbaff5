import { describe, expect, test } from "vitest";
import { HASH_VERSION, hashKey, KEY_GROUPS, keyGroup, partitionOf } from "./hash.ts";

/** MurmurHash3_x86_32 in its author's form, over bytes: the specification for the fast code. */
function murmur3(bytes: Uint8Array, seed: number): number {
  const at = (i: number): number => bytes[i] ?? 0;
  const scramble = (k: number): number => {
    const a = Math.imul(k, 0xcc9e2d51);
    return Math.imul((a << 15) | (a >>> 17), 0x1b873593);
  };
  let h = seed;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    h ^= scramble(at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= whole; i -= 1) tail = (tail << 8) | at(i);
  h ^= scramble(tail) ^ bytes.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const KNOWN: [unknown, number][] = [
  [undefined, 0xcdda8c2d],
  [null, 0x62726ec3],
  [false, 0x716a0b09],
  [true, 0x7e5d85a8],
  [0, 0x6b04df19],
  [1, 0x90d21899],
  [-1.5, 0x8aac66b8],
  [Number.NaN, 0x58b712db],
  ["", 0xcbe4dac2],
  ["a", 0x164908f8],
  ["hello", 0x3ad5fff0],
  ["語😀", 0xe5451322],
  [0n, 0x0013bd75],
  [-1n, 0x5068c2d9],
  [2n ** 64n, 0x605c9ee0],
  [new Date(0), 0xc458b0b3],
  [new Date(Number.NaN), 0x6c9396f6],
  [Buffer.from("abc"), 0x7dbf2eda],
  [[], 0x2a87fe24],
  [["a", 1], 0x0093d0ad],
  [{}, 0x97567828],
  [{ a: 1, b: [true, null] }, 0x18bc8a3a],
];

const seed = (letter: string): number => letter.charCodeAt(0);
const u32s = (...words: number[]): Uint8Array => new Uint8Array(new Uint32Array(words).buffer);
const f64 = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer);

describe("the reference of this test", () => {
  // Published vectors of MurmurHash3_x86_32.
  test.each([
    ["", 0, 0],
    ["", 1, 0x514e28b7],
    ["test", 0, 0xba6bd213],
    ["Hello, world!", 0, 0xc0363e43],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ])("gives the published hash of %j with seed %i", (text, seedOf, hash) => {
    expect(murmur3(Buffer.from(text), seedOf)).toBe(hash);
  });
});

describe("the hash of a key", () => {
  test.each(["", "a", "ab", "abc", "hello world", "é", "語", "😀", "\ud800", "x".repeat(1001)])(
    "of the string %j is that of its UTF-16 code units",
    (text) => {
      expect(hashKey(text)).toBe(murmur3(Buffer.from(text, "utf16le"), seed("s")));
    },
  );

  test.each([0, 1, -1, 0.5, 2 ** 40, Number.MAX_VALUE, Number.POSITIVE_INFINITY, 5e-324])(
    "of the number %d is that of its float64",
    (value) => {
      expect(hashKey(value)).toBe(murmur3(f64(value), seed("n")));
    },
  );

  test("of NaN is that of one pattern, with any payload", () => {
    const strange = new Float64Array(new Uint32Array([1, 0xfff80000]).buffer)[0];
    expect(hashKey(Number.NaN)).toBe(murmur3(u32s(0, 0x7ff80000), seed("n")));
    expect(hashKey(strange)).toBe(hashKey(Number.NaN));
  });

  test("of -0 is that of 0", () => expect(hashKey(-0)).toBe(hashKey(0)));

  test("of a bigint is that of its sign and magnitude", () => {
    expect(hashKey(0n)).toBe(murmur3(u32s(0), seed("i")));
    expect(hashKey(-5n)).toBe(murmur3(u32s(1, 5), seed("i")));
    expect(hashKey(0x1_0000_0002n)).toBe(murmur3(u32s(0, 2, 1), seed("i")));
  });

  test("of bytes is that of the bytes, as Buffer or Uint8Array, in any memory", () => {
    for (const text of ["", "a", "ab", "abc", "abcd", "abcdefg"]) {
      const bytes = Buffer.from(text);
      expect(hashKey(bytes)).toBe(murmur3(bytes, seed("b")));
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      expect(hashKey(shared)).toBe(hashKey(bytes));
    }
  });

  test("of an array is that of its length and the hashes of its elements", () => {
    expect(hashKey(["a", 1])).toBe(murmur3(u32s(2, hashKey("a"), hashKey(1)), seed("a")));
    expect(hashKey([])).toBe(murmur3(u32s(0), seed("a")));
  });

  test("of a plain object is that of its count and the sum of its properties", () => {
    const property = (name: string, value: unknown): number => murmur3(u32s(hashKey(name), hashKey(value)), seed("p"));
    const sum = (property("x", 1) + property("y", "b")) >>> 0;
    expect(hashKey({ x: 1, y: "b" })).toBe(murmur3(u32s(2, sum), seed("o")));
    expect(hashKey({ y: "b", x: 1 })).toBe(hashKey({ x: 1, y: "b" }));
    expect(hashKey(Object.assign(Object.create(null), { x: 1 }))).toBe(hashKey({ x: 1 }));
  });

  // State and shuffles already written depend on these numbers: a change needs another HASH_VERSION.
  test("is fixed for version 1", () => {
    expect(HASH_VERSION).toBe(1);
    expect(KNOWN.map(([key]) => hashKey(key))).toEqual(KNOWN.map(([, hash]) => hash));
  });

  test("distinguishes keys of different types", () => {
    const keys = [1, 1n, "1", true, new Date(1), [1], { 1: 1 }, Buffer.of(1), null, undefined, false, 0, ""];
    expect(new Set(keys.map(hashKey)).size).toBe(keys.length);
  });

  test("spreads common keys evenly over the key groups", () => {
    for (const key of [(i: number) => `user-${i}`, (i: number) => i, (i: number) => [i % 100, `p${i}`]]) {
      const counts = new Uint32Array(64);
      for (let i = 0; i < 64_000; i += 1) {
        const bucket = keyGroup(key(i)) >>> 6;
        counts[bucket] = (counts[bucket] ?? 0) + 1;
      }
      expect(Math.min(...counts)).toBeGreaterThan(800);
      expect(Math.max(...counts)).toBeLessThan(1200);
    }
  });
});

describe("the partition of a key", () => {
  test("is floor(group * n / 4096)", () => {
    for (const n of [1, 2, 3, 7, 100, 4095, 4096]) {
      for (let i = 0; i < 500; i += 1) {
        expect(partitionOf(`k${i}`, n)).toBe(Math.floor((keyGroup(`k${i}`) * n) / KEY_GROUPS));
      }
    }
  });
});

class Account {
  readonly id = 1;
}

describe("a key without equality by value", () => {
  test.each([
    [() => 1, "an anonymous function"],
    [Symbol("s"), "a symbol"],
    [new Map(), "a Map"],
    [new Account(), "an Account"],
    [new Float64Array(1), "a Float64Array"],
    [[1, Promise.resolve()], "a Promise"],
  ])("is refused: %s", (key, named) => {
    expect(() => hashKey(key)).toThrow(expect.objectContaining({ code: "KEY_NOT_COMPARABLE" }));
    expect(() => hashKey(key)).toThrow(named);
  });

  test("is refused when it contains itself", () => {
    const key: unknown[] = [];
    key.push(key);
    expect(() => hashKey(key)).toThrow("cyclic");
  });
});
