import { type EpochMs, epochMs } from "@millrace/base";
import { KeyIndex } from "../table/key-index.ts";
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
  /** Keys that the published state has not, each once. */
  readonly newKeys: unknown[];
  readonly newCells: StateCell[];
}

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
  #overlay: Overlay | undefined;

  constructor(version: EpochMs) {
    this.version = version;
    this.delta = epochMs(0);
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
  }

  /** Begins the transaction of a batch; an earlier one that was not published is dropped. */
  begin(batch: EpochMs): Overlay {
    const overlay: Overlay = { batch, complete: false, changes: new Map(), newKeys: [], newCells: [] };
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
      else this.column.set(index, cell);
    }
    for (let i = 0; i < overlay.newKeys.length; i++) this.put(overlay.newKeys[i], overlay.newCells[i] as StateCell); // columns of equal length
    this.version = overlay.batch;
    this.delta = overlay.batch;
    this.#overlay = undefined;
    this.#compact();
  }

  /** For loading: sets what a delta holds. */
  put(key: unknown, cell: StateCell): void {
    const found = this.index.find(key);
    this.column.set(found < 0 ? this.index.add(key) : found, cell);
  }

  /** For loading: forgets what a delta removed. */
  forget(key: unknown): void {
    const found = this.index.find(key);
    if (found >= 0) this.#remove(found);
  }

  #remove(index: number): void {
    this.index.remove(index);
    this.column.delete(index);
  }

  /** Indices are never given again, so that forgotten keys leave holes. */
  #compact(): void {
    const { index, column } = this;
    const holes = index.capacity - index.size;
    if (holes < COMPACT_MIN || holes < index.size) return;
    this.index = new KeyIndex();
    this.column = new StateColumn();
    for (let i = 0; i < index.capacity; i++) if (column.has(i)) this.put(index.keys[i], column.get(i));
  }
}
