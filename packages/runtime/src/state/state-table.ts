import type { GroupRange, StateCell } from "@millrace/storage";
import type { StateColumn } from "./state-column.ts";

/** A set of indices. */
export interface Marks {
  has(index: number): boolean;
  add(index: number): void;
}

/** A state that a batch has set: at a place in a column of its own. */
export interface ColumnPlace {
  readonly column: StateColumn;
  readonly place: number;
}

/** What belongs to a key besides its state. */
export interface KeyPlace {
  readonly group: number;
  /** Above those of all keys that are there, unless it is read. */
  readonly ordinal: number;
  /** When it was last updated, in epoch ms; ignored if keys do not time out. */
  readonly updated: number;
}

/**
 * Where the published state of a partition is: its keys, each with its state, by **index**. An index is good until the batch is
 * published; what it is beyond that is the table's business.
 *
 * Reads may come at any time, changes only within `change`. A view that is returned is valid until the next call.
 */
export interface StateTable {
  /** Keys that are there. */
  readonly size: number;
  /** Those of them that take memory of the heap. */
  readonly keysInHeap: number;
  /** Keys of each key group. */
  readonly counts: Uint32Array;
  /** True if it knows when keys were last updated. */
  readonly timed: boolean;
  /** Why it cannot be used any more; `undefined`: it can. */
  readonly failure: unknown;

  /** The index of a key, or -1. @throws KEY_NOT_COMPARABLE */
  find(key: unknown): number;
  /** False for an index whose key was removed. */
  has(index: number): boolean;
  keyAt(index: number): unknown;
  groupOf(index: number): number;
  ordinalOf(index: number): number;
  /** When the key was last updated; 0 if keys do not time out. */
  updatedAt(index: number): number;
  /** The state; `undefined` if there is none. */
  get(index: number): unknown;
  /** True if the state is an object, which is decoded for each `get`. */
  isEncoded(index: number): boolean;
  /** The state, which must exist, in stored form. */
  cell(index: number): StateCell;
  /** Whether a column has the same state at a place. */
  equals(index: number, other: StateColumn, place: number): boolean;

  /** All keys in the order of their ordinals, some at a time. Among them may be indices whose key was removed. */
  inOrder(): Generator<ArrayLike<number>, void, undefined>;
  /** Keys last updated before a time, longest idle first, and among equals in the order of the ordinals. */
  idleBefore(time: number): Generator<number, void, undefined>;
  /** Calls `use` for the keys of a range of groups, group by group. */
  ofGroups(range: GroupRange, use: (index: number, group: number) => void): void;
  /** A set of these indices; negative ones are ignored. */
  marks(given: Iterable<number>): Marks;

  /** Makes changes, a thousand or so with each step. What a step throws leaves those that were made. */
  change(steps: Iterator<void>): void;
  /** Adds the key that `find` has just not found. */
  add(key: unknown, place: KeyPlace, state: ColumnPlace): void;
  /** Adds a key from a file, likewise. */
  addRead(key: unknown, place: KeyPlace, cell: StateCell): void;
  replace(index: number, state: ColumnPlace, updated: number): void;
  touch(index: number, updated: number): void;
  remove(index: number): void;

  /** All keys have been read from files. */
  finishReading(): void;
  /** Gives the keys the ordinals 0, 1, 2, … in their order. */
  renumber(): void;
  /** Reclaims what removed keys have left, if that is worth it. */
  compact(): void;
  /** It is not used any more. */
  close(): void;
}
