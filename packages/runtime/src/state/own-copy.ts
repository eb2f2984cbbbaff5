import { type ClassTable, decodeValue, encodeValue } from "@millrace/codec";

/** Deeper states, longer arrays in them, and cycles are encoded rather than copied. */
const DEPTH_MAX = 4;
const LENGTH_MAX = 16;
/** Objects with the same properties seen one after the other before a class is compiled for their copies. */
const COMPILE_AFTER = 64;
/** Objects with more properties are dictionaries. */
const COMPILE_NAMES_MAX = 16;
const COMPILED_MAX = 256;

const NOT_PLAIN: unique symbol = Symbol("not plain");

/**
 * A private copy of a state, while a batch may replace it many times. Small plain data is copied, down to its
 * primitives, at a tenth of the cost of encoding, or less if many objects have the same properties; the result is the
 * same as that of decoding.
 */
export abstract class OwnCopy {
  /** Replaces the state; false, without effect, if this class cannot hold the new one. */
  abstract take(state: unknown): boolean;

  /** The state, as a copy that the caller may modify. */
  abstract give(): unknown;
}

/** @throws RECORD_NOT_ENCODABLE */
export function ownCopy(state: unknown, classes: ClassTable): OwnCopy {
  const copy = typeof state === "object" && state !== null ? plainCopy(state) : undefined;
  return copy ?? new EncodedCopy(encodeValue(state, classes), classes);
}

/** `undefined` for anything but small plain data. */
export function plainCopy(state: object): OwnCopy | undefined {
  const copy = latest?.(state);
  if (copy !== undefined) return copy;
  const data = copied(state, 1);
  if (data === undefined) return undefined;
  if (!Array.isArray(data)) countSeen(Object.keys(data));
  return new PlainCopy(data);
}

class PlainCopy extends OwnCopy {
  #data: object;

  constructor(data: object) {
    super();
    this.#data = data;
  }

  override take(state: unknown): boolean {
    const data = typeof state === "object" && state !== null ? copied(state, 1) : undefined;
    if (data === undefined) return false;
    this.#data = data;
    return true;
  }

  override give(): unknown {
    return copied(this.#data, 1); // a copy of plain data can itself be copied
  }
}

/** A copy of any other state, in encoded form. */
class EncodedCopy extends OwnCopy {
  readonly #bytes: Uint8Array;
  readonly #classes: ClassTable;

  constructor(bytes: Uint8Array, classes: ClassTable) {
    super();
    this.#bytes = bytes;
    this.#classes = classes;
  }

  override take(): boolean {
    return false;
  }

  override give(): unknown {
    return decodeValue(this.#bytes, this.#classes);
  }
}

/** Copies an object with certain properties; `undefined` for any other object, and for one that is not plain data throughout. */
type CopyOfShape = (value: object) => OwnCopy | undefined;

/** The class for recently seen objects. Others that were compiled are kept, since operators with different states alternate. */
let latest: CopyOfShape | undefined;
const compiledShapes = new Map<string, CopyOfShape | undefined>();
let lastNames: readonly string[] = [];
let seen = 0;

function countSeen(names: readonly string[]): void {
  if (names.length > COMPILE_NAMES_MAX) return;
  if (!sameNames(names, lastNames)) {
    lastNames = names;
    seen = 0;
  }
  seen += 1;
  if (seen < COMPILE_AFTER) return;
  seen = 0;
  const shape = JSON.stringify(names);
  if (!compiledShapes.has(shape)) {
    if (compiledShapes.size >= COMPILED_MAX) compiledShapes.clear();
    compiledShapes.set(shape, compiled(names));
  }
  latest = compiledShapes.get(shape);
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/**
 * A class with a field for each property. It reads them one by one: V8 knows the hidden class of the object after the first,
 * so that checking the prototype costs nothing; the loop checks that there are no other properties. Names enter the source
 * only as JSON strings.
 */
function compiled(names: readonly string[]): CopyOfShape | undefined {
  const each = (line: (name: string, i: number) => string): string =>
    names.map((name, i) => line(JSON.stringify(name), i)).join("\n");
  // An object with other properties, which the loop detects, must not be copied in part.
  const checked = `let ${names.map((_, i) => `p${i}`).join(", ")};
try {
${each((name, i) => `p${i} = value[${name}];`)}
} catch { return REFUSED; } // a getter, which may be none that is copied
if (Object.getPrototypeOf(value) !== plain) return REFUSED;
let i = 0;
for (const name in value) if (name !== names[i++]) return REFUSED;
if (i !== ${names.length}) return REFUSED;
${each((_, i) => `if (typeof p${i} !== "number" && (p${i} = part(p${i}, 1)) === notPlain) return REFUSED;`)}`;
  const source = `"use strict";
class ShapedCopy extends OwnCopy {
constructor(${names.map((_, i) => `p${i}`).join(", ")}) { super(); ${each((_, i) => `this.p${i} = p${i};`)} }
take(value) {
if (typeof value !== "object" || value === null) return false;
${checked.replaceAll("REFUSED", "false")}
${each((_, i) => `this.p${i} = p${i};`)}
return true;
}
give() {
const { ${names.map((_, i) => `p${i}`).join(", ")} } = this;
return { ${each((name, i) => `${name}: typeof p${i} === "number" ? p${i} : part(p${i}, 1),`)} };
}
}
return (value) => {
${checked.replaceAll("REFUSED", "undefined")}
return new ShapedCopy(${names.map((_, i) => `p${i}`).join(", ")});
};`;
  try {
    const make = new Function("OwnCopy", "names", "plain", "part", "notPlain", source);
    return make(OwnCopy, names, Object.prototype, plainPart, NOT_PLAIN);
  } catch {
    return undefined; // code generation is disabled in this process: copy property by property
  }
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

/** A copy of an array; `undefined` if it has holes or further properties, like a match of a regular expression. */
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
