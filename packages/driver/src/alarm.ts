import { type Clock, millis, type Timer } from "@millrace/base";

/** The one timer of a machine that requests `wakeAt`, by the monotonic clock. */
export class Alarm {
  readonly #clock: Clock;
  readonly #fire: (at: number) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, fire: (at: number) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Replaces the previous time. */
  set(at: number): void {
    this.#timer?.cancel();
    const delay = millis(Math.max(0, Math.ceil(at - this.#clock.monotonicMs())));
    this.#timer = this.#clock.after(delay, () => this.#fire(this.#clock.monotonicMs()));
  }

  cancel(): void {
    this.#timer?.cancel();
  }
}
