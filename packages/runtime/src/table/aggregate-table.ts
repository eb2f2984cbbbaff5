import { estimateBytes } from "./estimate.ts";
import { KeyIndex } from "./key-index.ts";

/** Hash table slots, the hash, and the places in both columns. */
const ENTRY_BYTES = 48;
/** Accumulators looked at whenever the size is estimated. */
const SAMPLES = 32;
/** Far below the limits of V8's collections. */
const ENTRIES_MAX = 8_000_000;

/** What accumulates below a key. */
export type TableShape =
  | { readonly kind: "combine" }
  /** A list of values. */
  | { readonly kind: "group" }
  /** For each feed a list of values. */
  | { readonly kind: "cogroup"; readonly feeds: number };

/**
 * What happens when the table passes its budget: it is emptied, into spilled runs or towards the next stage.
 */
export type Overflow = (table: AggregateTable) => void;

/**
 * Keys with what accumulates below them, as two columns. Generated loops find and change entries directly through
 * `index` and `accs`; `relieve`, called about every thousand records, estimates the size and has the table emptied when
 * it passes its budget.
 *
 * The estimate counts keys exactly and samples what lies below them, so that a single enormous accumulator among many
 * small ones can be missed.
 */
export class AggregateTable {
  readonly index = new KeyIndex();
  /** What has accumulated, by the index of the key. The same array for the life of the table. */
  readonly accs: unknown[] = [];
  readonly shape: TableShape;
  readonly #budgetBytes: number;
  readonly #overflow: Overflow | undefined;
  #keyBytes = 0;
  #keysSeen = 0;
  #cursor = 0;

  /** @param options.overflow Absent: the table grows for as long as the heap lets it. */
  constructor(options: {
    readonly shape: TableShape;
    readonly budgetBytes: number;
    readonly overflow?: Overflow | undefined;
  }) {
    this.shape = options.shape;
    this.#budgetBytes = options.budgetBytes;
    this.#overflow = options.overflow;
  }

  get size(): number {
    return this.accs.length;
  }

  relieve(): void {
    if (this.#overflow === undefined || this.size === 0) return;
    if (this.estimatedBytes() > this.#budgetBytes || this.size > ENTRIES_MAX) this.#overflow(this);
  }

  estimatedBytes(): number {
    const { keys } = this.index;
    for (; this.#keysSeen < keys.length; this.#keysSeen++) {
      this.#keyBytes += ENTRY_BYTES + estimateBytes(keys[this.#keysSeen]);
    }
    return this.#keyBytes + this.#accumulatorBytes();
  }

  clear(): void {
    this.index.clear();
    this.accs.length = 0;
    this.#keyBytes = 0;
    this.#keysSeen = 0;
    this.#cursor = 0;
  }

  /** The mean of some accumulators, others each time, times their number; exact while there are few. */
  #accumulatorBytes(): number {
    const { accs } = this;
    const looked = Math.min(SAMPLES, accs.length);
    let bytes = 0;
    for (let i = 0; i < looked; i++) {
      if (this.#cursor >= accs.length) this.#cursor = 0;
      bytes += estimateBytes(accs[this.#cursor++]);
    }
    return looked === 0 ? 0 : (bytes / looked) * accs.length;
  }
}
