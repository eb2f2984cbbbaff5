import type { Segment } from "../compile/segment.ts";
import type { SegmentState } from "../compile/segment-state.ts";

/** Records between two looks at the cancel flag. */
export const SLICE = 1024;

/**
 * Gives records chunk by chunk to whoever pulls. A chunk is either `rows` or the columns `keys` and `values`, of which
 * [at, end) is still to be taken; it is valid until the next one is asked for.
 */
export abstract class Feeder {
  rows: ArrayLike<unknown> | undefined;
  keys: ArrayLike<unknown> = [];
  values: ArrayLike<unknown> = [];
  at = 0;
  end = 0;

  /** Does what may wait, such as filling tables; once, before anything else. */
  open(): void | Promise<void> {}

  /** Whether `open` has to be waited for. */
  get opensLater(): boolean {
    return false;
  }

  /** Moves on to the next chunk, never an empty one; false at the end. */
  abstract next(): boolean;

  /** Once open: whether chunks have to be waited for, so that `nextLater` is to be called in place of `next`. */
  get later(): boolean {
    return false;
  }

  async nextLater(): Promise<boolean> {
    return this.next();
  }

  /** Completes what must happen whether or not all records were taken, such as the update of state. */
  finish(): void | Promise<void> {}

  /** Lets go of what it holds, at the end or after an error. */
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

/** Runs a segment over the next `limit` records of the chunk. Returns whether the segment wants no more. */
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
