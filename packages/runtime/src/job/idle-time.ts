import { type Clock, millis, type Timer } from "@millrace/base";

/** A slot without a task for this long has none of the running batch either. */
const QUIET_MS = millis(20);
/** A slot that always has tasks still gets to what waits, a piece at a time. */
const WAIT_MAX_MS = millis(500);

/** The time of a slot between batches, for work that no task waits for. */
export class IdleTime {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #quiet = true;
  #timer: Timer | undefined;
  #longest: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A task begins. */
  begin(): void {
    this.#quiet = false;
    this.#timer?.cancel();
  }

  /** The task has ended. */
  end(): void {
    this.#timer = this.#clock.after(QUIET_MS, () => {
      this.#quiet = true;
      this.#release();
    });
  }

  /** Resolves when the slot is quiet, or has not been for long. */
  wait(): Promise<void> {
    if (this.#quiet) return Promise.resolve();
    this.#longest ??= this.#clock.after(WAIT_MAX_MS, () => this.#release());
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }

  #release(): void {
    this.#longest?.cancel();
    this.#longest = undefined;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
