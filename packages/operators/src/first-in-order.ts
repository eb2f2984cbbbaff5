import { type Comparison, comparisonBy } from "@millrace/codec";
import type { JobFunction } from "./job-function.ts";

/** A compare function of the job. */
export type JobCompare = JobFunction<[a: unknown, b: unknown]>;

/** The order of values, or that of a compare function of the job; or its reverse. */
export interface Direction {
  readonly compare: JobCompare | undefined;
  readonly descending: boolean;
}

/** Up to this many are kept sorted by insertion; larger numbers are gathered and sorted in bulk. */
const IN_ORDER_MAX = 32;
/** Values gathered beside the kept ones before all are sorted again. */
const GATHERED_MIN = 240;

/** The first `most` of many values in order; equal ones in order of arrival. */
export class FirstInOrder<T> {
  readonly #most: number;
  readonly #direction: Direction;
  readonly #compare: Comparison;
  #values: T[] = [];
  /** `most` values are sorted: a value that does not come before the last is dropped. */
  #full = false;

  constructor(most: number, direction: Direction) {
    this.#most = most;
    this.#direction = direction;
    const compare = comparisonBy(direction.compare);
    this.#compare = direction.descending ? (a, b) => compare(b, a) : compare;
  }

  offer(value: T): void {
    if (this.#full && this.#compare(value, this.#values[this.#most - 1]) >= 0) return;
    if (this.#most <= IN_ORDER_MAX) this.#insert(value);
    else this.#gather(value);
  }

  /** Drops the last one when full. */
  #insert(value: T): void {
    const values = this.#values;
    let end = this.#full ? this.#most - 1 : values.length;
    if (end === this.#most) return; // the limit is 0
    if (typeof value === "number" && this.#direction.compare === undefined) {
      end = makeRoom(values, end, value, this.#direction.descending);
    }
    const place = placeOf(values, end, value, this.#compare);
    for (let i = end; i > place; i -= 1) values[i] = values[i - 1] as T; // within the array
    values[place] = value;
    this.#full = values.length === this.#most;
  }

  #gather(value: T): void {
    this.#values.push(value);
    if (this.#values.length < this.#most + Math.max(this.#most, GATHERED_MIN)) return;
    this.#values = this.all();
    this.#full = true;
  }

  offerAll(values: readonly T[]): void {
    for (let at = 0; at < values.length; at += 1) {
      if (this.#full) at = notTooLate(values, at, this.#values[this.#most - 1], this.#direction);
      if (at < values.length) this.offer(values[at] as T); // within the array
    }
  }

  all(): T[] {
    const values = this.#values;
    // Indices, not values: the built-in sort puts `undefined` last without a comparison.
    const order = values.map((_, i) => i).sort((i, j) => this.#compare(values[i], values[j]));
    return order.slice(0, this.#most).map((i) => values[i] as T); // indices of values
  }
}

/** Moves numbers before `end` that come after `value` up by one; returns where the others end. */
function makeRoom(values: unknown[], end: number, value: number, descending: boolean): number {
  let at = end;
  for (; at > 0; at -= 1) {
    const other = values[at - 1];
    if (typeof other !== "number" || !(descending ? value > other : value < other)) break;
    values[at] = other;
  }
  return at;
}

/** The index for a value among the first `end`, which are sorted: after equal ones. */
function placeOf(values: readonly unknown[], end: number, value: unknown, compare: Comparison): number {
  if (end === 0 || compare(value, values[end - 1]) >= 0) return end;
  let [low, high] = [0, end - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(value, values[middle]) < 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The index, from `at` on, of the first value that may come before `last`, or the length: of many values nearly all
 * come too late, and one comparison disposes of each.
 */
function notTooLate(values: readonly unknown[], at: number, last: unknown, direction: Direction): number {
  if (direction.compare !== undefined) return notAfter(values, at, last, direction);
  if (typeof last === "number") {
    return direction.descending ? largerNumber(values, at, last) : smallerNumber(values, at, last);
  }
  if (typeof last === "string") return textBefore(values, at, last, direction.descending);
  return at;
}

/** The result of the job's function, if it is a number; other results are reported when it is called again. */
function notAfter(values: readonly unknown[], from: number, last: unknown, { compare, descending }: Direction): number {
  let at = from;
  for (; at < values.length; at += 1) {
    const order = descending ? compare?.(last, values[at]) : compare?.(values[at], last);
    if (!(typeof order === "number" && order >= 0)) break;
  }
  return at;
}

/**
 * NaN comes after all numbers: no number is too late for it, and it is too late for all. Unrolling by four saves a
 * third.
 */
function smallerNumber(values: readonly unknown[], from: number, last: number): number {
  let at = from;
  if (Number.isNaN(last)) return at;
  for (const end = values.length - 3; at < end; at += 4) {
    const [a, b, c, d] = [values[at], values[at + 1], values[at + 2], values[at + 3]];
    if (typeof a !== "number" || typeof b !== "number" || typeof c !== "number" || typeof d !== "number") break;
    if (a < last || b < last || c < last || d < last) break;
  }
  for (; at < values.length; at += 1) {
    const value = values[at];
    if (typeof value !== "number" || value < last) break;
  }
  return at;
}

/** The reverse: NaN comes before all numbers. */
function largerNumber(values: readonly unknown[], from: number, last: number): number {
  let at = from;
  if (Number.isNaN(last)) return at;
  for (const end = values.length - 3; at < end; at += 4) {
    const [a, b, c, d] = [values[at], values[at + 1], values[at + 2], values[at + 3]];
    if (typeof a !== "number" || typeof b !== "number" || typeof c !== "number" || typeof d !== "number") break;
    if (!(a <= last && b <= last && c <= last && d <= last)) break;
  }
  for (; at < values.length; at += 1) {
    const value = values[at];
    if (typeof value !== "number" || !(value <= last)) break;
  }
  return at;
}

function textBefore(values: readonly unknown[], from: number, last: string, descending: boolean): number {
  let at = from;
  for (; at < values.length; at += 1) {
    const value = values[at];
    if (typeof value !== "string" || (descending ? value > last : value < last)) break;
  }
  return at;
}
