/** Shares of the thread's heap in use from which a table may take less than its budget, and how much of it then. */
const PRESSED = { use: 0.7, share: 1 / 2 };
/** Below the last share a table is let be, however full the heap: emptying it would not help. */
const NEARLY_FULL = { use: 0.85, share: 1 / 16 };

/**
 * Memory that one table of a task may take before it is emptied. What a table takes is an estimate, which texts that share
 * memory, deep objects or single large ones can lead far astray: so the budget shrinks when the heap fills up.
 */
export class TableBudget {
  static readonly unbounded: TableBudget = new TableBudget(Number.POSITIVE_INFINITY, () => 0);

  readonly bytes: number;
  readonly #heapUse: () => number;

  /** @param heapUse The share of the thread's heap that is in use, 0 to 1, with what the collector has not come to yet. */
  constructor(bytes: number, heapUse: () => number) {
    this.bytes = bytes;
    this.#heapUse = heapUse;
  }

  /** Whether a table of so many bytes has to be emptied. A microsecond or two, and less for small ones. */
  exceededBy(estimatedBytes: number): boolean {
    if (estimatedBytes > this.bytes) return true;
    if (estimatedBytes <= this.bytes * NEARLY_FULL.share) return false;
    const use = this.#heapUse();
    return use >= NEARLY_FULL.use || (use >= PRESSED.use && estimatedBytes > this.bytes * PRESSED.share);
  }

  /** The same for a share of the memory. */
  share(part: number): TableBudget {
    return new TableBudget(this.bytes * part, this.#heapUse);
  }

  /** Whether the heap is so full that what is in a table should leave it. */
  get nearlyFull(): boolean {
    return this.#heapUse() >= NEARLY_FULL.use;
  }

  /** Whether the heap is so full that it pays to look closely. */
  get pressed(): boolean {
    return this.#heapUse() >= PRESSED.use;
  }
}
