import { type EpochMs, epochMs } from "@millrace/base";
import { KeyIndex } from "../table/key-index.ts";
import { IdleOrder } from "./idle-order.ts";
import type { StateCell } from "./state-cell.ts";
import { StateColumn } from "./state-column.ts";

const COMPACT_MIN = 1024;

/** What one batch changes in a partition, on top of the published state. */
export interface Overlay {
  readonly batch: EpochMs;
  /** The delta is written: the batch can commit. */
  complete: boolean;
  /** By index in the published state; `undefined`: forgotten. */
  readonly changes: Map<number, StateCell | undefined>;
  /** By index in the published state: keys that count as updated although their state is as it was. */
  readonly touched: Set<number>;
  /** Keys that the published state has not, each once. */
  readonly newKeys: unknown[];
  readonly newCells: StateCell[];
  /**
   * The keys that the batch has come across, in the order in which it gave them: by index in the published state, or
   * `NEW_KEY` for the next of `newKeys`. Who reads the state again gets it in the same order: where a record goes may
   * depend on it, and another output, or a task that is run again, must not see it elsewhere.
   */
  readonly order: number[];
}

export const NEW_KEY = -1;

/**
 * One partition of an operator's state in memory: what is published, and the overlay of the batch that is running or
 * has run last.
 *
 *     none ─begin─▶ overlay, incomplete ─complete─▶ overlay, complete ─publish─▶ none, at the next version
 *                          └─drop─▶ none                    └─drop─▶ none
 */
export class PartitionState {
  /** The last batch that is part of the published state and known to be committed. */
  version: EpochMs;
  /** The batch of the last delta that is part of the published state; 0 if none. */
  delta: EpochMs;
  index = new KeyIndex();
  column = new StateColumn();
  /** Of operators whose keys time out: when each key was last updated, which is the batch of the last delta that sets it. */
  idle: IdleOrder | undefined;
  #overlay: Overlay | undefined;

  constructor(version: EpochMs, options: { readonly timed: boolean }) {
    this.version = version;
    this.delta = epochMs(0);
    this.idle = options.timed ? new IdleOrder() : undefined;
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
  }

  /** Begins the transaction of a batch; an earlier one that was not published is dropped. */
  begin(batch: EpochMs): Overlay {
    const overlay: Overlay = {
      batch,
      complete: false,
      changes: new Map(),
      touched: new Set(),
      newKeys: [],
      newCells: [],
      order: [],
    };
    this.#overlay = overlay;
    return overlay;
  }

  drop(): void {
    this.#overlay = undefined;
  }

  /** The overlay's batch is committed: it becomes part of the state. */
  publish(): void {
    const overlay = this.#overlay;
    if (overlay === undefined) return;
    for (const [index, cell] of overlay.changes) {
      if (cell === undefined) this.#remove(index);
      else this.#set(index, cell, overlay.batch);
    }
    for (const index of overlay.touched) if (this.column.has(index)) this.idle?.touch(index, overlay.batch);
    // Columns of equal length.
    for (let i = 0; i < overlay.newKeys.length; i++) {
      this.put(overlay.newKeys[i], overlay.newCells[i] as StateCell, overlay.batch);
    }
    this.version = overlay.batch;
    this.delta = overlay.batch;
    this.#overlay = undefined;
    this.#compact();
  }

  /** Sets what a delta holds. */
  put(key: unknown, cell: StateCell, batch: EpochMs): void {
    const found = this.index.find(key);
    this.#set(found < 0 ? this.index.add(key) : found, cell, batch);
  }

  /** For loading: forgets what a delta removed. */
  forget(key: unknown): void {
    const found = this.index.find(key);
    if (found >= 0) this.#remove(found);
  }

  #set(index: number, cell: StateCell, batch: EpochMs): void {
    this.column.set(index, cell);
    this.idle?.touch(index, batch);
  }

  #remove(index: number): void {
    this.index.remove(index);
    this.column.delete(index);
    this.idle?.remove(index);
  }

  /** Indices are never given again, so that forgotten keys leave holes. */
  #compact(): void {
    const { index, column, idle } = this;
    const holes = index.capacity - index.size;
    if (holes < COMPACT_MIN || holes < index.size) return;
    this.index = new KeyIndex();
    this.column = new StateColumn();
    if (idle === undefined) {
      for (let i = 0; i < index.capacity; i++) if (column.has(i)) this.put(index.keys[i], column.get(i), this.delta);
      return;
    }
    this.idle = new IdleOrder();
    for (const { index: i, time } of idle.before(Number.POSITIVE_INFINITY)) {
      this.put(index.keys[i], column.get(i), epochMs(time));
    }
  }
}
