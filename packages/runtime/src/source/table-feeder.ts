import type { AccumulatedPairs, SpillingTable } from "../table/spilling-table.ts";
import { Feeder } from "./feeder.ts";

/** Every key of a table with its accumulator. The table is filled when the feeder is opened. */
export class TableFeeder extends Feeder {
  readonly #table: SpillingTable;
  readonly #fill: () => Promise<void>;
  #chunks: Iterator<AccumulatedPairs> | undefined;

  constructor(table: SpillingTable, fill: () => Promise<void>) {
    super();
    this.#table = table;
    this.#fill = fill;
  }

  override async open(): Promise<void> {
    await this.#fill();
    this.#chunks = this.#table.drain();
  }

  override get opensLater(): boolean {
    return true;
  }

  override next(): boolean {
    const step = this.#chunks?.next();
    if (step === undefined || step.done === true) return false;
    return this.setPairs(step.value.keys, step.value.values);
  }

  override close(): void {
    this.#chunks?.return?.();
    this.#table.discard();
  }
}
