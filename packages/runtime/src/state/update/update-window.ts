import { shown } from "@millrace/codec";
import { blame } from "../../compile/blame.ts";
import { isKept } from "../../compile/segment-state.ts";
import { windowKeyUnknown } from "../../errors.ts";
import type { SpillingTable } from "../../table/spilling-table.ts";
import { NEW_KEY } from "../overlay.ts";
import { PairsBuilder, type StateChunk, type StateUpdater, type Transaction, untouched } from "./updater.ts";

type Reduce = (a: unknown, b: unknown) => unknown;

export interface UpdateWindowOptions {
  readonly reduce: Reduce;
  readonly inverse: Reduce;
  readonly filter: ((pair: readonly [unknown, unknown]) => unknown) | undefined;
  readonly label: string;
  /** For each key, the values that enter the window and those that leave it, in the order of batches. */
  readonly moved: SpillingTable;
  readonly fillMoved: () => Promise<void>;
}

/**
 * A window's reduction: emits `[K, V]` for every key of the window. An update costs what enters and leaves; other keys
 * are only read as they are pulled.
 */
export class UpdateWindow implements StateUpdater {
  readonly timed = false;
  readonly everyKey = false;
  readonly repeatable = true;
  readonly #options: UpdateWindowOptions;

  constructor(options: UpdateWindowOptions) {
    this.#options = options;
  }

  open(): Promise<void> {
    return this.#options.fillMoved();
  }

  *update(transaction: Transaction): Generator<StateChunk, void, undefined> {
    const out = new PairsBuilder();
    const { state } = transaction;
    for (const chunk of this.#options.moved.drain()) {
      for (let i = 0; i < chunk.keys.length; i++) {
        const key = chunk.keys[i];
        const [entering, leaving] = chunk.values[i] as readonly [unknown[], unknown[]]; // the table's shape
        const at = state.find(key);
        try {
          if (at >= 0) this.#change(transaction, at, entering, leaving, out);
          else this.#add(transaction, key, entering, out);
        } catch (error) {
          throw blame(error, this.#options.label);
        }
        if (out.full) yield out.take();
      }
    }
    yield* out.end();
  }

  rest(transaction: Transaction): Generator<StateChunk, void, undefined> {
    return untouched(transaction, transaction.overlay.order);
  }

  finish(): void {}

  close(): void {
    this.#options.moved.discard();
  }

  #change({ state, overlay }: Transaction, at: number, entering: unknown[], leaving: unknown[], out: PairsBuilder) {
    const key = state.table.keyAt(at);
    overlay.order.push(at);
    const value = this.#moved(state.table.get(at), entering, leaving);
    if (!this.#keeps(key, value)) {
      overlay.forget(at);
      return;
    }
    overlay.change(at, value);
    out.push(key, value);
  }

  #add({ overlay }: Transaction, key: unknown, entering: unknown[], out: PairsBuilder): void {
    if (entering.length === 0) throw unknownKey(key);
    const value = entering.reduce(this.#reduce);
    if (!this.#keeps(key, value)) return;
    overlay.add(key, value);
    overlay.order.push(NEW_KEY);
    out.push(key, value);
  }

  #moved(before: unknown, entering: unknown[], leaving: unknown[]): unknown {
    const { reduce, inverse } = this.#options;
    const left = leaving.length === 0 ? before : inverse(before, leaving.reduce(this.#reduce));
    return entering.length === 0 ? left : reduce(left, entering.reduce(this.#reduce));
  }

  /** Takes two arguments, since `Array.reduce` passes two more. */
  readonly #reduce: Reduce = (a, b) => this.#options.reduce(a, b);

  #keeps(key: unknown, value: unknown): boolean {
    const { filter } = this.#options;
    return filter === undefined || isKept(filter([key, value]));
  }
}

function unknownKey(key: unknown): Error {
  return windowKeyUnknown(
    `data of the key ${shown(key)} leaves the window, which has no value for it. The batch fails. The filter has dropped the key while ` +
      "its data was in the window: let the filter keep every key that has data there, for example by a count beside the " +
      "value. If there is no filter, see that the key is the same in every batch.",
  );
}
