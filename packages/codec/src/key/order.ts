import { describeType, shown } from "../describe.ts";
import { badComparison, valueNotOrdered } from "../errors.ts";

const DEPTH_MAX = 256;

/** Values of different types are ordered by these ranks. */
const RANK = {
  undefined: 0,
  null: 1,
  boolean: 2,
  number: 3,
  bigint: 4,
  string: 5,
  date: 6,
  bytes: 7,
  array: 8,
} as const;

/**
 * The order of values, used wherever the engine sorts, partitions by range or looks for the largest: negative, 0 or
 * positive as `a` comes before, with or after `b`.
 *
 * `undefined`, then `null`, then false, true, numbers, bigints, strings, Dates, bytes, arrays. Numbers are ordered by
 * value, -0 equal to 0, NaN last; strings by their UTF-16 code units; Dates by time, an invalid one last; bytes and
 * arrays by the first element that differs, then by length. The result is 0 exactly for values that are equal as keys.
 *
 * @throws VALUE_NOT_ORDERED A plain object, an instance, a function or a symbol, even inside an array.
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return compareAny(a, b, 1);
}

/**
 * Negative, 0 or positive as `a` comes before, with or after `b`. The type of a method, so that a comparison of a
 * narrower type is assignable: it is called with values of that type only.
 */
export type Comparison = { compare(a: unknown, b: unknown): number }["compare"];

/** A compare function that has not been checked to return numbers. */
type Unchecked = { compare(a: unknown, b: unknown): unknown }["compare"];

/**
 * A compare function of the job, with its result checked; without one, the order of values.
 *
 * Consistency is not checked: functions that never return 0, such as `(a, b) => (a < b ? -1 : 1)`, contradict
 * themselves for equal values only and order all others correctly.
 *
 * @throws BAD_COMPARISON (from the returned function) The result is not a number.
 */
export function comparisonBy(compare: Unchecked | undefined): Comparison {
  if (compare === undefined) return compareValues;
  return (a, b) => {
    const order = compare(a, b);
    if (typeof order === "number" && !Number.isNaN(order)) return order;
    throw badComparison(
      `its compare function returned ${shown(order)} for ${shown(a)} and ${shown(b)}. The task fails. It must return a number: negative when ` +
        "the first comes before the second, positive when it comes after, else 0.",
    );
  };
}

/** Refuses a value outside the order, where it may be alone and never compared. @throws VALUE_NOT_ORDERED */
export function assertOrdered(value: unknown): void {
  checkOrdered(value, 1);
}

function checkOrdered(value: unknown, depth: number): void {
  if (!Array.isArray(value)) {
    rankOf(value);
    return;
  }
  if (depth > DEPTH_MAX) tooDeep();
  for (const element of value) checkOrdered(element, depth + 1);
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function compareAny(a: unknown, b: unknown, depth: number): number {
  if (typeof a === "number" && typeof b === "number") return compareNumbers(a, b);
  if (typeof a === "string" && typeof b === "string") return compareSimple(a, b);
  if (typeof a === "bigint" && typeof b === "bigint") return compareSimple(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return compareSimple(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return compareArrays(a, b, depth);
  if (a instanceof Date && b instanceof Date) return compareNumbers(a.getTime(), b.getTime());
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return rankOf(a) - rankOf(b); // both undefined, both null, or of different types
}

function compareSimple<T extends string | bigint | boolean>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[], depth: number): number {
  if (depth > DEPTH_MAX) tooDeep();
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) {
    const order = compareAny(a[i], b[i], depth + 1);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function rankOf(value: unknown): number {
  switch (typeof value) {
    case "undefined":
      return RANK.undefined;
    case "boolean":
      return RANK.boolean;
    case "number":
      return RANK.number;
    case "bigint":
      return RANK.bigint;
    case "string":
      return RANK.string;
    case "object":
      if (value === null) return RANK.null;
      if (Array.isArray(value)) return RANK.array;
      if (value instanceof Date) return RANK.date;
      if (value instanceof Uint8Array) return RANK.bytes;
      return notOrdered(describeType(value));
    default:
      return notOrdered(describeType(value));
  }
}

function tooDeep(): never {
  return notOrdered(`an array that is cyclic or nested deeper than ${DEPTH_MAX}`);
}

function notOrdered(what: string): never {
  throw valueNotOrdered(
    `a value to be sorted is ${what}, which has no order. The operation fails. Give a key function that ` +
      "picks a string, number, bigint, boolean, Date, Uint8Array or an array of those, or a compare function of your own.",
    { fields: { type: what } },
  );
}
