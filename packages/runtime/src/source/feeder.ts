import type { Segment } from "../compile/segment.ts";
import type { SegmentState } from "../compile/segment-state.ts";

/** Records between two checks of the cancel flag. */
export const SLICE = 1024;

/**
 * Supplies records chunk by chunk, on demand. A chunk is either `rows` or the columns `keys` and `values`, of which
 * [at, end) is still to be taken; it is valid until the next one is requested.
 */
export abstract class Feeder {
  rows: ArrayLike<unknown> | undefined;
  keys: ArrayLike<unknown> = [];
  values: ArrayLike<unknown> = [];
  at = 0;
  end = 0;

  /** Does work that may take time, such as filling tables. Called once, before anything else. */
  open(): void | Promise<void> {}

  /** True if `open` is asynchronous. */
  get opensLater(): boolean {
    return false;
  }

  /** Moves to the next chunk, which is never empty; false at the end. */
  abstract next(): boolean;

  /** Known once open: true if chunks arrive asynchronously, so that `nextLater` must be called in place of `next`. */
  get later(): boolean {
    return false;
  }

  async nextLater(): Promise<boolean> {
    return this.next();
  }

  /** Completes work that does not depend on whether all records were taken, such as updating state. */
  finish(): void | Promise<void> {}

  /** Releases its resources, at the end or after an error. */
  close(): void {}

  protected setRows(rows: ArrayLike<unknown>, at = 0, end: number = rows.length): true {
    this.rows = rows;
    this.at = at;
    this.end = end;
    return true;
  }

  protected setPairs(keys: ArrayLike<unknown>, values: ArrayLike<unknown>, at = 0, end: number = keys.length): true {
    this.rows = undefined;
    this.keys = keys;
    this.values = values;
    this.at = at;
    this.end = end;
    return true;
  }
}

/** Runs a segment over the next `limit` records of the chunk. @returns True if the segment needs no more. */
export function push(feeder: Feeder, segment: Segment, state: SegmentState, limit: number = SLICE): boolean {
  const from = feeder.at;
  const to = Math.min(feeder.end, from + limit);
  feeder.at = to;
  const stop =
    feeder.rows === undefined
      ? segment.pairs(feeder.keys, feeder.values, from, to, state)
      : segment.rows(feeder.rows, from, to, state);
  state.pause();
  return stop;
}
