import { blame } from "../compile/blame.ts";
import { CHUNK_OF_ITS_OWN } from "../compile/segment.ts";
import { Feeder, SLICE } from "./feeder.ts";
import type { Replay } from "./replay.ts";

export interface CartesianOptions {
  readonly left: Feeder;
  readonly right: Feeder;
  /** Keeps the records of the right side. */
  readonly replay: Replay;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * `[L, R]` for each record of the left side with each of the right, right changing fastest. The right side is read when it is
 * opened, and closed before the left one is opened; of that a chunk at a time is in memory.
 */
export class CartesianFeeder extends Feeder {
  readonly #options: CartesianOptions;
  #record: unknown;
  #lots: Iterator<readonly unknown[]> | undefined;
  #lot: readonly unknown[] = [];
  #place = 0;
  #lefts: unknown[] = [];
  #rights: unknown[] = [];
  /** The same record, as often as a lot needs it. */
  readonly #repeated: unknown[] = [];

  constructor(options: CartesianOptions) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    const { left, right, replay } = this.#options;
    await right.open();
    try {
      await replay.fill(right);
    } catch (error) {
      throw blame(error, "cartesian");
    }
    await right.finish();
    right.close();
    await left.open();
  }

  override get opensLater(): boolean {
    return true;
  }

  override get later(): boolean {
    return this.#options.left.later;
  }

  override next(): boolean {
    const { left } = this.#options;
    while (!this.#fill()) if (!left.next()) return this.#emit();
    return true;
  }

  override async nextLater(): Promise<boolean> {
    const { left } = this.#options;
    while (!this.#fill()) if (!(await left.nextLater())) return this.#emit();
    return true;
  }

  override finish(): void | Promise<void> {
    return this.#options.left.finish();
  }

  override close(): void {
    const { left, right, replay } = this.#options;
    this.#lots?.return?.();
    replay.discard();
    right.close();
    left.close();
  }

  /** Pairs up what the left side's chunk holds; true when that made a whole chunk, false when more of the left is needed. */
  #fill(): boolean {
    const { left, replay, check } = this.#options;
    check();
    for (;;) {
      if (this.#place < this.#lot.length || this.#nextLot()) {
        if (this.#pairUp()) return true;
        continue;
      }
      if (left.at >= left.end) return false;
      const at = left.at++;
      this.#record = left.rows === undefined ? [left.keys[at], left.values[at]] : left.rows[at];
      this.#lots = replay.lots();
    }
  }

  /** The record with what is left of a lot: with a long one at once, short ones are gathered. True when there is a chunk. */
  #pairUp(): boolean {
    const lot = this.#lot;
    const from = this.#place;
    if (lot.length - from < CHUNK_OF_ITS_OWN) {
      for (; this.#place < lot.length; this.#place++) {
        this.#lefts.push(this.#record);
        this.#rights.push(lot[this.#place]);
      }
      return this.#lefts.length >= SLICE && this.#emit();
    }
    if (this.#lefts.length > 0) return this.#emit();
    const count = Math.min(lot.length - from, SLICE);
    const repeated = this.#repeated;
    for (let i = 0; i < count; i++) repeated[i] = this.#record;
    this.#place = from + count;
    return this.setPairs(repeated, count === lot.length ? lot : lot.slice(from, from + count), 0, count);
  }

  #nextLot(): boolean {
    const step = this.#lots?.next();
    this.#lot = step === undefined || step.done === true ? [] : step.value;
    this.#place = 0;
    if (step?.done === true) this.#lots = undefined;
    return this.#lot.length > 0;
  }

  #emit(): boolean {
    const [lefts, rights] = [this.#lefts, this.#rights];
    this.#lefts = [];
    this.#rights = [];
    return lefts.length > 0 && this.setPairs(lefts, rights);
  }
}
