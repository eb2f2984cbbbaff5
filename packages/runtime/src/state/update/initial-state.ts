import type { SpillingTable } from "../../table/spilling-table.ts";

const TAKEN: unique symbol = Symbol("taken");

/** The state that the first batch starts from, by key; the last one given for a key wins. In memory, like all state. */
export class InitialState {
  readonly #table: SpillingTable;
  readonly #fill: () => Promise<void>;

  constructor(table: SpillingTable, fill: () => Promise<void>) {
    this.#table = table;
    this.#fill = fill;
  }

  open(): Promise<void> {
    return this.#fill();
  }

  /** Takes the state of a key, at most once per key; `undefined` if there is none. */
  take(key: unknown): unknown {
    const { table } = this.#table;
    const index = table.index.find(key);
    if (index < 0) return undefined;
    const state = table.accs[index];
    table.accs[index] = TAKEN;
    return state;
  }

  /** The pairs that have not been taken. */
  *rest(): Generator<readonly [key: unknown, state: unknown], void, undefined> {
    for (const { keys, values } of this.#table.drain()) {
      for (let i = 0; i < keys.length; i++) {
        const state = values[i];
        if (state !== TAKEN && state !== undefined) yield [keys[i], state];
      }
    }
  }

  close(): void {
    this.#table.discard();
  }
}
