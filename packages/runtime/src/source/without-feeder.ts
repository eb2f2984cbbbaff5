import { pairOf } from "@millrace/plan";
import { blame } from "../compile/blame.ts";
import type { SpillingTable } from "../table/spilling-table.ts";
import { Feeder, SLICE } from "./feeder.ts";
import { JoinFeeder } from "./join-feeder.ts";
import { TableFeeder } from "./table-feeder.ts";

export interface WithoutOptions {
  /** Of two lists a key. */
  readonly table: SpillingTable;
  /** Fills the lists of one side. */
  readonly fillRight: () => Promise<void>;
  readonly fillLeft: () => Promise<void>;
  /** Gives the pairs of the left side one after the other. */
  readonly left: () => Feeder;
  readonly label: string;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * The pairs of the left side whose key the right side has not. With the keys of the right in memory the left passes by
 * them, in its order; when they went to disk, the left follows them there, and comes back by key.
 */
export class WithoutFeeder extends Feeder {
  readonly #options: WithoutOptions;
  #left: Feeder | undefined;
  #joined: Feeder | undefined;

  constructor(options: WithoutOptions) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    const { table, fillRight, fillLeft, left } = this.#options;
    await fillRight();
    if (table.spilled) {
      this.#joined = new JoinFeeder(new TableFeeder(table, fillLeft), "without");
      await this.#joined.open();
    } else {
      this.#left = left();
      await this.#left.open();
    }
  }

  override get opensLater(): boolean {
    return true;
  }

  override get later(): boolean {
    return this.#left?.later === true;
  }

  override next(): boolean {
    const joined = this.#joined;
    if (joined !== undefined) return joined.next() && this.setPairs(joined.keys, joined.values);
    const left = this.#left;
    while (left !== undefined && (left.at < left.end || left.next())) if (this.#pass(left)) return true;
    return false;
  }

  override async nextLater(): Promise<boolean> {
    const left = this.#left;
    while (left !== undefined && (left.at < left.end || (await left.nextLater()))) if (this.#pass(left)) return true;
    return false;
  }

  override finish(): void | Promise<void> {
    return this.#left?.finish();
  }

  override close(): void {
    this.#left?.close();
    this.#joined?.close();
    this.#options.table.discard();
  }

  /** What stays of the left side's chunk, or of a slice of it. */
  #pass(left: Feeder): boolean {
    this.#options.check();
    const { rows, keys, values, at } = left;
    const end = Math.min(left.end, at + SLICE);
    left.at = end;
    try {
      return rows === undefined ? this.#passColumns(keys, values, at, end) : this.#passRows(rows, at, end);
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  #passRows(rows: ArrayLike<unknown>, at: number, end: number): boolean {
    const { index } = this.#options.table.table;
    const some: unknown[] = [];
    for (let i = at; i < end; i++) if (index.find(pairOf(rows[i])[0]) < 0) some.push(rows[i]);
    return some.length > 0 && this.setRows(some);
  }

  #passColumns(keys: ArrayLike<unknown>, values: ArrayLike<unknown>, at: number, end: number): boolean {
    const { index } = this.#options.table.table;
    const some: { readonly keys: unknown[]; readonly values: unknown[] } = { keys: [], values: [] };
    for (let i = at; i < end; i++) {
      if (index.find(keys[i]) >= 0) continue;
      some.keys.push(keys[i]);
      some.values.push(values[i]);
    }
    return some.keys.length > 0 && this.setPairs(some.keys, some.values);
  }
}
