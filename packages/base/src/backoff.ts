import { type Millis, millis } from "./duration.ts";
import type { Rng } from "./rng.ts";

/** The pauses between attempts of one thing. */
export interface BackoffRange {
  /** The first pause; 0: there are none. */
  readonly min: Millis;
  readonly max: Millis;
}

/**
 * The pause after a number of failures in a row: twice the one before, from `min` to `max`. Of that it is between half and all, by
 * chance, so that many who failed together do not come back together.
 *
 * @param failures From 1.
 */
export function backoffPause({ min, max }: BackoffRange, failures: number, rng: Rng): Millis {
  const full = Math.min(max, min * 2 ** Math.min(failures - 1, 30));
  return millis(Math.ceil(full * (1 - rng.next() / 2)));
}

/** Counts the failures in a row of one thing. */
export class Backoff {
  readonly #range: BackoffRange;
  readonly #rng: Rng;
  #failures = 0;

  constructor(range: BackoffRange, rng: Rng) {
    this.#range = range;
    this.#rng = rng;
  }

  /** It failed once more. @returns How long to wait before the next attempt. */
  next(): Millis {
    this.#failures += 1;
    return backoffPause(this.#range, this.#failures, this.#rng);
  }

  /** It is well: the next failure is a first one. */
  reset(): void {
    this.#failures = 0;
  }
}
