/** Opening and reading a delta takes about as long as reading this much of a slice. */
const DELTA_COSTS_BYTES = 32 * 1024;

/**
 * Decides when the next slice of a partition is written. Slices are written in turn, so that none of them costs a batch much:
 * a round covers all key groups.
 *
 * What must be read to load a partition is a round of slices and the deltas since each of them. They cost the same when as many
 * bytes of slices are written as of deltas: a load then costs at most twice the state's size, and slices write at most as much as
 * deltas. A round takes no fewer deltas than is set, however small the state.
 */
export class SlicePace {
  readonly #roundDeltas: number;
  /** Deltas since the last slice, less those that its share of the round has taken. */
  #deltas = 0;
  /** Cost of deltas for which no slice was written yet, in bytes. */
  #debt = 0;
  /** About the size of a slice. */
  #sliceBytes = 0;

  /** @param roundDeltas Deltas of a round, at least. */
  constructor(roundDeltas: number) {
    this.#roundDeltas = roundDeltas;
  }

  /** A delta has been published, or was read. */
  addDelta(bytes: number): void {
    this.#deltas += 1;
    this.#debt += bytes + DELTA_COSTS_BYTES;
  }

  /** @param slices The number of slices of a round. */
  isDue(slices: number): boolean {
    return this.#deltas * slices >= this.#roundDeltas && this.#debt >= this.#sliceBytes;
  }

  /** A slice was encoded. The debt stays below what a round costs: more would be written for nothing. */
  addSlice(bytes: number, slices: number): void {
    this.#sliceBytes = bytes;
    this.#debt = Math.min(this.#debt - bytes, slices * bytes);
    this.#deltas = Math.min(this.#deltas - this.#roundDeltas / slices, this.#roundDeltas);
  }
}
