import type { JoinKind } from "@millrace/plan";
import { Feeder, SLICE } from "./feeder.ts";

const MISSING: readonly unknown[] = [undefined];

/**
 * `[K, [V, W]]` out of `[K, [V[], W[]]]`: every value of one side with every value of the other, in that order, a chunk
 * at a time, so that a key with many values on both sides takes little memory. `without`: `[K, V]` if the right has
 * none.
 */
export class JoinFeeder extends Feeder {
  readonly #lists: Feeder;
  readonly #how: JoinKind;
  #key: unknown;
  #left: readonly unknown[] = [];
  #right: readonly unknown[] = [];
  #i = 0;
  #j = 0;

  /** @param lists Supplies a list of values per side for each key. */
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
    while (keys.length < SLICE && (this.#i < this.#left.length || this.#nextKey())) {
      if (this.#how === "without") this.#giveLeft(keys, values);
      else this.#giveBoth(keys, values);
    }
    return keys.length > 0 && this.setPairs(keys, values);
  }

  /** Emits pairs of the current key, up to a chunk. */
  #giveBoth(keys: unknown[], values: unknown[]): void {
    const right = this.#right;
    for (; this.#i < this.#left.length; this.#i++) {
      const value = this.#left[this.#i];
      for (; this.#j < right.length; this.#j++) {
        if (keys.length >= SLICE) return;
        keys.push(this.#key);
        values.push([value, right[this.#j]]);
      }
      this.#j = 0;
    }
  }

  #giveLeft(keys: unknown[], values: unknown[]): void {
    for (; this.#i < this.#left.length && keys.length < SLICE; this.#i++) {
      keys.push(this.#key);
      values.push(this.#left[this.#i]);
    }
  }

  override close(): void {
    this.#lists.close();
  }

  override finish(): void | Promise<void> {
    return this.#lists.finish();
  }

  /** Moves to the next key that yields a record. */
  #nextKey(): boolean {
    const lists = this.#lists;
    for (;;) {
      if (lists.at >= lists.end && !lists.next()) return false;
      const [left, right] = lists.values[lists.at] as readonly [readonly unknown[], readonly unknown[]]; // the table's shape
      const keepsLeft = this.#how === "left" || this.#how === "full";
      const keepsRight = this.#how === "right" || this.#how === "full";
      this.#key = lists.keys[lists.at];
      lists.at += 1;
      this.#i = 0;
      this.#j = 0;
      if (this.#how === "without") {
        this.#left = right.length === 0 ? left : [];
        if (this.#left.length > 0) return true;
        continue;
      }
      this.#left = left.length === 0 && keepsRight ? MISSING : left;
      this.#right = right.length === 0 && keepsLeft ? MISSING : right;
      if (this.#left.length > 0 && this.#right.length > 0) return true;
      this.#left = [];
    }
  }
}
