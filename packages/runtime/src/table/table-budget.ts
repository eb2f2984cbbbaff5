/** The share of the heap in use above which a table may take only a share of its budget. */
const PRESSED = { use: 0.7, share: 1 / 2 };
/** A table below the last share is not spilled, however full the heap is, since that would not help. */
const NEARLY_FULL = { use: 0.85, share: 1 / 16 };

/**
 * The memory that one table of a task may take before it spills. The size of a table is an estimate, which can be far off for
 * strings that share memory, deep objects or single large ones, so the budget shrinks as the heap fills up.
 */
export class TableBudget {
  static readonly unbounded: TableBudget = new TableBudget(Number.POSITIVE_INFINITY, () => 0);

  readonly bytes: number;
  readonly #heapUse: () => number;

  /** @param heapUse The used share of the thread's heap, 0 to 1, including garbage that is not collected yet. */
  constructor(bytes: number, heapUse: () => number) {
    this.bytes = bytes;
    this.#heapUse = heapUse;
  }

  /** True if a table of this size must spill. Takes a microsecond or two, less for small tables. */
  exceededBy(estimatedBytes: number): boolean {
    if (estimatedBytes > this.bytes) return true;
    if (estimatedBytes <= this.bytes * NEARLY_FULL.share) return false;
    const use = this.#heapUse();
    return use >= NEARLY_FULL.use || (use >= PRESSED.use && estimatedBytes > this.bytes * PRESSED.share);
  }

  /** The budget of a part of the memory. */
  share(part: number): TableBudget {
    return new TableBudget(this.bytes * part, this.#heapUse);
  }

  /** True if the heap is so full that tables should spill their content. */
  get nearlyFull(): boolean {
    return this.#heapUse() >= NEARLY_FULL.use;
  }

  /** True if the heap is so full that a precise estimate is worthwhile. */
  get pressed(): boolean {
    return this.#heapUse() >= PRESSED.use;
  }
}
