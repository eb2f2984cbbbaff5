import type { ClassTable } from "@millrace/codec";
import type { StateRef } from "@millrace/plan";
import { blame } from "../compile/blame.ts";
import type { Overlay, PartitionState } from "../state/partition-state.ts";
import { fromCell, type StateCell, sameCell, toCell } from "../state/state-cell.ts";
import type { StateStore } from "../state/state-store.ts";
import type { PairColumns, SpillingTable } from "../table/spilling-table.ts";
import { Feeder, SLICE } from "./feeder.ts";

export interface StateFeederOptions {
  readonly store: StateStore;
  readonly ref: StateRef;
  readonly classes: ClassTable;
  readonly update: (values: unknown[], state: unknown, key: unknown) => unknown;
  readonly onlyUpdated: boolean;
  readonly label: string;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
  /** The values of this batch by key. */
  readonly values: SpillingTable;
  readonly fillValues: () => Promise<void>;
  /** The state that the first batch begins with. */
  readonly initial: { readonly table: SpillingTable; readonly fill: () => Promise<void> } | undefined;
}

/**
 * The transaction of one batch on one partition of state, and `[K, S]` for every key that has state after it.
 *
 * Updates are made as records are pulled; `finish` makes those that nobody pulled, then writes the delta. So an output
 * that takes ten records updates every key all the same.
 */
export class StateFeeder extends Feeder {
  readonly #options: StateFeederOptions;
  #chunks: Iterator<PairColumns> | undefined;
  #transaction: { readonly state: PartitionState; readonly overlay: Overlay } | undefined;

  constructor(options: StateFeederOptions) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    const { store, ref, fillValues, initial } = this.#options;
    const { state, done } = await store.prepare(ref);
    if (done && state.overlay !== undefined) {
      this.#chunks = this.#again(state, state.overlay);
      return;
    }
    await fillValues();
    if (initial !== undefined && ref.version === 0) await initial.fill();
    const overlay = state.begin(ref.batch);
    this.#transaction = { state, overlay };
    this.#chunks = this.#update(state, overlay);
  }

  override get opensLater(): boolean {
    return true;
  }

  override next(): boolean {
    const step = this.#chunks?.next();
    if (step === undefined || step.done === true) return false;
    return this.setPairs(step.value.keys, step.value.values);
  }

  override async finish(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    while (this.next()) this.#options.check();
    await this.#options.store.complete(this.#options.ref, transaction.state, transaction.overlay);
    this.#transaction = undefined;
  }

  override close(): void {
    this.#transaction?.state.drop();
    this.#transaction = undefined;
    this.#chunks?.return?.();
    this.#options.values.discard();
    this.#options.initial?.table.discard();
  }

  *#update(state: PartitionState, overlay: Overlay): Generator<PairColumns, void, undefined> {
    const out = new ChunkBuilder();
    const updated = new Uint8Array(state.index.capacity);
    yield* this.#updateGiven(state, overlay, updated, out);
    yield* this.#updateKnown(state, overlay, updated, out);
    yield* this.#addInitial(overlay, out);
    if (out.keys.length > 0) yield out.take();
  }

  /** Keys with values in this batch. */
  *#updateGiven(
    state: PartitionState,
    overlay: Overlay,
    updated: Uint8Array,
    out: ChunkBuilder,
  ): Generator<PairColumns, void, undefined> {
    const { values, initial } = this.#options;
    const first = initial?.table.table;
    for (const chunk of values.drain()) {
      for (let i = 0; i < chunk.keys.length; i++) {
        const key = chunk.keys[i];
        const given = chunk.values[i] as unknown[]; // the table's shape
        const index = state.index.find(key);
        if (index >= 0) {
          updated[index] = 1;
          this.#change(state, overlay, index, given, out);
        } else {
          this.#add(overlay, key, given, takeInitial(first, key), out);
        }
        if (out.full) yield out.take();
      }
    }
  }

  /** Keys that have state and no values. */
  *#updateKnown(
    state: PartitionState,
    overlay: Overlay,
    updated: Uint8Array,
    out: ChunkBuilder,
  ): Generator<PairColumns, void, undefined> {
    const { onlyUpdated, classes } = this.#options;
    const { column, index } = state;
    for (let i = 0; i < updated.length; i++) {
      if (updated[i] === 1 || !column.has(i)) continue;
      if (onlyUpdated) out.push(index.keys[i], fromCell(column.get(i), classes));
      else this.#change(state, overlay, i, [], out);
      if (out.full) yield out.take();
    }
  }

  /** Keys of the initial state without values. */
  *#addInitial(overlay: Overlay, out: ChunkBuilder): Generator<PairColumns, void, undefined> {
    const { initial, onlyUpdated, classes } = this.#options;
    if (initial === undefined) return;
    for (const chunk of initial.table.drain()) {
      for (let i = 0; i < chunk.keys.length; i++) {
        const state = chunk.values[i];
        if (state === TAKEN || state === undefined) continue;
        if (onlyUpdated) {
          this.#put(overlay, chunk.keys[i], toCell(state, classes));
          out.push(chunk.keys[i], state);
        } else {
          this.#add(overlay, chunk.keys[i], [], state, out);
        }
        if (out.full) yield out.take();
      }
    }
  }

  #change(state: PartitionState, overlay: Overlay, index: number, given: unknown[], out: ChunkBuilder): void {
    const { classes } = this.#options;
    const key = state.index.keys[index];
    const before = state.column.get(index);
    const after = this.#call(given, fromCell(before, classes), key);
    if (after === undefined) {
      overlay.changes.set(index, undefined);
      return;
    }
    const cell = this.#cell(after);
    if (!sameCell(before, cell)) overlay.changes.set(index, cell);
    out.push(key, after);
  }

  #add(overlay: Overlay, key: unknown, given: unknown[], state: unknown, out: ChunkBuilder): void {
    const after = this.#call(given, state, key);
    if (after === undefined) return;
    this.#put(overlay, key, this.#cell(after));
    out.push(key, after);
  }

  #put(overlay: Overlay, key: unknown, cell: StateCell): void {
    overlay.newKeys.push(key);
    overlay.newCells.push(cell);
  }

  #call(given: unknown[], state: unknown, key: unknown): unknown {
    try {
      return this.#options.update(given, state, key);
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  #cell(state: unknown): StateCell {
    try {
      return toCell(state, this.#options.classes);
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  /** What the batch has made of the state, without calling anything. */
  *#again(state: PartitionState, overlay: Overlay): Generator<PairColumns, void, undefined> {
    const { classes } = this.#options;
    const out = new ChunkBuilder();
    for (let i = 0; i < state.index.capacity; i++) {
      if (!state.column.has(i)) continue;
      const cell = overlay.changes.has(i) ? overlay.changes.get(i) : state.column.get(i);
      if (cell === undefined) continue;
      out.push(state.index.keys[i], fromCell(cell, classes));
      if (out.full) yield out.take();
    }
    for (let i = 0; i < overlay.newKeys.length; i++) {
      out.push(overlay.newKeys[i], fromCell(overlay.newCells[i] as StateCell, classes)); // columns of equal length
      if (out.full) yield out.take();
    }
    if (out.keys.length > 0) yield out.take();
  }
}

const TAKEN: unique symbol = Symbol("taken");

/** The initial state of a key, once. */
function takeInitial(table: SpillingTable["table"] | undefined, key: unknown): unknown {
  const index = table?.index.find(key) ?? -1;
  if (table === undefined || index < 0) return undefined;
  const state = table.accs[index];
  table.accs[index] = TAKEN;
  return state;
}

class ChunkBuilder {
  keys: unknown[] = [];
  values: unknown[] = [];

  get full(): boolean {
    return this.keys.length >= SLICE;
  }

  push(key: unknown, value: unknown): void {
    this.keys.push(key);
    this.values.push(value);
  }

  take(): PairColumns {
    const chunk = { keys: this.keys, values: this.values };
    this.keys = [];
    this.values = [];
    return chunk;
  }
}
