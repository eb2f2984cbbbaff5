import type { ClassTable } from "@millrace/codec";
import { notPair } from "@millrace/plan";
import { blame } from "../../compile/blame.ts";
import { promiseNotAwaited } from "../../errors.ts";
import { type Feeder, SLICE } from "../../source/feeder.ts";
import { KeyIndex } from "../../table/key-index.ts";
import { kept, type PassingCell, sameCell, toCell } from "../state-cell.ts";
import type { InitialState } from "./initial-state.ts";
import { KeyState } from "./key-state.ts";
import type { StateChunk, StateUpdater, Transaction } from "./updater.ts";

export interface MapWithStateOptions {
  readonly classes: ClassTable;
  readonly map: (key: unknown, value: unknown, state: KeyState, time: number) => unknown;
  /** 0: keys never time out. */
  readonly timeoutMs: number;
  readonly label: string;
  /** The batch, in epoch ms. */
  readonly time: number;
  /** The pairs of the batch. */
  readonly pairs: Feeder;
  /** Makes a feeder that has to be waited for into one that has not, when it is opened. */
  readonly spool: (later: Feeder) => Feeder;
  readonly initial: InitialState | undefined;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * `mapWithState`: gives what the function makes of each pair, then of each key that was idle for too long. Costs what
 * arrives and what times out, however many keys there are.
 */
export class MapWithState implements StateUpdater {
  readonly timed: boolean;
  readonly repeatable = false;
  readonly #options: MapWithStateOptions;
  readonly #key: KeyState;
  readonly #map: MapWithStateOptions["map"];
  readonly #time: number;
  #pairs: Feeder;
  /** The keys of this batch; below, for each: its place in the published state, or -1, and its state so far. */
  readonly #keys = new KeyIndex();
  readonly #places: number[] = [];
  readonly #cells: (PassingCell | undefined)[] = [];
  /** What the function gave, of which the first `filled` count; the array is used again. */
  readonly #out: unknown[] = [];
  #filled = 0;
  #first = false;

  constructor(options: MapWithStateOptions) {
    this.#options = options;
    this.#key = new KeyState(options.classes);
    this.#map = options.map;
    this.#time = options.time;
    this.#pairs = options.pairs;
    this.timed = options.timeoutMs > 0;
  }

  async open(first: boolean): Promise<void> {
    const { spool, initial } = this.#options;
    await this.#pairs.open();
    if (this.#pairs.later) {
      this.#pairs = spool(this.#pairs);
      await this.#pairs.open();
    }
    this.#first = first;
    if (first) await initial?.open();
  }

  *update(transaction: Transaction): Generator<StateChunk, void, undefined> {
    if (this.#first) this.#addInitial();
    const { check } = this.#options;
    const pairs = this.#pairs;
    while (pairs.at < pairs.end || pairs.next()) {
      check();
      this.#take(transaction, Math.min(pairs.end - pairs.at, SLICE));
      if (this.#filled >= SLICE) yield this.#given();
    }
    this.#settle(transaction);
    if (this.timed) yield* this.#timeOut(transaction);
    if (this.#filled > 0) yield this.#given();
  }

  *rest(): Generator<StateChunk, void, undefined> {}

  finish(): void | Promise<void> {
    return this.#pairs.finish();
  }

  close(): void {
    this.#pairs.close();
    this.#options.initial?.close();
  }

  #given(): StateChunk {
    const count = this.#filled;
    this.#filled = 0;
    return { rows: this.#out, count };
  }

  #addInitial(): void {
    const { initial, classes, label } = this.#options;
    for (const [key, state] of initial?.rest() ?? []) {
      try {
        if (this.#keys.find(key) < 0) this.#keys.add(key); // it is there once
        this.#places.push(-1);
        this.#cells.push(toCell(state, classes));
      } catch (error) {
        throw blame(error, label);
      }
    }
  }

  /** The next pairs that have arrived. */
  #take(transaction: Transaction, count: number): void {
    const pairs = this.#pairs;
    const { rows, keys, values, at } = pairs;
    const end = at + count;
    pairs.at = end;
    try {
      if (rows === undefined) for (let i = at; i < end; i++) this.#pair(transaction, keys[i], values[i]);
      else for (let i = at; i < end; i++) this.#row(transaction, rows[i]);
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  #row(transaction: Transaction, row: unknown): void {
    if (Array.isArray(row) && row.length === 2) this.#pair(transaction, row[0], row[1]);
    else notPair(row);
  }

  #pair({ state }: Transaction, key: unknown, value: unknown): void {
    const cells = this.#cells;
    let at = this.#keys.find(key);
    if (at < 0) {
      at = this.#keys.add(key); // nothing was looked up since `find`
      const place = state.index.find(key);
      this.#places.push(place);
      cells.push(place < 0 ? undefined : state.column.get(place));
    }
    cells[at] = this.#call(key, value, cells[at], false);
  }

  /** All that came of the batch's pairs goes to the overlay, once a key. */
  #settle({ state, overlay }: Transaction): void {
    const { classes, label } = this.#options;
    try {
      this.#keys.keys.forEach((key, at) => {
        const place = this.#places[at] ?? -1;
        const passing = this.#cells[at];
        const cell = passing === undefined ? undefined : kept(passing, classes);
        if (place >= 0) {
          if (cell === undefined || !sameCell(state.column.get(place), cell)) overlay.changes.set(place, cell);
          else if (this.timed) overlay.touched.add(place);
        } else if (cell !== undefined) {
          overlay.newKeys.push(key);
          overlay.newCells.push(cell);
        }
      });
    } catch (error) {
      throw blame(error, label);
    }
  }

  *#timeOut({ state, overlay }: Transaction): Generator<StateChunk, void, undefined> {
    const { time, timeoutMs, label, check } = this.#options;
    for (const { index } of state.idle?.before(time - timeoutMs) ?? []) {
      if (overlay.changes.has(index) || overlay.touched.has(index)) continue;
      try {
        this.#call(state.index.keys[index], undefined, state.column.get(index), true);
      } catch (error) {
        throw blame(error, label);
      }
      overlay.changes.set(index, undefined);
      if (this.#filled < SLICE) continue;
      check();
      yield this.#given();
    }
  }

  /** @returns The state after the call. */
  #call(key: unknown, value: unknown, cell: PassingCell | undefined, timingOut: boolean): PassingCell | undefined {
    const state = this.#key;
    const map = this.#map; // it is to have no `this`
    state.open(cell, timingOut);
    try {
      const made = map(key, value, state, this.#time);
      if (made !== undefined) this.#give(made);
    } finally {
      state.close();
    }
    return state.cell;
  }

  #give(made: unknown): void {
    if (typeof made === "object" && made instanceof Promise) throw notToBeAwaited(made);
    this.#out[this.#filled++] = made;
  }
}

function notToBeAwaited(promise: Promise<unknown>): Error {
  promise.catch(() => undefined); // that there is a promise at all is what is told
  return promiseNotAwaited(
    "it gave a promise, and state is updated record by record, at once. Await in the function of mapPartitions before it, which may be async.",
  );
}
