import { notComparable, plainKeys } from "./comparable.ts";

const DEPTH_MAX = 256;

export type CanonicalKey = string | number | bigint | boolean | null | undefined;

/**
 * A value whose SameValueZero equality (that of a JS `Map`) is the equality of keys. A primitive represents itself; a
 * Date, bytes, an array or a plain object becomes a string that encodes the type and length of each part. A key may
 * *be* such a string, so tables keep the two apart: see `KeyMap`.
 *
 * @throws KEY_NOT_COMPARABLE See `hashKey`.
 */
export function canonicalKey(key: unknown): CanonicalKey {
  switch (typeof key) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
    case "undefined":
      return key;
    case "object":
      return key === null ? null : canonicalObject(key, 1);
    default:
      return notComparable(key);
  }
}

/** The string that represents a composite key among composite keys. */
export function canonicalObject(key: object, depth: number): string {
  if (depth > DEPTH_MAX) notComparable(key, `a key that is cyclic or nested deeper than ${DEPTH_MAX}`);
  if (Array.isArray(key)) return canonicalArray(key, depth);
  if (key instanceof Date) return `d${key.getTime()};`;
  if (key instanceof Uint8Array) {
    return `b${key.byteLength}:${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1")}`;
  }
  const names = plainKeys(key).sort();
  let text = `o${names.length}:`;
  for (const name of names) text += `${name.length}:${name}${canonicalPart(Reflect.get(key, name), depth)}`;
  return text;
}

function canonicalArray(key: readonly unknown[], depth: number): string {
  let text = `a${key.length}:`;
  for (let i = 0; i < key.length; i += 1) text += canonicalPart(key[i], depth);
  return text;
}

function canonicalPart(part: unknown, depth: number): string {
  switch (typeof part) {
    case "string":
      return `s${part.length}:${part}`;
    case "number":
      return `n${part};`; // -0 prints as 0
    case "bigint":
      return `i${part};`;
    case "boolean":
      return part ? "t" : "f";
    case "undefined":
      return "u";
    case "object":
      return part === null ? "z" : canonicalObject(part, depth + 1);
    default:
      return notComparable(part);
  }
}
