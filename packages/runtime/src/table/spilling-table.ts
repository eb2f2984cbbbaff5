import { decodeFrame, hashKey } from "@millrace/codec";
import { type FileBlock, readHandle, type SpillFile } from "@millrace/storage";
import { AggregateTable, type TableShape } from "./aggregate-table.ts";
import { type SpillOptions, writeRun } from "./spill-run.ts";

/** A run is cut into this many buckets by bits of the key's hash. */
const BUCKET_BITS = 6;
const BUCKETS = 1 << BUCKET_BITS;
/** Each bucket that is too large itself is cut once more; then the hash has no bits left that tell keys apart. */
const DEPTH_MAX = 3;
const HASH_BITS = 32;

/** Some keys with what accumulated below them: two columns of equal length. */
export interface PairColumns {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

export interface SpillingOptions extends SpillOptions {
  readonly shape: TableShape;
  /** Of `combine`: joins what two runs hold for a key, the earlier one first. Unused for lists. */
  readonly merge: (a: unknown, b: unknown) => unknown;
  readonly budgetBytes: number;
}

/**
 * An {@link AggregateTable} that goes to disk when it passes its budget and is read back key by key, merged.
 *
 * Grace hash aggregation: a full table is written as one run of {@link BUCKETS} buckets, by the highest bits of the key's
 * hash (the lowest, its key group, are equal for much of a partition). In the end each bucket of all runs is aggregated
 * by itself, in the order of the runs, and so on with the next bits for a bucket that is again too large. Order of
 * keys: first seen, as long as nothing was spilled; else by bucket.
 *
 * Disk: each entry once per level. Memory: the budget, plus what `relieve` lets in between two calls.
 */
export class SpillingTable {
  readonly table: AggregateTable;
  readonly #options: SpillingOptions;
  readonly #depth: number;
  readonly #runs: (FileBlock | undefined)[][] = [];
  #file: SpillFile | undefined;

  constructor(options: SpillingOptions, depth = 0) {
    this.#options = options;
    this.#depth = depth;
    this.table = new AggregateTable({
      shape: options.shape,
      budgetBytes: options.budgetBytes,
      overflow: depth < DEPTH_MAX ? () => this.#spill() : undefined,
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
    for (let bucket = 0; bucket < BUCKETS; bucket++) yield* this.#drainBucket(bucket);
    this.discard();
  }

  /** Removes what is on disk. */
  discard(): void {
    this.#runs.length = 0;
    this.#file?.discard();
    this.#file = undefined;
    this.table.clear();
  }

  *#drainBucket(bucket: number): Generator<PairColumns, void, undefined> {
    const merged = new SpillingTable(this.#options, this.#depth + 1);
    try {
      for (const run of this.#runs) {
        const block = run[bucket];
        if (block === undefined) continue;
        for (const frame of readHandle(block, this.#options.pool)) {
          merged.#absorb(decodeFrame(frame, this.#options.classes) as readonly (readonly [unknown, unknown])[]); // as #writeRun wrote it
          merged.table.relieve();
        }
      }
      yield* merged.drain();
    } finally {
      merged.discard();
    }
  }

  #absorb(pairs: readonly (readonly [unknown, unknown])[]): void {
    const { index, accs, shape } = this.table;
    for (const [key, more] of pairs) {
      const at = index.find(key);
      if (at < 0) {
        index.add(key);
        accs.push(more);
      } else if (shape.kind === "combine") {
        accs[at] = this.#options.merge(accs[at], more);
      } else if (shape.kind === "group") {
        append(accs[at] as unknown[], more as unknown[]); // the shape says so
      } else {
        const lists = accs[at] as unknown[][]; // the shape says so
        (more as unknown[][]).forEach((list, feed) => {
          append(lists[feed] ?? [], list);
        });
      }
    }
  }

  #spill(): void {
    this.#file ??= this.#options.newSpillFile();
    const before = this.#file.bytes;
    this.#runs.push(this.#writeRun(this.#file));
    this.#options.onSpill(this.#file.bytes - before);
    this.table.clear();
  }

  #writeRun(file: SpillFile): (FileBlock | undefined)[] {
    const { order, ends } = this.#sortByBucket();
    const { keys } = this.table.index;
    const { accs } = this.table;
    let at = 0;
    return Array.from(ends, (end) =>
      writeRun(file, this.#options.classes, (writer) => {
        for (; at < end; at++) {
          const entry = order[at] as number; // at < end <= order.length
          writer.writePair(keys[entry], accs[entry]);
        }
      }),
    );
  }

  /** Counting sort of the entries by bucket: their order, and where each bucket ends in it. */
  #sortByBucket(): { readonly order: Uint32Array; readonly ends: Uint32Array } {
    const { keys } = this.table.index;
    const shift = HASH_BITS - BUCKET_BITS * (this.#depth + 1);
    const buckets = Uint8Array.from(keys, (key) => (hashKey(key) >>> shift) & (BUCKETS - 1));
    const ends = new Uint32Array(BUCKETS);
    for (const bucket of buckets) ends[bucket] = (ends[bucket] ?? 0) + 1;
    let sum = 0;
    const next = new Uint32Array(BUCKETS);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      next[bucket] = sum;
      sum += ends[bucket] as number; // bucket < BUCKETS, here and below
      ends[bucket] = sum;
    }
    const order = new Uint32Array(keys.length);
    buckets.forEach((bucket, entry) => {
      const place = next[bucket] as number;
      next[bucket] = place + 1;
      order[place] = entry;
    });
    return { order, ends };
  }
}

function append(list: unknown[], more: readonly unknown[]): void {
  for (const value of more) list.push(value);
}
