/** To open and read a delta takes about as long as to read this much of a snapshot. */
const DELTA_COSTS_BYTES = 32 * 1024;

/** The deltas since the last snapshot of a partition: what has to be read besides it. Decides when another one is due. */
export class DeltaChain {
  #deltas = 0;
  #bytes = 0;
  #snapshotBytes = 0;

  /** A delta is part of the published state. */
  add(bytes: number): void {
    this.#deltas += 1;
    this.#bytes += bytes;
  }

  /** A snapshot stands in for all so far. */
  restart(snapshotBytes: number): void {
    this.#deltas = 0;
    this.#bytes = 0;
    this.#snapshotBytes = snapshotBytes;
  }

  /**
   * Whether reading the deltas has come to cost as much as reading a snapshot does, but for the first `deltasMax`: a reload
   * then costs at most twice what the state's size does, and what is written for snapshots at most as much as for deltas.
   */
  isDue(deltasMax: number): boolean {
    return this.#deltas >= deltasMax && this.#bytes + this.#deltas * DELTA_COSTS_BYTES >= this.#snapshotBytes;
  }
}
