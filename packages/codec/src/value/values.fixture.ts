import fc from "fast-check";
import type { AnyClass, ClassTable } from "../class-table.ts";

// Values for the property tests of this package, and the definition of a faithful round trip.

/** Runs of one property; the tests are fast, and `FUZZ_RUNS=20000` makes them thorough. */
export const RUNS = Number(process.env.FUZZ_RUNS ?? 100);

/** Equal in every respect that the formats keep: types, prototypes, holes, signs of zero, order, own properties. */
export function identical(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  return identicalContent(a, b) && identicalLists(Object.entries(a).flat(), Object.entries(b).flat());
}

function identicalContent(a: object, b: object): boolean {
  if (a instanceof Map && b instanceof Map) return identicalLists([...a].flat(), [...b].flat());
  if (a instanceof Set && b instanceof Set) return identicalLists([...a], [...b]);
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b) && a.lastIndex === b.lastIndex;
  if (a instanceof Error && b instanceof Error) {
    return a.message === b.message && a.stack === b.stack && identical(a.cause, b.cause);
  }
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) return Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;
  return !(a instanceof DataView && b instanceof DataView) || Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function identicalLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => identical(item, b[i]));
}

const bytesOf = (view: DataView): Buffer => Buffer.from(view.buffer, view.byteOffset, view.byteLength);

export class Point {
  x: unknown;
  y: unknown;
  constructor(...coordinates: [unknown, unknown]) {
    if (coordinates.length !== 2) throw new Error("a decoder must not call the constructor");
    [this.x, this.y] = coordinates;
  }
  get sum(): string {
    return `${this.x}${this.y}`;
  }
}
export class Tags extends Set<unknown> {
  label: unknown = "none";
}
export class Row extends Array<unknown> {}
export class Refused extends RangeError {
  status: unknown = 403;
}

const types: Readonly<Record<string, AnyClass>> = { Point, Tags, Row, Refused };

export const classes: ClassTable = {
  idOf: (type) => Object.entries(types).find(([, known]) => known === type)?.[0],
  constructorOf: (id) => (Object.hasOwn(types, id) ? types[id] : undefined),
};

/** Any UTF-16, lone surrogates included. */
export const anyString = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.string({ unit: "binary" }),
  fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "\ud800", "é", "x".repeat(63), "x".repeat(64), "語".repeat(300)),
);

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(-0, 0, 63, 64, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY),
);

const leaf = fc.oneof(
  anyString,
  number,
  fc.bigInt(),
  fc.constantFrom(2n ** 63n, -(2n ** 63n), 2n ** 63n - 1n, 0n, -(2n ** 200n)),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.date({ noInvalidDate: false }),
  fc.tuple(anyString, fc.constantFrom("", "g", "giu", "y"), fc.nat(9)).map(([text, flags, lastIndex]) => {
    const pattern = new RegExp(text.replace(/[^\w ]/g, ""), flags);
    pattern.lastIndex = lastIndex;
    return pattern;
  }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.uint8Array().map((bytes) => bytes.slice().buffer),
  fc
    .uint8Array({ minLength: 3 })
    .map((bytes) => new DataView(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 2)),
  fc.float64Array(),
  fc.float32Array(),
  fc.int16Array(),
  fc.uint8ClampedArray(),
  fc.bigInt64Array(),
  fc.constantFrom("one two".match(/(?<word>o)(x)?/), "x".match(/x/g)),
);

export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 6 }),
    fc.sparseArray(tie("value"), { maxLength: 40, maxNumElements: 5 }),
    fc.dictionary(fc.oneof(anyString, fc.constantFrom("__proto__", "constructor", "a", "b", "0")), tie("value")),
    fc.dictionary(fc.constantFrom("a", "b"), tie("value"), { noNullPrototype: true }),
    fc.record({ user: tie("value"), at: number, text: anyString }, { noNullPrototype: true }),
    fc.array(fc.tuple(tie("value"), tie("value"))).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 6 }).map((items) => new Set(items)),
    fc.tuple(tie("value"), tie("value")).map(([x, y]) => new Point(x, y)),
    fc
      .tuple(fc.array(tie("value"), { maxLength: 6 }), tie("value"))
      .map(([items, label]) => Object.assign(new Tags(items), { label })),
    fc.array(tie("value"), { minLength: 2 }).map((items) => Row.from(items)),
    fc.tuple(anyString, tie("value")).map(([message, status]) => Object.assign(new Refused(message), { status })),
    fc.tuple(anyString, tie("value")).map(([message, cause]) => new TypeError(message, { cause })),
  ),
})).value;
