import { blame } from "../../compile/blame.ts";
import { NEW_KEY } from "../overlay.ts";
import type { KeyedInput } from "./keyed-input.ts";
import { PairsBuilder, type StateChunk, type StateUpdater, type Transaction, untouched } from "./updater.ts";

export interface UpdateByKeyOptions {
  readonly update: (values: unknown[], state: unknown, key: unknown, time: number) => unknown;
  readonly onlyUpdated: boolean;
  readonly label: string;
  /** The batch, in epoch ms. */
  readonly time: number;
  readonly input: KeyedInput;
}

/** `updateStateByKey`: emits `[K, S]` for every key that has state after the batch. */
export class UpdateByKey implements StateUpdater {
  readonly timed = false;
  readonly everyKey: boolean;
  readonly repeatable = true;
  readonly #options: UpdateByKeyOptions;

  constructor(options: UpdateByKeyOptions) {
    this.#options = options;
    this.everyKey = !options.onlyUpdated;
  }

  open(first: boolean): Promise<void> {
    return this.#options.input.open(first);
  }

  *update(transaction: Transaction): Generator<StateChunk, void, undefined> {
    const out = new PairsBuilder();
    yield* this.#updateGiven(transaction, out);
    if (!this.#options.onlyUpdated) yield* this.#updateKnown(transaction, out);
    yield* this.#addInitial(transaction, out);
    yield* out.end();
  }

  *rest(transaction: Transaction): Generator<StateChunk, void, undefined> {
    if (this.#options.onlyUpdated) yield* untouched(transaction, transaction.overlay.order);
  }

  finish(): void {}

  close(): void {
    this.#options.input.close();
  }

  /** Keys with values in this batch. */
  *#updateGiven(transaction: Transaction, out: PairsBuilder): Generator<StateChunk, void, undefined> {
    const { state, overlay } = transaction;
    for (const chunk of this.#options.input.values.drain()) {
      for (let i = 0; i < chunk.keys.length; i++) {
        const key = chunk.keys[i];
        const given = chunk.values[i] as unknown[]; // the table's shape
        const at = state.find(key);
        if (at >= 0) {
          overlay.order.push(at);
          this.#change(transaction, at, given, out);
        } else {
          this.#add(transaction, key, given, this.#options.input.initial?.take(key), out);
        }
        if (out.full) yield out.take();
      }
    }
  }

  /** Keys that have state and no values. */
  *#updateKnown(transaction: Transaction, out: PairsBuilder): Generator<StateChunk, void, undefined> {
    const { table } = transaction.state;
    const met = table.marks(transaction.overlay.order);
    for (const chunk of table.inOrder()) {
      for (let i = 0; i < chunk.length; i++) {
        const at = chunk[i] ?? 0;
        if (met.has(at) || !table.has(at)) continue;
        this.#change(transaction, at, [], out);
        if (out.full) yield out.take();
      }
    }
  }

  /** Keys of the initial state without values. */
  *#addInitial(transaction: Transaction, out: PairsBuilder): Generator<StateChunk, void, undefined> {
    const { onlyUpdated } = this.#options;
    for (const [key, state] of this.#options.input.initial?.rest() ?? []) {
      if (onlyUpdated) this.#put(transaction, key, state, out);
      else this.#add(transaction, key, [], state, out);
      if (out.full) yield out.take();
    }
  }

  #change({ state, overlay }: Transaction, index: number, given: unknown[], out: PairsBuilder): void {
    const key = state.table.keyAt(index);
    const after = this.#call(given, state.table.get(index), key);
    if (after === undefined) {
      overlay.forget(index);
      return;
    }
    this.#named(() => overlay.change(index, after));
    out.push(key, after);
  }

  #add(transaction: Transaction, key: unknown, given: unknown[], state: unknown, out: PairsBuilder): void {
    const after = this.#call(given, state, key);
    if (after !== undefined) this.#put(transaction, key, after, out);
  }

  #put({ overlay }: Transaction, key: unknown, state: unknown, out: PairsBuilder): void {
    this.#named(() => overlay.add(key, state));
    overlay.order.push(NEW_KEY);
    out.push(key, state);
  }

  #call(given: unknown[], state: unknown, key: unknown): unknown {
    const { update, time } = this.#options;
    return this.#named(() => update(given, state, key, time));
  }

  /** A failure is attributed to the operator: to its function, or to a state that cannot be encoded. */
  #named<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }
}
