import type { ClassTable } from "@millrace/codec";
import { blame } from "../../compile/blame.ts";
import { notPair } from "../../compile/segment-state.ts";
import { promiseNotAwaited } from "../../errors.ts";
import { type Feeder, SLICE } from "../../source/feeder.ts";
import { KeyIndex } from "../../table/key-index.ts";
import { type StateCell, sameCell, toCell } from "../state-cell.ts";
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
  #pairs: Feeder;
  /** Keys that the published state has not, and their state so far. */
  readonly #added = new KeyIndex();
  readonly #cells: (StateCell | undefined)[] = [];
  #out: unknown[] = [];
  #first = false;

  constructor(options: MapWithStateOptions) {
    this.#options = options;
    this.#key = new KeyState(options.classes);
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
      for (let taken = 0; pairs.at < pairs.end && taken < SLICE; taken++) this.#next(transaction);
      if (this.#out.length >= SLICE) yield this.#take();
    }
    if (this.timed) yield* this.#timeOut(transaction);
    if (this.#out.length > 0) yield this.#take();
    this.#added.keys.forEach((key, i) => {
      const cell = this.#cells[i];
      if (cell === undefined) return;
      transaction.overlay.newKeys.push(key);
      transaction.overlay.newCells.push(cell);
    });
  }

  *rest(): Generator<StateChunk, void, undefined> {}

  finish(): void | Promise<void> {
    return this.#pairs.finish();
  }

  close(): void {
    this.#pairs.close();
    this.#options.initial?.close();
  }

  #take(): StateChunk {
    const rows = this.#out;
    this.#out = [];
    return { rows };
  }

  #addInitial(): void {
    const { initial, classes, label } = this.#options;
    for (const [key, state] of initial?.rest() ?? []) {
      try {
        if (this.#added.find(key) < 0) this.#added.add(key); // it is there once
        this.#cells.push(toCell(state, classes));
      } catch (error) {
        throw blame(error, label);
      }
    }
  }

  /** The next pair that has arrived. */
  #next(transaction: Transaction): void {
    const pairs = this.#pairs;
    const at = pairs.at++;
    try {
      if (pairs.rows === undefined) {
        this.#pair(transaction, pairs.keys[at], pairs.values[at]);
        return;
      }
      const row = pairs.rows[at];
      if (Array.isArray(row)) this.#pair(transaction, row[0], row[1]);
      else notPair(row);
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  #pair(transaction: Transaction, key: unknown, value: unknown): void {
    const index = transaction.state.index.find(key);
    if (index < 0) this.#new(key, value);
    else this.#known(transaction, index, key, value);
  }

  #known({ state, overlay }: Transaction, index: number, key: unknown, value: unknown): void {
    const before = overlay.changes.has(index) ? overlay.changes.get(index) : state.column.get(index);
    const { deed, cell } = this.#call(key, value, before);
    if (deed === "removed") overlay.changes.set(index, undefined);
    else if (deed === "updated" && !same(before, cell)) overlay.changes.set(index, cell);
    else if (this.timed && cell !== undefined) overlay.touched.add(index);
  }

  #new(key: unknown, value: unknown): void {
    const at = this.#added.find(key);
    const { deed, cell } = this.#call(key, value, at < 0 ? undefined : this.#cells[at]);
    if (deed === "nothing") return;
    if (at >= 0) {
      this.#cells[at] = cell;
    } else if (cell !== undefined) {
      this.#added.add(key); // nothing was looked up since `find`
      this.#cells.push(cell);
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
      if (this.#out.length < SLICE) continue;
      check();
      yield this.#take();
    }
  }

  #call(key: unknown, value: unknown, cell: StateCell | undefined, timingOut = false): KeyState {
    const { map, time } = this.#options;
    const state = this.#key;
    state.open(cell, timingOut);
    try {
      const made = map(key, value, state, time);
      if (made instanceof Promise) throw notToBeAwaited(made);
      if (made !== undefined) this.#out.push(made);
    } finally {
      state.close();
    }
    return state;
  }
}

function notToBeAwaited(promise: Promise<unknown>): Error {
  promise.catch(() => undefined); // that there is a promise at all is what is told
  return promiseNotAwaited(
    "it gave a promise, and state is updated record by record, at once. Await in the function of mapPartitions before it, which may be async.",
  );
}

function same(a: StateCell | undefined, b: StateCell | undefined): boolean {
  return a !== undefined && b !== undefined && sameCell(a, b);
}
