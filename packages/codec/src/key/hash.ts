import { notComparable, plainKeys } from "./comparable.ts";

/** Changes whenever `hashKey` gives any key a different hash: placement of shuffles and state changes with it. */
export const HASH_VERSION = 1;

/** Fixed ranges of key hashes: a partition of a shuffle or of state is a run of them. */
export const KEY_GROUPS = 4096;

/** Seeds: one per type, so that `1`, `1n`, `"1"`, `true` and `new Date(1)` differ. */
const UNDEFINED = 0x75;
const NULL = 0x7a;
const FALSE = 0x66;
const TRUE = 0x74;
const NUMBER = 0x6e;
const BIGINT = 0x69;
const STRING = 0x73;
const DATE = 0x64;
const BYTES = 0x62;
const ARRAY = 0x61;
const OBJECT = 0x6f;
const PROPERTY = 0x70;

/** Changes all seeds, for a second hash. */
const AGAIN = 0x9e3779b9;

/** Deeper keys are refused, and cyclic ones with them. */
const DEPTH_MAX = 256;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * The hash of a key, an integer in [0, 2^32). Version {@link HASH_VERSION}; the same for every process, machine and release.
 *
 * It is MurmurHash3_x86_32 (Austin Appleby, public domain) with a seed per type, over these bytes, little-endian:
 *
 * | key | seed | bytes |
 * |---|---|---|
 * | undefined, null, false, true | `u` `z` `f` `t` (ASCII) | none |
 * | number | `n` | its float64; -0 as 0, every NaN as 0x7ff8000000000000 |
 * | string | `s` | its UTF-16 code units |
 * | bigint | `i` | uint32 1 when negative else 0, then the magnitude in as few uint32 as hold it (0n: none) |
 * | Date | `d` | its time value as a number above |
 * | Uint8Array, Buffer | `b` | the bytes |
 * | array | `a` | uint32 length, then the uint32 hash of each element; a hole is `undefined` |
 * | plain object | `o` | uint32 count of own enumerable string keys, then uint32 sum (mod 2^32) of the hash of each property |
 * | a property of one | `p` | uint32 hash of the name as a string, uint32 hash of the value |
 *
 * @throws KEY_NOT_COMPARABLE A function, symbol, class instance, Map, Set, other typed array, cyclic or deeper than 256.
 *
 * Time: O(size of the key), about 2 ns per character. No allocation for primitives.
 */
export function hashKey(key: unknown): number {
  if (typeof key === "string") return hashString(key, STRING);
  if (typeof key === "number") return hashFloat(key, NUMBER);
  return hashOther(key, 0, 0);
}

/**
 * A second hash of a key, independent of the first: like {@link hashKey}, with every seed of the table XORed with
 * 0x9e3779b9. Together they make 64 bits.
 */
export function hashKeyAgain(key: unknown): number {
  return hashOther(key, 0, AGAIN);
}

/** The key group of a key, in [0, 4096). */
export function keyGroup(key: unknown): number {
  return hashKey(key) & (KEY_GROUPS - 1);
}

/**
 * The partition of a key among `partitions`: floor(group · n / 4096). One rule for shuffles, joins and state.
 *
 * @param partitions In [1, 4096]; not checked here.
 */
export function partitionOf(key: unknown, partitions: number): number {
  return ((hashKey(key) & (KEY_GROUPS - 1)) * partitions) >>> 12;
}

/** @param salt Changes the seeds. */
function hashOther(key: unknown, depth: number, salt: number): number {
  switch (typeof key) {
    case "string":
      return hashString(key, STRING ^ salt);
    case "number":
      return hashFloat(key, NUMBER ^ salt);
    case "boolean":
      return finish((key ? TRUE : FALSE) ^ salt, 0);
    case "undefined":
      return finish(UNDEFINED ^ salt, 0);
    case "bigint":
      return hashBigint(key, BIGINT ^ salt);
    case "object":
      return key === null ? finish(NULL ^ salt, 0) : hashObject(key, depth + 1, salt);
    default:
      return notComparable(key);
  }
}

function hashObject(key: object, depth: number, salt: number): number {
  if (depth > DEPTH_MAX) notComparable(key, `a key that is cyclic or nested deeper than ${DEPTH_MAX}`);
  if (Array.isArray(key)) return hashArray(key, depth, salt);
  if (key instanceof Date) return hashFloat(key.getTime(), DATE ^ salt);
  if (key instanceof Uint8Array) return hashBytes(key, BYTES ^ salt);
  return hashPlain(key, depth, salt);
}

function hashArray(key: readonly unknown[], depth: number, salt: number): number {
  const length = key.length;
  let h = mix(ARRAY ^ salt, length);
  for (let i = 0; i < length; i += 1) h = mix(h, hashOther(key[i], depth, salt));
  return finish(h, 4 + 4 * length);
}

/** Summing makes the order of the properties irrelevant without a sort. */
function hashPlain(key: object, depth: number, salt: number): number {
  const names = plainKeys(key);
  let sum = 0;
  for (const name of names) {
    const value: unknown = Reflect.get(key, name);
    const property = mix(mix(PROPERTY ^ salt, hashString(name, STRING ^ salt)), hashOther(value, depth, salt));
    sum = (sum + finish(property, 8)) | 0;
  }
  return finish(mix(mix(OBJECT ^ salt, names.length), sum), 8);
}

function hashString(text: string, seed: number): number {
  const length = text.length;
  const even = length & ~1;
  let h = seed;
  for (let i = 0; i < even; i += 2) h = mix(h, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
  if (even !== length) h ^= scramble(text.charCodeAt(even));
  return finish(h, length * 2);
}

function hashFloat(value: number, seed: number): number {
  // Adding 0 turns -0 into 0. NaN payloads vary, so NaN gets one fixed pattern.
  if (Number.isNaN(value)) return finish(mix(mix(seed, 0), 0x7ff80000), 8);
  float[0] = value + 0;
  return finish(mix(mix(seed, words[0] ?? 0), words[1] ?? 0), 8);
}

function hashBigint(value: bigint, seed: number): number {
  let rest = value < 0n ? -value : value;
  let h = mix(seed, value < 0n ? 1 : 0);
  let length = 4;
  while (rest > 0n) {
    h = mix(h, Number(rest & 0xffffffffn));
    rest >>= 32n;
    length += 4;
  }
  return finish(h, length);
}

function hashBytes(bytes: Uint8Array, seed: number): number {
  const length = bytes.length;
  const whole = length & ~3;
  const at = (i: number): number => bytes[i] ?? 0;
  let h = seed;
  for (let i = 0; i < whole; i += 4) h = mix(h, at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
  if (whole !== length) h ^= scramble(at(whole) | (at(whole + 1) << 8) | (at(whole + 2) << 16));
  return finish(h, length);
}

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function mix(hash: number, word: number): number {
  const h = hash ^ scramble(word);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number, length: number): number {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
