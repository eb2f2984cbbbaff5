import type { FileBlock, SpillFile } from "@millrace/storage";
import { estimateBytes } from "../table/estimate.ts";
import { type SpillOptions, writeRun } from "../table/spill-run.ts";
import type { TableBudget } from "../table/table-budget.ts";
import { RunMerge } from "./merge-runs.ts";
import { sortedOrder } from "./merge-sort.ts";
import { RunReader } from "./run-reader.ts";
import type { SortColumns } from "./sort-columns.ts";
import { columnComparison, comparison, type SortOrder } from "./sort-order.ts";

/** An entry of both columns, with room to grow, and of the index during sorting. */
const ENTRY_BYTES = 2 * 12 + 8;
/** The number of records sampled from each batch that is added. */
const SAMPLES = 16;
/** Far below the limits of V8's arrays. */
const ENTRIES_MAX = 8_000_000;
/** Runs that are read in parallel, each with an open file and a frame in memory. */
const RUNS_MAX = 64;
/** Records in a chunk of output. */
const CHUNK = 1024;

export interface SpillingSortOptions extends SpillOptions {
  readonly order: SortOrder;
  readonly budget: TableBudget;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * Sorts the records of a partition. Records beyond the budget are spilled as sorted runs; at the end the runs are merged,
 * {@link RUNS_MAX} at a time. Stable: equal records keep the order in which they were added.
 *
 * The key function is called when a record is added, and again when it comes back from disk: keys need not be
 * encodable.
 *
 * Disk: each record once, and once more for every pass beyond {@link RUNS_MAX} runs. Memory: the budget and one batch
 * of records; while merging, a frame per run.
 */
export class SpillingSort {
  readonly #options: SpillingSortOptions;
  readonly #keys: unknown[] = [];
  readonly #records: unknown[] = [];
  #bytes = 0;
  #runs: FileBlock[] = [];
  #file: SpillFile | undefined;

  constructor(options: SpillingSortOptions) {
    this.#options = options;
  }

  /** The estimated size of the records in memory, by sampling. */
  get estimatedBytes(): number {
    return this.#bytes;
  }

  /** Adds [from, to) of two columns: keys and values if pairs are sorted by key; otherwise only `records` is used. */
  add(columns: SortColumns, from: number, to: number): void {
    const { key } = this.#options.order;
    const keys = this.#keys;
    const records = this.#records;
    for (let i = from; i < to; i++) {
      const record = columns.records[i];
      keys.push(key === undefined ? columns.keys[i] : key(record));
      records.push(record);
    }
    this.#bytes += this.#sample(records.length - (to - from));
    if (this.#options.budget.exceededBy(this.#bytes) || records.length > ENTRIES_MAX) this.#spill();
  }

  /** Everything that was added, in order. A chunk is valid until the next one is requested. */
  *drain(): Generator<SortColumns, void, undefined> {
    if (this.#runs.length === 0) {
      yield* this.#drainMemory();
      return;
    }
    if (this.#records.length > 0) this.#spill();
    while (this.#runs.length > RUNS_MAX) this.#mergePass();
    yield* this.#drainRuns();
  }

  /** Releases everything, on disk too. */
  discard(): void {
    this.#runs = [];
    this.#file?.discard();
    this.#file = undefined;
    this.#clear();
  }

  #clear(): void {
    this.#keys.length = 0;
    this.#records.length = 0;
    this.#bytes = 0;
  }

  /** The estimated bytes of the records from `start` on. */
  #sample(start: number): number {
    const added = this.#records.length - start;
    const looked = Math.min(SAMPLES, added);
    let bytes = 0;
    for (let i = 1; i <= looked; i++) {
      const at = start + Math.floor((i * added) / looked) - 1;
      bytes += estimateBytes(this.#keys[at]) + estimateBytes(this.#records[at]);
    }
    return looked === 0 ? 0 : added * (ENTRY_BYTES + bytes / looked);
  }

  #inOrder(): Uint32Array {
    const { order, check } = this.#options;
    return sortedOrder(this.#keys.length, columnComparison(this.#keys, order, check));
  }

  *#drainMemory(): Generator<SortColumns, void, undefined> {
    const inOrder = this.#inOrder();
    for (let at = 0; at < inOrder.length; at += CHUNK) {
      this.#options.check();
      const keys: unknown[] = [];
      const records: unknown[] = [];
      const end = Math.min(inOrder.length, at + CHUNK);
      for (let i = at; i < end; i++) {
        const place = inOrder[i] ?? 0;
        keys.push(this.#keys[place]);
        records.push(this.#records[place]);
      }
      yield { keys, records };
    }
  }

  #spill(): void {
    this.#file ??= this.#options.newSpillFile();
    const { classes, order } = this.#options;
    const run = this.#counted(this.#file, (file) =>
      writeRun(file, classes, (writer) => {
        for (const place of this.#inOrder()) {
          if (order.key === undefined) writer.writePair(this.#keys[place], this.#records[place]);
          else writer.write(this.#records[place]);
        }
      }),
    );
    if (run !== undefined) this.#runs.push(run);
    this.#clear();
  }

  #counted<T>(file: SpillFile, write: (file: SpillFile) => T): T {
    const before = file.bytes;
    const result = write(file);
    this.#options.onSpill(file.bytes - before);
    return result;
  }

  /** Makes one run of every {@link RUNS_MAX} neighbours. */
  #mergePass(): void {
    const { newSpillFile, classes, order, check } = this.#options;
    const file = newSpillFile();
    const merged: FileBlock[] = [];
    try {
      for (let at = 0; at < this.#runs.length; at += RUNS_MAX) {
        const merge = this.#open(this.#runs.slice(at, at + RUNS_MAX));
        try {
          const run = this.#counted(file, () =>
            writeRun(file, classes, (writer) => {
              const write = (key: unknown, record: unknown): void =>
                order.key === undefined ? writer.writePair(key, record) : writer.write(record);
              while (merge.take(CHUNK, write) > 0) check();
            }),
          );
          if (run !== undefined) merged.push(run);
        } finally {
          merge.close();
        }
      }
    } catch (error) {
      file.discard();
      throw error;
    }
    this.#file?.discard();
    this.#file = file;
    this.#runs = merged;
  }

  *#drainRuns(): Generator<SortColumns, void, undefined> {
    const merge = this.#open(this.#runs);
    try {
      for (;;) {
        this.#options.check();
        const keys: unknown[] = [];
        const records: unknown[] = [];
        const taken = merge.take(CHUNK, (key, record) => {
          keys.push(key);
          records.push(record);
        });
        if (taken === 0) return;
        yield { keys, records };
      }
    } finally {
      merge.close();
      this.discard();
    }
  }

  #open(runs: readonly FileBlock[]): RunMerge {
    const { order, check } = this.#options;
    const merge = new RunMerge(
      runs.map((run) => new RunReader(run, this.#options, order.key)),
      comparison(order, check),
    );
    try {
      merge.begin();
      return merge;
    } catch (error) {
      merge.close();
      throw error;
    }
  }
}
