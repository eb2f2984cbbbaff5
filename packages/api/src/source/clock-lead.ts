/** Both clocks at one moment. */
export interface Reading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Less is a clock that is slewed. */
const STEP_MS = 1000;

/**
 * How far the wall clock, which files have their times from, is ahead of the times of batches because it was set forward or the
 * machine slept: until batches have caught up. A batch that is merely late does not count. Reads no clock.
 */
export class ClockLead {
  #last: Reading;
  #leadMs = 0;

  constructor(reading: Reading) {
    this.#last = reading;
  }

  /** To be called in each batch. The lead is never more than what the batch's time is behind, and so ends as batches catch up. */
  look(reading: Reading, batchTime: number): number {
    const { wallMs, monotonicMs } = reading;
    const stepMs = wallMs - this.#last.wallMs - (monotonicMs - this.#last.monotonicMs);
    if (Math.abs(stepMs) >= STEP_MS) this.#leadMs += stepMs;
    this.#leadMs = Math.max(0, Math.min(this.#leadMs, wallMs - batchTime));
    this.#last = reading;
    return this.#leadMs;
  }
}
