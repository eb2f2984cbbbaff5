import type { Inline } from "@millrace/operators";
import type { FnSlot } from "@millrace/plan";
import type { SegmentState } from "./segment-state.ts";
import type { Terminal } from "./terminal.ts";

/** An operator that handles one record at a time. */
export interface FusedOp {
  readonly kind: "map" | "flatMap" | "filter" | "mapValues" | "flatMapValues" | "keys" | "values" | "number";
  /** A `flatMapValues` without one takes the values themselves apart. */
  readonly fn: FnSlot | undefined;
  readonly label: string;
  /** For `number`: the input with the partition's number, if it is not the task's. */
  readonly index?: number | undefined;
}

/** Operators that run in one loop, and the terminal at its end. */
export interface SegmentPlan {
  /** Distinct for each segment of each template: the first line of the generated source. */
  readonly name: string;
  readonly ops: readonly FusedOp[];
  readonly terminal: Terminal;
  /** Names the terminal's own functions in errors. */
  readonly terminalLabel: string;
  /** By slot: the code that replaces calls of a function. */
  readonly inlines: readonly (Inline | undefined)[];
}

/**
 * A generated loop over records [from, to).
 *
 * @returns True when no more records are needed; for `foreach` the position at which it stopped is in the state.
 */
export type RowsLoop = (rows: ArrayLike<unknown>, from: number, to: number, state: SegmentState) => boolean;
/** The same over two columns, for sources of pairs: no tuple is made unless a function needs one. */
export type PairsLoop = (
  keys: ArrayLike<unknown>,
  values: ArrayLike<unknown>,
  from: number,
  to: number,
  state: SegmentState,
) => boolean;

/** A loop that stops whenever a buffer has {@link BUFFER_RECORDS}, and can be continued. */
export type Steps<Loop extends (...args: never[]) => boolean> = (
  ...args: Parameters<Loop>
) => Generator<undefined, boolean, undefined>;

/** Variants of the generated function, besides the plain loop. */
export interface LoopOptions {
  /** A generator that stops when its buffer is full. */
  readonly stopping?: boolean;
  /** For a reduce: it may receive the first record. The plain loop needs an earlier one. */
  readonly first?: boolean;
}

/** Records in a buffer before it is emptied. */
export const BUFFER_RECORDS = 256;
/** An array of at least this many records, from a final flatMap, is passed on rather than copied into the buffer. */
export const CHUNK_OF_ITS_OWN = 64;

export interface Segment {
  readonly plan: SegmentPlan;
  readonly labels: readonly string[];
  readonly rows: RowsLoop;
  readonly pairs: PairsLoop;
  /** For a segment that may yield any number of records for one, and ends in a buffer. */
  readonly steps: { readonly rows: Steps<RowsLoop>; readonly pairs: Steps<PairsLoop> } | undefined;
}
