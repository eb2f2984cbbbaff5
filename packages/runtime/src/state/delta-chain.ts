/** Opening and reading a delta takes about as long as reading this much of a snapshot. */
const DELTA_COSTS_BYTES = 32 * 1024;

/**
 * The deltas since the last snapshot of a partition, which must be read in addition to it. Decides when the next one is
 * due.
 */
export class DeltaChain {
  #deltas = 0;
  #bytes = 0;
  #snapshotBytes = 0;

  /** Adds a delta of the published state. */
  add(bytes: number): void {
    this.#deltas += 1;
    this.#bytes += bytes;
  }

  /** Starts again after a snapshot, which replaces all deltas so far. */
  restart(snapshotBytes: number): void {
    this.#deltas = 0;
    this.#bytes = 0;
    this.#snapshotBytes = snapshotBytes;
  }

  /**
   * Whether reading the deltas costs as much as reading a snapshot, not counting the first `deltasMax`: a reload then
   * costs at most twice the state's size, and snapshots write at most as much as deltas.
   */
  isDue(deltasMax: number): boolean {
    return this.#deltas >= deltasMax && this.#bytes + this.#deltas * DELTA_COSTS_BYTES >= this.#snapshotBytes;
  }
}
