import { type BlockWriter, decodeFrame, decodePairFrame } from "@millrace/codec";
import { type FileBlock, readHandle, type SpillFile } from "@millrace/storage";
import { AggregateTable, type TableShape } from "./aggregate-table.ts";
import { BUCKETS, DEPTH_MAX, sortByBucket } from "./buckets.ts";
import { type SpillOptions, writeRun } from "./spill-run.ts";
import type { TableBudget } from "./table-budget.ts";
import { type ValueBlock, ValueBuckets } from "./value-buckets.ts";

/** A longer list goes to disk in parts of so many values, so that one part at a time comes back. */
const PART_VALUES = 2048;

/** Some keys with what accumulated below them: two columns of equal length. */
export interface PairColumns {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

export interface SpillingOptions extends SpillOptions {
  readonly shape: TableShape;
  /** Of `combine`: joins what two runs hold for a key, the earlier one first. Unused for lists. */
  readonly merge: (a: unknown, b: unknown) => unknown;
  readonly budget: TableBudget;
}

interface Pairs {
  readonly keys: ArrayLike<unknown>;
  readonly values: ArrayLike<unknown>;
}

/**
 * An {@link AggregateTable} that goes to disk when it passes its budget and is read back key by key, merged.
 *
 * Grace hash aggregation: a full table is written as one run of {@link BUCKETS} buckets, by bits of the key's hash. Combiners
 * go on in an empty table, since combining makes less of what there is. Lists do not: from there on pairs go to the bucket of
 * their key as they come. In the end each bucket is aggregated by itself, in the order it was written, and cut by the next
 * bits if it is again too large. Order of keys: first seen, as long as nothing was spilled; else by bucket.
 *
 * Disk: each entry or pair once per level. Memory: the budget, plus what `relieve` lets in between two calls; in the end at
 * least what accumulates below the largest key, which has to be there as a whole.
 */
export class SpillingTable {
  readonly table: AggregateTable;
  readonly #options: SpillingOptions;
  readonly #depth: number;
  readonly #runs: (FileBlock | undefined)[][] = [];
  #file: SpillFile | undefined;
  #reportedBytes = 0;
  #values: ValueBuckets | undefined;
  /** Entries of runs are being added, which come before all pairs. */
  #entering = false;
  /** Values below the key that has most of what was read back. */
  #longest = 0;

  constructor(options: SpillingOptions, depth = 0) {
    this.#options = options;
    this.#depth = depth;
    this.table = new AggregateTable({
      shape: options.shape,
      budget: options.budget,
      overflow: depth < DEPTH_MAX ? () => this.#relieve() : undefined,
    });
  }

  get spilled(): boolean {
    return this.#runs.length > 0;
  }

  /** Every key once. The columns of a chunk are valid until the next one is asked for. Empties the table. */
  *drain(): Generator<PairColumns, void, undefined> {
    if (!this.spilled) {
      if (this.table.size > 0) yield { keys: this.table.index.keys, values: this.table.accs };
      return;
    }
    if (this.table.size > 0) this.#spill();
    const values = this.#values?.finish();
    this.#report();
    for (let bucket = 0; bucket < BUCKETS; bucket++) yield* this.#drainBucket(bucket, values?.[bucket] ?? []);
    this.discard();
  }

  /** Removes what is on disk. */
  discard(): void {
    this.#runs.length = 0;
    this.#file?.discard();
    this.#file = undefined;
    this.#reportedBytes = 0;
    this.#values = undefined;
    this.table.clear();
    this.table.direct = undefined;
  }

  *#drainBucket(bucket: number, values: readonly ValueBlock[]): Generator<PairColumns, void, undefined> {
    const { pool, classes } = this.#options;
    const merged = new SpillingTable(this.#options, this.#depth + 1);
    try {
      merged.#entering = true;
      for (const run of this.#runs) {
        const block = run[bucket];
        if (block === undefined) continue;
        for (const frame of readHandle(block, pool)) {
          merged.#addEntries(decodeFrame(frame, classes) as readonly (readonly [unknown, unknown])[]); // as #writeRun wrote it
          merged.table.relieve();
        }
      }
      merged.#entering = false;
      for (const { feed, block } of values) {
        for (const frame of readHandle(block, pool)) {
          merged.#addValues(decodePairs(frame, this.#options), feed);
          merged.table.relieve();
        }
      }
      yield* merged.drain();
    } finally {
      merged.discard();
    }
  }

  #addEntries(pairs: readonly (readonly [unknown, unknown])[]): void {
    const { index, accs, shape } = this.table;
    for (const [key, more] of pairs) {
      const at = index.find(key);
      if (at < 0) {
        index.add(key);
        accs.push(more);
      } else if (shape.kind === "combine") {
        accs[at] = this.#options.merge(accs[at], more);
      } else {
        const lists = this.#listsOf(accs[at]);
        this.#listsOf(more).forEach((list, feed) => {
          append(lists[feed] ?? [], list);
        });
      }
      if (shape.kind === "combine") continue;
      this.table.values += lengthOf(this.#listsOf(more));
      this.#longest = Math.max(this.#longest, lengthOf(this.#listsOf(accs[at < 0 ? accs.length - 1 : at])));
    }
  }

  #addValues({ keys, values }: Pairs, feed: number): void {
    const { index, accs, shape, direct } = this.table;
    if (direct !== undefined) {
      for (let i = 0; i < keys.length; i++) direct.add(keys[i], values[i], feed);
      return;
    }
    const feeds = shape.kind === "cogroup" ? shape.feeds : 1;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      let at = index.find(key);
      if (at < 0) {
        at = index.add(key);
        const lists = Array.from({ length: feeds }, () => []);
        accs.push(shape.kind === "group" ? lists[0] : lists);
      }
      const list = this.#listsOf(accs[at])[feed] ?? [];
      list.push(values[i]);
      if (list.length > this.#longest) this.#longest = list.length;
    }
    this.table.values += keys.length;
  }

  /** The lists below a key: one, or one for each feed. */
  #listsOf(acc: unknown): unknown[][] {
    return this.table.shape.kind === "group" ? [acc as unknown[]] : (acc as unknown[][]); // the shape says so
  }

  /** What is dominated by a single key would be as large again at the next level: it has to be there as a whole in the end. */
  #relieve(): void {
    const { shape, values } = this.table;
    if (shape.kind !== "combine" && 2 * this.#longest > values) return;
    const file = this.#spill();
    if (shape.kind === "combine" || this.#entering) return;
    this.#values = new ValueBuckets(file, this.#options.classes, this.#depth);
    this.table.direct = this.#values;
  }

  #spill(): SpillFile {
    const file = this.#file ?? this.#options.newSpillFile();
    this.#file = file;
    this.#runs.push(this.#writeRun(file));
    this.#report();
    this.table.clear();
    this.#longest = 0;
    return file;
  }

  #report(): void {
    const bytes = this.#file?.bytes ?? 0;
    this.#options.onSpill(bytes - this.#reportedBytes);
    this.#reportedBytes = bytes;
  }

  #writeRun(file: SpillFile): (FileBlock | undefined)[] {
    const { accs, index } = this.table;
    const { order, ends } = sortByBucket(index.keys, this.#depth);
    let at = 0;
    return Array.from(ends, (end) =>
      writeRun(file, this.#options.classes, (writer) => {
        for (; at < end; at++) {
          const entry = order[at] as number; // at < end <= order.length
          this.#writeEntry(writer, index.keys[entry], accs[entry]);
        }
      }),
    );
  }

  #writeEntry(writer: BlockWriter, key: unknown, acc: unknown): void {
    const { kind } = this.table.shape;
    if (kind === "combine") {
      writer.writePair(key, acc);
      return;
    }
    const lists = this.#listsOf(acc);
    const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
    for (let at = 0; at < longest; at += PART_VALUES) {
      const part = longest <= PART_VALUES ? lists : lists.map((list) => list.slice(at, at + PART_VALUES));
      writer.writePair(key, kind === "group" ? part[0] : part);
    }
  }
}

function decodePairs(frame: Uint8Array, { classes }: SpillOptions): Pairs {
  const pairs = decodePairFrame(frame, classes);
  if (pairs !== undefined) return pairs;
  const tuples = decodeFrame(frame, classes) as readonly (readonly [unknown, unknown])[]; // another layout keeps pairs as tuples
  return { keys: tuples.map(([key]) => key), values: tuples.map(([, value]) => value) };
}

function append(list: unknown[], more: readonly unknown[]): void {
  for (const value of more) list.push(value);
}

function lengthOf(lists: readonly (readonly unknown[])[]): number {
  let length = 0;
  for (const list of lists) length += list.length;
  return length;
}
