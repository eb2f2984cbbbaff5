import { blame } from "../compile/blame.ts";
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
 * `[L, R[]]` for each record of the left side with all of the right, one batch of them at a time, for a loop that
 * flattens the batches. The right side is read when it is opened, and closed before the left one is opened; only a
 * chunk of the left is in memory.
 */
export class CartesianFeeder extends Feeder {
  readonly #options: CartesianOptions;
  #record: unknown;
  /** The remaining lots of the right side for the current record. */
  #lots: Iterator<readonly unknown[]> | undefined;

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
    while (!this.#pairUp()) if (!left.next()) return false;
    return true;
  }

  override async nextLater(): Promise<boolean> {
    const { left } = this.#options;
    while (!this.#pairUp()) if (!(await left.nextLater())) return false;
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

  /**
   * Pairs up records of the left side's chunk, up to a slice of pairs or one lot that had to be decoded. False if more
   * records of the left are needed.
   */
  #pairUp(): boolean {
    const { left, replay, check } = this.#options;
    check();
    const lefts: unknown[] = [];
    const lots: (readonly unknown[])[] = [];
    const most = replay.isEncoded ? 1 : SLICE;
    for (let pairs = 0; pairs < most; ) {
      if (this.#lots === undefined) {
        if (left.at >= left.end) break;
        const at = left.at++;
        this.#record = left.rows === undefined ? [left.keys[at], left.values[at]] : left.rows[at];
        this.#lots = replay.lots();
      }
      const step = this.#lots.next();
      if (step.done === true) {
        this.#lots = undefined;
        continue;
      }
      lefts.push(this.#record);
      lots.push(step.value);
      pairs += step.value.length;
    }
    return lefts.length > 0 && this.setPairs(lefts, lots);
  }
}
