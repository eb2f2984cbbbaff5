import type { JoinKind } from "@millrace/plan";
import { Feeder, SLICE } from "./feeder.ts";

const MISSING: readonly unknown[] = [undefined];

/**
 * `[K, [V, W]]` out of `[K, [V[], W[]]]`: every value of the one side with every value of the other, in that order, a
 * chunk at a time, so that a key with many values on both sides takes no memory.
 */
export class JoinFeeder extends Feeder {
  readonly #lists: Feeder;
  readonly #how: JoinKind;
  #key: unknown;
  #left: readonly unknown[] = [];
  #right: readonly unknown[] = [];
  #i = 0;
  #j = 0;

  /** @param lists Gives a list of values per side for each key. */
  constructor(lists: Feeder, how: JoinKind) {
    super();
    this.#lists = lists;
    this.#how = how;
  }

  override open(): void | Promise<void> {
    return this.#lists.open();
  }

  override get opensLater(): boolean {
    return this.#lists.opensLater;
  }

  override next(): boolean {
    const keys: unknown[] = [];
    const values: unknown[] = [];
    while (keys.length < SLICE) {
      if (this.#i >= this.#left.length && !this.#nextKey()) break;
      keys.push(this.#key);
      values.push([this.#left[this.#i], this.#right[this.#j]]);
      if (++this.#j < this.#right.length) continue;
      this.#j = 0;
      this.#i += 1;
    }
    return keys.length > 0 && this.setPairs(keys, values);
  }

  override close(): void {
    this.#lists.close();
  }

  override finish(): void | Promise<void> {
    return this.#lists.finish();
  }

  /** Moves on to the next key that gives a record. */
  #nextKey(): boolean {
    const lists = this.#lists;
    for (;;) {
      if (lists.at >= lists.end && !lists.next()) return false;
      const [left, right] = lists.values[lists.at] as readonly [readonly unknown[], readonly unknown[]]; // the table's shape
      const keepsLeft = this.#how === "left" || this.#how === "full";
      const keepsRight = this.#how === "right" || this.#how === "full";
      this.#key = lists.keys[lists.at];
      lists.at += 1;
      this.#left = left.length === 0 && keepsRight ? MISSING : left;
      this.#right = right.length === 0 && keepsLeft ? MISSING : right;
      this.#i = 0;
      this.#j = 0;
      if (this.#left.length > 0 && this.#right.length > 0) return true;
      this.#left = [];
    }
  }
}
