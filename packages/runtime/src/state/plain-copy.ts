/** Deeper states, and longer arrays in them, are as well encoded as copied; so are cycles. */
const DEPTH_MAX = 4;
const LENGTH_MAX = 16;

const NOT_PLAIN: unique symbol = Symbol("not plain");

/**
 * A copy of a small plain object or array, down to its primitives, as decoding what it is encoded to would give it; some ten
 * times as fast. `undefined` for anything else: it may be no plain data, or not be encodable.
 */
export function plainCopy(value: unknown): object | undefined {
  return typeof value === "object" && value !== null ? copied(value, 1) : undefined;
}

function copied(value: object, depth: number): object | undefined {
  if (depth > DEPTH_MAX) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return copiedObject(value as Readonly<Record<string, unknown>>, depth);
  return prototype === Array.prototype && Array.isArray(value) ? copiedArray(value, depth) : undefined;
}

function copiedObject(value: Readonly<Record<string, unknown>>, depth: number): object | undefined {
  const copy: Record<string, unknown> = {};
  for (const name in value) {
    const part = plainPart(value[name], depth);
    if (part === NOT_PLAIN || name === "__proto__") return undefined;
    copy[name] = part;
  }
  return copy;
}

/** Not one with holes, nor a match of a regular expression. */
function copiedArray(value: readonly unknown[], depth: number): object | undefined {
  if (value.length > LENGTH_MAX || "index" in value) return undefined;
  const copy: unknown[] = [];
  for (let i = 0; i < value.length; i++) {
    const part = plainPart(value[i], depth);
    if (part === NOT_PLAIN || (part === undefined && !(i in value))) return undefined;
    copy.push(part);
  }
  return copy;
}

function plainPart(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "object":
      return value === null ? null : (copied(value, depth + 1) ?? NOT_PLAIN);
    case "function":
    case "symbol":
      return NOT_PLAIN;
    default:
      return value;
  }
}
