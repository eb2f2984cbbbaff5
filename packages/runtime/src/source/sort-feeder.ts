import { pairOf } from "@millrace/operators";
import { blame } from "../compile/blame.ts";
import type { SortColumns } from "../sort/sort-columns.ts";
import type { SpillingSort } from "../sort/spilling-sort.ts";
import { Feeder, SLICE } from "./feeder.ts";

export interface SortFeederOptions {
  readonly sort: SpillingSort;
  /** True if pairs are sorted by their keys, false if whole records are sorted. */
  readonly pairs: boolean;
  readonly label: string;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/** The records of another feeder, sorted. Reads all of them when it is opened, and then closes that feeder. */
export class SortFeeder extends Feeder {
  readonly #upstream: Feeder;
  readonly #options: SortFeederOptions;
  #chunks: Iterator<SortColumns> | undefined;

  constructor(upstream: Feeder, options: SortFeederOptions) {
    super();
    this.#upstream = upstream;
    this.#options = options;
  }

  override async open(): Promise<void> {
    const upstream = this.#upstream;
    await upstream.open();
    const { later } = upstream;
    while (upstream.at < upstream.end || (later ? await upstream.nextLater() : upstream.next())) this.#take();
    await upstream.finish();
    upstream.close();
    this.#chunks = this.#options.sort.drain();
  }

  override get opensLater(): boolean {
    return true;
  }

  override next(): boolean {
    const step = this.#blaming(() => this.#chunks?.next());
    if (step === undefined || step.done === true) return false;
    const { keys, records } = step.value;
    return this.#options.pairs ? this.setPairs(keys, records) : this.setRows(records);
  }

  override close(): void {
    this.#chunks?.return?.();
    this.#options.sort.discard();
    this.#upstream.close();
  }

  /** At most a slice of the upstream's chunk. */
  #take(): void {
    const { sort, check } = this.#options;
    check();
    const upstream = this.#upstream;
    const from = upstream.at;
    const to = Math.min(upstream.end, from + SLICE);
    upstream.at = to;
    this.#blaming(() => sort.add(...this.#columns(from, to)));
  }

  #columns(from: number, to: number): [SortColumns, number, number] {
    const { rows, keys, values } = this.#upstream;
    const { pairs } = this.#options;
    if (pairs && rows === undefined) return [{ keys, records: values }, from, to];
    if (!pairs && rows !== undefined) return [{ keys: [], records: rows }, from, to];
    const columns: { keys: unknown[]; records: unknown[] } = { keys: [], records: [] };
    for (let i = from; i < to; i++) {
      if (rows === undefined) {
        columns.records.push([keys[i], values[i]]);
      } else {
        const pair = pairOf(rows[i]);
        columns.keys.push(pair[0]);
        columns.records.push(pair[1]);
      }
    }
    return [columns, 0, to - from];
  }

  #blaming<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }
}
