import type { SpillingTable } from "../../table/spilling-table.ts";
import type { InitialState } from "./initial-state.ts";

/** The input of an update by key: the values of the batch, by key, and in the first batch the initial state. */
export class KeyedInput {
  readonly values: SpillingTable;
  readonly #fill: () => Promise<void>;
  readonly #given: InitialState | undefined;
  #initial: InitialState | undefined;

  /** @param fill Puts the batch's pairs into `values`. */
  constructor(values: SpillingTable, fill: () => Promise<void>, initial: InitialState | undefined) {
    this.values = values;
    this.#fill = fill;
    this.#given = initial;
  }

  /** @param first True if no batch has changed the state before. */
  async open(first: boolean): Promise<void> {
    await this.#fill();
    if (!first || this.#given === undefined) return;
    await this.#given.open();
    this.#initial = this.#given;
  }

  /** The initial state; `undefined` after the first batch, and if the job gave none. */
  get initial(): InitialState | undefined {
    return this.#initial;
  }

  close(): void {
    this.values.discard();
    this.#given?.close();
  }
}
