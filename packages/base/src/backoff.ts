import { type Millis, millis } from "./duration.ts";
import type { Rng } from "./rng.ts";

/** The pauses between attempts at an operation. */
export interface BackoffRange {
  /** The first pause; 0: no pauses. */
  readonly min: Millis;
  readonly max: Millis;
}

/**
 * The pause after a number of consecutive failures: it doubles from `min` up to `max`. Jitter subtracts up to half of
 * it, so that operations that failed together do not retry together.
 *
 * @param failures From 1.
 */
export function backoffPause({ min, max }: BackoffRange, failures: number, rng: Rng): Millis {
  const full = Math.min(max, min * 2 ** Math.min(failures - 1, 30));
  return millis(Math.ceil(full * (1 - rng.next() / 2)));
}

/** Counts the consecutive failures of an operation. */
export class Backoff {
  readonly #range: BackoffRange;
  readonly #rng: Rng;
  #failures = 0;

  constructor(range: BackoffRange, rng: Rng) {
    this.#range = range;
    this.#rng = rng;
  }

  /** Records a failure. @returns The pause before the next attempt. */
  next(): Millis {
    this.#failures += 1;
    return backoffPause(this.#range, this.#failures, this.#rng);
  }

  /** Records a success: the next failure counts as the first. */
  reset(): void {
    this.#failures = 0;
  }
}
