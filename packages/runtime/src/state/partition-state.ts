import type { EpochMs } from "@millrace/base";
import type { ClassTable } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import { KeyIndex } from "../table/key-index.ts";
import { DeltaChain } from "./delta-chain.ts";
import { IdleOrder } from "./idle-order.ts";
import { Overlay } from "./overlay.ts";
import { type StateCell, StateColumn } from "./state-column.ts";

const COMPACT_MIN = 1024;

/**
 * One partition of an operator's state in memory: the published state, and the overlay of the running or the last batch.
 *
 *     none ─begin─▶ overlay, incomplete ─complete─▶ overlay, complete ─publish─▶ none, at its version
 *                          └─drop─▶ none                    └─drop─▶ none
 */
export class PartitionState {
  /** The version of the published state, known to be committed; `undefined` before the first. */
  head: StateVersion | undefined;
  /** The files of the log that hold the published state. */
  readonly chain: DeltaChain = new DeltaChain();
  index: KeyIndex = new KeyIndex();
  column: StateColumn;
  /**
   * For operators whose keys time out: the time of each key's last update, which is the batch of the last delta that
   * sets it.
   */
  idle: IdleOrder | undefined;
  readonly #classes: ClassTable;
  #overlay: Overlay | undefined;

  constructor(options: { readonly timed: boolean; readonly classes: ClassTable }) {
    this.#classes = options.classes;
    this.column = new StateColumn(options.classes);
    this.idle = options.timed ? new IdleOrder() : undefined;
  }

  /** Keys in memory, including those that the batch adds. */
  get keys(): number {
    return this.index.size + (this.#overlay?.newKeys.length ?? 0);
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
  }

  /** Begins the transaction of a batch; an earlier one that was not published is dropped. */
  begin(batch: EpochMs): Overlay {
    const overlay = new Overlay(batch, this.column, this.#classes);
    this.#overlay = overlay;
    return overlay;
  }

  drop(): void {
    this.#overlay = undefined;
  }

  /** Makes the overlay part of the published state, when its batch has been committed. */
  publish(): void {
    const overlay = this.#overlay;
    if (overlay === undefined) return;
    const { batch, touched } = overlay;
    overlay.eachForgotten((index) => this.#remove(index));
    overlay.eachChanged((index, column, place) => this.#take(index, column, place, batch));
    for (const index of touched) if (this.column.has(index)) this.idle?.touch(index, batch);
    overlay.eachNew((key, column, place) => this.#take(this.#indexOf(key), column, place, batch));
    this.head = overlay.version;
    this.chain.add(overlay.deltaBytes);
    this.#overlay = undefined;
    this.#compact();
  }

  /** Sets a state from a delta. */
  put(key: unknown, cell: StateCell, batch: EpochMs): void {
    const index = this.restore(key, cell);
    this.idle?.touch(index, batch);
  }

  /** For loading: sets a state, whenever it was updated. Returns the index of the key. */
  restore(key: unknown, cell: StateCell): number {
    const index = this.#indexOf(key);
    this.column.setCell(index, cell);
    return index;
  }

  /** For loading: forgets what a delta removed. */
  forget(key: unknown): void {
    const found = this.index.find(key);
    if (found >= 0) this.#remove(found);
  }

  #indexOf(key: unknown): number {
    const found = this.index.find(key);
    return found < 0 ? this.index.add(key) : found;
  }

  #take(index: number, from: StateColumn, place: number, batch: EpochMs): void {
    this.column.setFrom(index, from, place);
    this.idle?.touch(index, batch);
  }

  #remove(index: number): void {
    this.index.remove(index);
    this.column.delete(index);
    this.idle?.remove(index);
  }

  /**
   * Indices are never reused, so forgotten keys leave holes. The order of the keys is preserved: a slot that loads the
   * state from its log must produce the same one.
   */
  #compact(): void {
    const { index, column, idle } = this;
    const holes = index.capacity - index.size;
    if (holes < COMPACT_MIN || holes < index.size) return;
    this.index = new KeyIndex();
    this.column = new StateColumn(this.#classes);
    const places = new Int32Array(index.capacity);
    for (let i = 0; i < index.capacity; i++) {
      if (!column.has(i)) continue;
      const place = this.#indexOf(index.keys[i]);
      places[i] = place;
      this.column.setFrom(place, column, i);
    }
    if (idle === undefined) return;
    this.idle = new IdleOrder();
    for (const { index: i, time } of idle.before(Number.POSITIVE_INFINITY)) this.idle.touch(places[i] ?? 0, time);
  }
}
