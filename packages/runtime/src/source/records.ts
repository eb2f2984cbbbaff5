import { assert } from "@millrace/base";
import { NEXT_SLICE, type SlicedRecords } from "@millrace/plan";
import type { Feeder } from "./feeder.ts";

/** The cancel flag is looked at once in so many records. */
const SLICE_RECORDS = 256;

/** What a partition function iterates over; pulls one chunk at a time. Can be iterated once, as the records exist once. */
export class Records implements IterableIterator<unknown>, SlicedRecords<unknown> {
  readonly #feeder: Feeder;
  readonly #check: () => void;
  /** The slice that is being given: rows, or two columns. */
  #rows: ArrayLike<unknown> | undefined;
  #keys: ArrayLike<unknown> = [];
  #values: ArrayLike<unknown> = [];
  #at = 0;
  #end = 0;
  #closed = false;
  #failed = false;
  #failure: unknown;

  /** @param check Throws when the task is cancelled. */
  constructor(feeder: Feeder, check: () => void) {
    this.#feeder = feeder;
    this.#check = check;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<unknown, undefined> {
    if (this.#at >= this.#end && !this.#advance()) return { done: true, value: undefined };
    const at = this.#at++;
    const value = this.#rows === undefined ? [this.#keys[at], this.#values[at]] : this.#rows[at];
    return { done: false, value };
  }

  [NEXT_SLICE](): readonly unknown[] | undefined {
    if (this.#at >= this.#end && !this.#advance()) return undefined;
    const rows = this.#rows;
    const [from, to] = [this.#at, this.#end];
    this.#at = to;
    if (rows !== undefined && from === 0 && to === rows.length && Array.isArray(rows)) return rows;
    const slice = new Array<unknown>(to - from);
    for (let i = from; i < to; i++) slice[i - from] = rows === undefined ? [this.#keys[i], this.#values[i]] : rows[i];
    return slice;
  }

  /** All that is left, as an array. */
  takeAll(): unknown[] {
    const all: unknown[] = [];
    while (this.#at < this.#end || this.#advance()) {
      const rows = this.#rows;
      if (rows === undefined) {
        for (let i = this.#at; i < this.#end; i++) all.push([this.#keys[i], this.#values[i]]);
      } else {
        for (let i = this.#at; i < this.#end; i++) all.push(rows[i]);
      }
      this.#at = this.#end;
    }
    return all;
  }

  /** The reader wants no more: a `for … of` that was left early may be continued by another one. */
  return(): IteratorResult<unknown, undefined> {
    return { done: true, value: undefined };
  }

  /** Ends the iteration for good: the task is over. */
  close(): void {
    this.#closed = true;
  }

  /** An error of the operators above must fail the task even if the function that pulled has caught it. */
  rethrow(): void {
    if (this.#failed) throw this.#failure;
  }

  /** Takes over the next slice of the feeder's chunk, or of its next one. */
  #advance(): boolean {
    if (this.#closed || this.#failed) return false;
    const feeder = this.#feeder;
    this.#check();
    assert(!feeder.later, "a partition function was given records that have to be waited for");
    try {
      if (feeder.at >= feeder.end && !feeder.next()) return false;
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
    this.#rows = feeder.rows;
    this.#keys = feeder.keys;
    this.#values = feeder.values;
    this.#at = feeder.at;
    this.#end = Math.min(feeder.end, feeder.at + SLICE_RECORDS);
    feeder.at = this.#end;
    return true;
  }
}
