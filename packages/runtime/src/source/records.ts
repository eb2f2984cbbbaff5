import { assert } from "@millrace/base";
import type { SlicedRecords } from "@millrace/operators";
import type { Feeder } from "./feeder.ts";

/** The cancel flag is checked once per this many records. */
const SLICE_RECORDS = 256;
/** The same for functions that take records in arrays. An array of the feeder is passed on unchanged up to this length. */
const ARRAY_RECORDS = 4096;

/** The argument of a partition function; pulls one chunk at a time. Can be iterated once, as the records exist once. */
export class Records implements IterableIterator<unknown>, SlicedRecords<unknown> {
  readonly #feeder: Feeder;
  readonly #check: () => void;
  /** The current slice: rows, or two columns. */
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
    if (this.#at >= this.#end && !this.#advance(SLICE_RECORDS)) return { done: true, value: undefined };
    const at = this.#at++;
    const value = this.#rows === undefined ? [this.#keys[at], this.#values[at]] : this.#rows[at];
    return { done: false, value };
  }

  nextSlice(): readonly unknown[] | undefined {
    if (this.#at >= this.#end && !this.#advance(ARRAY_RECORDS)) return undefined;
    const rows = this.#rows;
    const [from, to] = [this.#at, this.#end];
    this.#at = to;
    if (rows === undefined) return tuplesOf(this.#keys, this.#values, from, to);
    if (Array.isArray(rows)) return from === 0 && to === rows.length ? rows : rows.slice(from, to);
    return listOf(rows, from, to);
  }

  /** All remaining records, as an array. */
  takeAll(): unknown[] {
    const all: unknown[] = [];
    for (let slice = this.nextSlice(); slice !== undefined; slice = this.nextSlice()) {
      for (let i = 0; i < slice.length; i++) all.push(slice[i]);
    }
    return all;
  }

  /** Does not end the iteration: a `for … of` that was left early may be continued by another. */
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

  /** Moves to the next slice of the feeder's chunk, or of its next one, of at most `records` records. */
  #advance(records: number): boolean {
    if (this.#closed || this.#failed) return false;
    const feeder = this.#feeder;
    this.#check();
    assert(!feeder.later, "a partition function was given records that arrive asynchronously");
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
    this.#end = Math.min(feeder.end, feeder.at + records);
    feeder.at = this.#end;
    return true;
  }
}

function tuplesOf(keys: ArrayLike<unknown>, values: ArrayLike<unknown>, from: number, to: number): unknown[] {
  const tuples: unknown[] = [];
  for (let i = from; i < to; i++) tuples.push([keys[i], values[i]]);
  return tuples;
}

/** An array with the rows [from, to). A typed array's own `slice` would return another typed array. */
function listOf(rows: ArrayLike<unknown>, from: number, to: number): unknown[] {
  const list: unknown[] = [];
  for (let i = from; i < to; i++) list.push(rows[i]);
  return list;
}
