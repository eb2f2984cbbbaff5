import type { EpochMs } from "@millrace/base";
import { type ClassTable, keyGroup } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import type { StateCell } from "@millrace/storage";
import { StateColumn } from "./state-column.ts";
import { ofKey } from "./state-of-key.ts";
import type { StateTable } from "./state-table.ts";

const FORGOTTEN = -1;

/** In {@link Overlay.order}: the next of the new keys. */
export const NEW_KEY = -1;

/** The changes of one batch to a partition, on top of the published state. */
export class Overlay {
  readonly batch: EpochMs;
  /** True once the delta is written, so that the batch can be committed. */
  complete = false;
  /** The version that it becomes; `undefined` until it is complete, and if it changes nothing. */
  version: StateVersion | undefined;
  /** Size of the delta in the log, once it is written. */
  deltaBytes = 0;
  /** By index in the published state: keys that count as updated although their state is unchanged. */
  readonly touched: Set<number> = new Set();
  /** Keys that the published state does not have, each once. */
  readonly newKeys: unknown[] = [];
  /** Their key groups. */
  readonly newGroups: number[] = [];
  /**
   * The keys that the batch has met, in order: by index in the published state, or `NEW_KEY` for the next of `newKeys`.
   * Later readers of the state get it in the same order: where a record goes may depend on it, and another output, or a
   * rerun task, must not see it elsewhere.
   */
  readonly order: number[] = [];
  readonly #published: StateTable;
  /** Keys of the published state with a changed state: their indices, and the states in parallel. */
  readonly changed: number[] = [];
  readonly changedStates: StateColumn;
  /** Keys of the published state that no longer have state. */
  readonly forgotten: number[] = [];
  /** For both: the position of each among the changed, or `FORGOTTEN`. Created when a key is first looked up. */
  #places: Map<number, number> | undefined;
  /** Of `newKeys`, in parallel. */
  readonly newStates: StateColumn;

  constructor(
    batch: EpochMs,
    { published, classes }: { readonly published: StateTable; readonly classes: ClassTable },
  ) {
    this.batch = batch;
    this.#published = published;
    this.changedStates = new StateColumn(classes);
    this.newStates = new StateColumn(classes);
  }

  /** Sets the state of a key that has one; at most once per key. False if it is unchanged. @throws RECORD_NOT_ENCODABLE */
  change(index: number, state: unknown): boolean {
    const place = this.changed.length;
    try {
      this.changedStates.set(place, state);
    } catch (error) {
      throw ofKey(error, this.#published.keyAt(index));
    }
    if (this.#published.equals(index, this.changedStates, place)) {
      this.changedStates.delete(place);
      return false;
    }
    this.changed.push(index);
    this.#places?.set(index, place);
    return true;
  }

  /** Forgets a key that has state. */
  forget(index: number): void {
    this.forgotten.push(index);
    this.#places?.set(index, FORGOTTEN);
  }

  /** Adds a key that the published state does not have. @throws RECORD_NOT_ENCODABLE */
  add(key: unknown, state: unknown): void {
    try {
      this.newStates.set(this.newKeys.length, state);
    } catch (error) {
      throw ofKey(error, key);
    }
    this.newKeys.push(key);
    this.newGroups.push(keyGroup(key));
  }

  isChanged(index: number): boolean {
    return this.#lookup().has(index);
  }

  /** The state of a key of the published state after the batch; `undefined`: none. */
  stateAt(index: number): unknown {
    const place = this.#lookup().get(index);
    if (place === undefined) return this.#published.get(index);
    return place === FORGOTTEN ? undefined : this.changedStates.get(place);
  }

  /** The state of a key of the published state after the batch, in stored form; `undefined`: none. */
  cellAt(index: number): StateCell | undefined {
    const place = this.#lookup().get(index);
    if (place === undefined) return this.#published.cell(index);
    return place === FORGOTTEN ? undefined : this.changedStates.cell(place);
  }

  #lookup(): Map<number, number> {
    if (this.#places !== undefined) return this.#places;
    const places = new Map<number, number>();
    for (const [place, index] of this.changed.entries()) places.set(index, place);
    for (const index of this.forgotten) places.set(index, FORGOTTEN);
    this.#places = places;
    return places;
  }
}
