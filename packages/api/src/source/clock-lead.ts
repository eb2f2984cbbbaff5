/** Both clocks at one moment. */
export interface Reading {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Smaller differences come from slewing. */
const STEP_MS = 1000;

/**
 * The lead of the wall clock, which determines file times, over batch times after the clock was set forward or the machine
 * slept, until batches have caught up. A batch that is merely late does not count. Reads no clock.
 */
export class ClockLead {
  #last: Reading;
  #leadMs = 0;

  constructor(reading: Reading) {
    this.#last = reading;
  }

  /** Called in each batch. The lead never exceeds the delay of the batch's time, and so ends as batches catch up. */
  look(reading: Reading, batchTime: number): number {
    const { wallMs, monotonicMs } = reading;
    const stepMs = wallMs - this.#last.wallMs - (monotonicMs - this.#last.monotonicMs);
    if (Math.abs(stepMs) >= STEP_MS) this.#leadMs += stepMs;
    this.#leadMs = Math.max(0, Math.min(this.#leadMs, wallMs - batchTime));
    this.#last = reading;
    return this.#leadMs;
  }
}
