import { estimateBytes } from "./estimate.ts";
import { KeyIndex } from "./key-index.ts";
import { ListEstimate } from "./list-estimate.ts";
import { listsOf } from "./parts.ts";
import type { TableBudget } from "./table-budget.ts";
import type { TableShape } from "./table-shape.ts";

/** Hash table slots, the hash, and the places in both columns. */
const ENTRY_BYTES = 48;
/** The number of accumulators sampled for an estimate of the size. */
const SAMPLES = 32;
/** The number of estimates between two that visit every accumulator, when the heap is full. */
const THOROUGH_EVERY = 64;
/** Far below the limits of V8's collections. */
const ENTRIES_MAX = 8_000_000;

/** Called when the table exceeds its budget. */
export type Overflow = (table: AggregateTable) => void;

/** The destination of pairs that the table does not take. */
export interface DirectPairs {
  add(key: unknown, value: unknown, feed: number): void;
}

/**
 * Keys with their accumulators, as two columns. Generated loops find and change entries directly through `index` and
 * `accs`; `relieve`, called about every thousand records, estimates the size and calls the overflow handler when it
 * exceeds the budget.
 *
 * The estimate counts keys and values in lists exactly and samples their sizes. Combiners are sampled too; a single
 * enormous one among many is searched for when the heap is filling up.
 */
export class AggregateTable {
  readonly index: KeyIndex = new KeyIndex();
  /** The accumulators, by the index of the key. The same array for the life of the table. */
  readonly accs: unknown[] = [];
  readonly shape: TableShape;
  /** For lists, the number of values in all of them, maintained by the code that adds values. */
  values = 0;
  /** The destination of pairs with unknown keys, once the table has exceeded its budget. */
  direct: DirectPairs | undefined;
  readonly #budget: TableBudget;
  readonly #overflow: Overflow | undefined;
  #keyBytes = 0;
  #keysSeen = 0;
  #cursor = 0;
  #estimates = 0;
  /** For combiners, the result of the last estimate that visited all of them. */
  #thoroughBytes = 0;

  /** @param options.overflow If absent, the table grows without limit. */
  constructor(options: {
    readonly shape: TableShape;
    readonly budget: TableBudget;
    readonly overflow?: Overflow | undefined;
  }) {
    this.shape = options.shape;
    this.#budget = options.budget;
    this.#overflow = options.overflow;
  }

  get size(): number {
    return this.accs.length;
  }

  relieve(): void {
    if (this.#overflow === undefined || this.size === 0) return;
    if (this.#budget.exceededBy(this.estimatedBytes()) || this.size > ENTRIES_MAX) this.#overflow(this);
  }

  estimatedBytes(): number {
    const { keys } = this.index;
    for (; this.#keysSeen < keys.length; this.#keysSeen++) {
      this.#keyBytes += ENTRY_BYTES + estimateBytes(keys[this.#keysSeen]);
    }
    return this.#keyBytes + (this.shape.kind === "combine" ? this.#combinerBytes() : this.#listBytes(this.shape));
  }

  clear(): void {
    this.index.clear();
    this.accs.length = 0;
    this.values = 0;
    this.#keyBytes = 0;
    this.#keysSeen = 0;
    this.#cursor = 0;
    this.#thoroughBytes = 0;
  }

  /** The estimated size of the combiners, from a sample that changes each time; of all of them while there are few. */
  #combinerBytes(): number {
    const sampled = this.#sample((acc) => estimateBytes(acc)) * this.accs.length;
    if (++this.#estimates % THOROUGH_EVERY === 0 && this.#budget.pressed) {
      this.#thoroughBytes = this.accs.reduce((sum: number, acc) => sum + estimateBytes(acc), 0);
    }
    return Math.max(sampled, this.#thoroughBytes);
  }

  #listBytes(shape: Exclude<TableShape, { readonly kind: "combine" }>): number {
    const lists = new ListEstimate();
    const fixed = this.#sample((acc) => {
      const own = listsOf(shape, acc);
      return shape.kind === "group" ? lists.add(own[0] ?? []) : lists.addAll(own);
    });
    return fixed * this.accs.length + lists.valueBytes * this.values;
  }

  /** The mean of a sample of accumulators. */
  #sample(bytesOf: (acc: unknown) => number): number {
    const { accs } = this;
    const looked = Math.min(SAMPLES, accs.length);
    let bytes = 0;
    for (let i = 0; i < looked; i++) {
      if (this.#cursor >= accs.length) this.#cursor = 0;
      bytes += bytesOf(accs[this.#cursor++]);
    }
    return looked === 0 ? 0 : bytes / looked;
  }
}
