import { type EpochMs, epochMs, type Millis, millis } from "./duration.ts";

/** A pending timer. Cancelling it again, or after it has fired, has no effect. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Everything but {@link SystemClock} and its tests takes one of these. */
export interface Clock {
  /** The wall clock. */
  now(): EpochMs;
  /** Monotonic milliseconds with a fraction, from an arbitrary origin. */
  monotonicMs(): number;
  /**
   * Calls `fire` once, by the monotonic clock. There are no timers for wall-clock times: if that clock were set back by
   * an hour, they would fire an hour late.
   */
  after(delay: Millis, fire: () => void): Timer;
}

/** Node's limit for one timer; longer waits are split. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** The machine's clock. With `unref`, its timers do not keep a process alive. */
export class SystemClock implements Clock {
  readonly #unref: boolean;

  constructor(options: { readonly unref?: boolean } = {}) {
    this.#unref = options.unref ?? false;
  }

  now(): EpochMs {
    return epochMs(Date.now());
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delay: Millis, fire: () => void): Timer {
    const handle = setTimeout(fire, Math.min(delay, TIMEOUT_MAX_MS));
    if (this.#unref) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }
}

/**
 * Starts at the wall-clock time of its creation and then follows the monotonic clock, however the wall clock is set:
 * for durations between events that carry times. It drifts from the wall clock, so its times are not for display.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  readonly #originMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originMs = clock.now() - clock.monotonicMs();
  }

  now(): EpochMs {
    return epochMs(Math.floor(this.#originMs + this.#clock.monotonicMs()));
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delay: Millis, fire: () => void): Timer {
    return this.#clock.after(delay, fire);
  }
}

/** A clock that stands still until a test moves it. Timers fire in order of time, then of setting. */
export class ManualClock implements Clock {
  #now: number;
  /** The ms by which the wall clock was set. */
  #setByMs = 0;
  #next = 0;
  readonly #timers = new Map<number, { readonly time: number; readonly fire: () => void }>();

  constructor(start: EpochMs) {
    this.#now = start;
  }

  now(): EpochMs {
    return epochMs(this.#now + this.#setByMs);
  }

  monotonicMs(): number {
    return this.#now;
  }

  after(delay: Millis, fire: () => void): Timer {
    const id = this.#next++;
    this.#timers.set(id, { time: this.#now + delay, fire });
    return { cancel: () => void this.#timers.delete(id) };
  }

  /** Sets the wall clock forward, or back if negative; timers and the monotonic clock are not affected. */
  setWall(byMs: number): void {
    this.#setByMs += byMs;
  }

  /** Moves time forward, firing every timer on the way at its own time before it returns. */
  advance(by: Millis): void {
    const end = this.#now + by;
    for (;;) {
      let due: { readonly id: number; readonly time: number; readonly fire: () => void } | undefined;
      for (const [id, timer] of this.#timers) {
        if (timer.time <= end && (due === undefined || timer.time < due.time)) due = { id, ...timer };
      }
      if (due === undefined) break;
      this.#timers.delete(due.id);
      this.#now = Math.max(this.#now, due.time);
      due.fire();
    }
    this.#now = end;
  }

  /** Moves time forward as if this process had stalled: timers that came due meanwhile fire late, at the end. */
  standStill(by: Millis): void {
    this.#now += by;
    this.advance(millis(0));
  }
}
