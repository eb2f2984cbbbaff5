import { assert } from "@millrace/base";
import type { Feeder } from "./feeder.ts";

/** The cancel flag is looked at once in so many records. */
const CHECK_MASK = 255;

/** What a partition function iterates over; pulls one chunk at a time. Can be iterated once, as the records exist once. */
export class Records implements IterableIterator<unknown> {
  readonly #feeder: Feeder;
  readonly #check: () => void;
  #taken = 0;
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
    const feeder = this.#feeder;
    if ((++this.#taken & CHECK_MASK) === 0) this.#check();
    if (feeder.at >= feeder.end && !this.#advance()) return { done: true, value: undefined };
    const at = feeder.at++;
    const value = feeder.rows === undefined ? [feeder.keys[at], feeder.values[at]] : feeder.rows[at];
    return { done: false, value };
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

  #advance(): boolean {
    if (this.#closed || this.#failed) return false;
    assert(!this.#feeder.later, "a partition function was given records that have to be waited for");
    try {
      return this.#feeder.next();
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
  }
}
