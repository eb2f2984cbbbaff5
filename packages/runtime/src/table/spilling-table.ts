import type { SpillFile } from "@millrace/storage";
import { AggregateTable } from "./aggregate-table.ts";
import { BUCKETS, bucketOf, DEPTH_MAX } from "./buckets.ts";
import { mergeResults, type OrderedColumns, writeResults } from "./ordered-results.ts";
import { type BucketPart, type OrdinalPairs, PairBuckets, readPart } from "./pair-buckets.ts";
import { appendPart, listsOf, partsOf, valuesIn } from "./parts.ts";
import type { SpillOptions } from "./spill-run.ts";
import type { TableBudget } from "./table-budget.ts";
import type { TableShape } from "./table-shape.ts";

/** Combiners that have grown by this factor since the table took its last key are spilled. */
const GROWN = 1.25;

/** Keys and their accumulators: two columns of equal length. */
export interface AccumulatedPairs {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

/** The functions that build a combiner, value by value. */
export interface TableFold {
  readonly create: (value: unknown) => unknown;
  readonly merge: (combiner: unknown, value: unknown) => unknown;
}

export interface SpillingOptions extends SpillOptions {
  readonly shape: TableShape;
  /** For `combine`: the same functions as those of the loops that fill the table. Unused for lists. */
  readonly fold: TableFold;
  readonly budget: TableBudget;
  /**
   * The destination of a key, a whole number from 0. If present, keys with different destinations are in no particular order
   * relative to one another.
   */
  readonly place?: (key: unknown) => number;
}

/**
 * An {@link AggregateTable} that spills when it exceeds its budget. Memory affects the time, never the result: keys
 * come in the order in which they were first seen, lists hold their values in order of arrival, and combiners are
 * folded one value after the other, with the same calls in the same order whether or not it spilled.
 *
 * Hybrid hash aggregation. A full table of combiners takes no further keys: the keys it has, the first and mostly the
 * frequent ones, stay in memory; pairs of other keys are spilled as they arrive, each to the bucket of its key. When
 * the combiners themselves outgrow the memory, and at once for lists, the table's content is spilled before later
 * pairs. At the end each bucket is aggregated separately, and split by further bits of the hash if it is again too
 * large. Each pair carries its ordinal, so that the buckets' results, as sorted runs, merge into the order of the keys.
 *
 * Disk: each pair once per level, and each result once per level. Memory: the budget, plus what `relieve` lets in
 * between two calls; in the end at least the accumulator of the largest key, which must fit as a whole.
 */
export class SpillingTable {
  readonly table: AggregateTable;
  readonly #options: SpillingOptions;
  readonly #depth: number;
  /** Below the first level: the ordinal of each key's first pair. */
  readonly #ordinals: number[] = [];
  #file: SpillFile | undefined;
  #reportedBytes = 0;
  /** Spilled keys with their accumulators; their later pairs are among `#pairs`. */
  #entries: PairBuckets | undefined;
  #pairs: PairBuckets | undefined;
  /** True while entries of the level above are added, which precede all pairs. */
  #entering = false;
  #fullBytes = 0;
  /** The largest number of values read back for one key. */
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
    return this.#file !== undefined;
  }

  /** Every key once, in the order in which they were first seen. A chunk is valid until the next one is requested. */
  drain(): Generator<AccumulatedPairs, void, undefined> {
    return this.#drain();
  }

  /** Removes everything on disk, and empties the table. */
  discard(): void {
    this.#entries = undefined;
    this.#pairs = undefined;
    this.#file?.discard();
    this.#file = undefined;
    this.#reportedBytes = 0;
    this.table.direct = undefined;
    this.#clear();
  }

  // ---- draining

  *#drain(): Generator<OrderedColumns, void, undefined> {
    // Keys still in memory were seen before those on disk.
    if (this.table.size > 0) {
      yield { ordinals: this.#ordinals, keys: this.table.index.keys, values: this.table.accs };
    }
    if (!this.spilled) return;
    this.#clear();
    const entries = this.#entries?.finish();
    const pairs = this.#pairs?.finish();
    this.#report();
    const buckets = Array.from({ length: BUCKETS }, (_, i) => this.#bucket(entries?.[i] ?? [], pairs?.[i] ?? []));
    if (this.#placed) for (const bucket of buckets) yield* bucket;
    else yield* this.#inOrder(buckets);
    this.discard();
  }

  /** Aggregates the buckets one after the other and merges their results in order. Disk: each result once. */
  *#inOrder(buckets: readonly Iterable<OrderedColumns>[]): Generator<OrderedColumns, void, undefined> {
    const file = this.#options.newSpillFile();
    try {
      const runs = buckets.flatMap((bucket) => writeResults(file, bucket, this.#options) ?? []);
      this.#options.onSpill(file.bytes);
      this.#file?.discard();
      yield* mergeResults(runs, this.#options);
    } finally {
      file.discard();
    }
  }

  *#bucket(entries: readonly BucketPart[], pairs: readonly BucketPart[]): Generator<OrderedColumns, void, undefined> {
    const bucket = new SpillingTable(this.#options, this.#depth + 1);
    try {
      bucket.#entering = true;
      for (const part of entries) for (const some of readPart(part, this.#options)) bucket.#addEntries(some);
      bucket.#entering = false;
      for (const part of pairs) for (const some of readPart(part, this.#options)) bucket.#addPairs(some, part.feed);
      yield* bucket.#drain();
    } finally {
      bucket.discard();
    }
  }

  // ---- filling

  #addEntries({ ordinals, keys, values }: OrdinalPairs): void {
    const { index, accs, shape } = this.table;
    for (let i = 0; i < keys.length; i++) {
      if (this.#entries !== undefined) {
        this.#entries.addAt(at(ordinals, i), keys[i], values[i], 0);
        continue;
      }
      let place = index.find(keys[i]);
      if (place < 0) {
        place = this.#newKey(keys[i], at(ordinals, i), values[i]);
      } else {
        appendPart(shape, accs[place], values[i]);
      }
      this.table.values += valuesIn(shape, values[i]);
      this.#longest = Math.max(this.#longest, valuesIn(shape, accs[place]));
    }
    this.table.relieve();
  }

  /** Adds pairs like the generated loops. */
  #addPairs(pairs: OrdinalPairs, feed: number): void {
    if (this.table.shape.kind === "combine") this.#fold(pairs);
    else this.#addToLists(pairs, feed);
    this.table.relieve();
  }

  #fold({ ordinals, keys, values }: OrdinalPairs): void {
    const { index, accs } = this.table;
    const { create, merge } = this.#options.fold;
    const pairs = this.#pairs;
    for (let i = 0; i < keys.length; i++) {
      const place = index.find(keys[i]);
      if (place >= 0) accs[place] = merge(accs[place], values[i]);
      else if (pairs !== undefined) pairs.addAt(at(ordinals, i), keys[i], values[i], 0);
      else this.#newKey(keys[i], at(ordinals, i), create(values[i]));
    }
  }

  #addToLists({ ordinals, keys, values }: OrdinalPairs, feed: number): void {
    const { index, accs, shape } = this.table;
    const pairs = this.#pairs;
    if (pairs !== undefined) {
      for (let i = 0; i < keys.length; i++) pairs.addAt(at(ordinals, i), keys[i], values[i], feed);
      return;
    }
    const feeds = shape.kind === "cogroup" ? shape.feeds : 1;
    for (let i = 0; i < keys.length; i++) {
      let place = index.find(keys[i]);
      if (place < 0) {
        const lists = Array.from({ length: feeds }, (): unknown[] => []);
        place = this.#newKey(keys[i], at(ordinals, i), shape.kind === "group" ? lists[0] : lists);
      }
      const list = listsOf(shape, accs[place])[feed] ?? [];
      list.push(values[i]);
      if (list.length > this.#longest) this.#longest = list.length;
    }
    this.table.values += keys.length;
  }

  /** Adds the key that was just not found; returns its place. */
  #newKey(key: unknown, ordinal: number, acc: unknown): number {
    this.table.accs.push(acc);
    this.#ordinals.push(ordinal);
    return this.table.index.add(key);
  }

  // ---- spilling

  #relieve(): void {
    const { shape, values } = this.table;
    if (shape.kind !== "combine") {
      // A bucket dominated by one key would be as large at the next level, and that key must fit in memory in the end anyway.
      if (2 * this.#longest <= values) this.#evict();
      return;
    }
    const bytes = this.table.estimatedBytes();
    const { nearlyFull } = this.#options.budget;
    if (this.#pairs === undefined && !nearlyFull && !this.#entering) {
      this.#fullBytes = bytes;
      this.#direct();
    } else if (this.#pairs === undefined || nearlyFull || bytes > GROWN * this.#fullBytes) {
      this.#evict();
    }
  }

  /** Makes the table take no further keys. @returns The destination of their pairs. */
  #direct(): PairBuckets {
    this.#pairs ??= this.#newBuckets();
    this.table.direct = this.#pairs;
    return this.#pairs;
  }

  /** Spills the content of the table; from then on all pairs are spilled. */
  #evict(): void {
    const { index, accs, shape } = this.table;
    const entries = this.#newBuckets();
    accs.forEach((acc, i) => {
      // The first level's table has not been spilled before, so a key's index is its ordinal.
      const ordinal = this.#depth === 0 ? i : at(this.#ordinals, i);
      for (const part of partsOf(shape, acc)) entries.addAt(ordinal, index.keys[i], part, 0);
    });
    this.#entries = entries;
    this.#direct();
    this.#report();
    this.#clear();
  }

  #newBuckets(): PairBuckets {
    this.#file ??= this.#options.newSpillFile();
    const { place, classes } = this.#options;
    const depth = this.#depth;
    return new PairBuckets({
      file: this.#file,
      classes,
      bucketOf: place !== undefined && this.#placed ? (key) => place(key) % BUCKETS : (key) => bucketOf(key, depth),
      next: this.table.size,
    });
  }

  get #placed(): boolean {
    return this.#depth === 0 && this.#options.place !== undefined;
  }

  #report(): void {
    const bytes = this.#file?.bytes ?? 0;
    this.#options.onSpill(bytes - this.#reportedBytes);
    this.#reportedBytes = bytes;
  }

  #clear(): void {
    this.table.clear();
    this.#ordinals.length = 0;
    this.#longest = 0;
  }
}

function at(ordinals: ArrayLike<number>, i: number): number {
  return ordinals[i] ?? 0;
}
