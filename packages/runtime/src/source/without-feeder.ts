import { pairOf } from "@millrace/operators";
import { blame } from "../compile/blame.ts";
import type { SortColumns } from "../sort/sort-columns.ts";
import type { SpillingSort } from "../sort/spilling-sort.ts";
import type { SpillingTable } from "../table/spilling-table.ts";
import { Feeder, SLICE } from "./feeder.ts";
import { JoinFeeder } from "./join-feeder.ts";
import { TableFeeder } from "./table-feeder.ts";

export interface WithoutOptions {
  /** A table with two lists for each key. */
  readonly table: SpillingTable;
  /** Fills the lists of one side. */
  readonly fillRight: () => Promise<void>;
  /** Creates a feeder of the left side's pairs, in order. */
  readonly left: () => Feeder;
  /** Restores the order of the remaining records of the left side: sorts pairs of a record's number and the record. */
  readonly sort: SpillingSort;
  readonly label: string;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * The pairs of the left side whose key the right side does not have, in the left side's order. If the right side's keys
 * are in memory the left is streamed past them; if they were spilled, the left is spilled with them, each record with
 * its number, and the remaining records are sorted by it.
 */
export class WithoutFeeder extends Feeder {
  readonly #options: WithoutOptions;
  #left: Feeder | undefined;
  #sorted: Iterator<SortColumns> | undefined;

  constructor(options: WithoutOptions) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    await this.#options.fillRight();
    const left = this.#options.left();
    this.#left = left;
    await left.open();
    if (this.#options.table.spilled) await this.#sort(left);
  }

  override get opensLater(): boolean {
    return true;
  }

  override get later(): boolean {
    return this.#sorted === undefined && this.#left?.later === true;
  }

  override next(): boolean {
    if (this.#sorted !== undefined) {
      const step = this.#sorted.next();
      return step.done !== true && this.setRows(step.value.records);
    }
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
    this.#sorted?.return?.();
    this.#options.sort.discard();
    this.#options.table.discard();
  }

  /** Adds the whole left side to the spilled right side, and sorts the remaining records. */
  async #sort(left: Feeder): Promise<void> {
    const { table, sort, label, check } = this.#options;
    let place = 0;
    while (left.at < left.end || (left.later ? await left.nextLater() : left.next())) {
      check();
      try {
        place = this.#follow(left, place);
      } catch (error) {
        throw blame(error, label);
      }
    }
    await left.finish();
    left.close();
    this.#left = undefined;
    const staying = new JoinFeeder(new TableFeeder(table, async () => {}), "without");
    await staying.open();
    while (staying.next()) {
      check();
      const rows = Array.from(staying.values as ArrayLike<readonly [number, unknown]>); // as `#follow` made them
      sort.add({ keys: rows.map(([at]) => at), records: rows.map(([, record]) => record) }, 0, rows.length);
    }
    staying.close();
    this.#sorted = sort.drain();
  }

  /** Adds a slice of the left side's chunk, numbered from `place` on; returns the next number. */
  #follow(left: Feeder, place: number): number {
    const { direct } = this.#options.table.table;
    const { rows, keys, values, at } = left;
    const end = Math.min(left.end, at + SLICE);
    left.at = end;
    for (let i = at; i < end; i++) {
      const record = rows === undefined ? [keys[i], values[i]] : rows[i];
      direct?.add(pairOf(record)[0], [place + i - at, record], 0); // a spilled table of lists has it
    }
    return place + end - at;
  }

  /** Emits the remaining records of the left side's chunk, or of a slice of it. */
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
