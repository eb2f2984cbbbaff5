import { type EpochMs, epochMs, type Millis, millis } from "./duration.ts";

/** A timer that has been set and may be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Everything but {@link SystemClock} and its tests takes one of these. */
export interface Clock {
  /** Wall-clock time. */
  now(): EpochMs;
  /** Monotonic milliseconds with a fraction, from an arbitrary origin. */
  monotonicMs(): number;
  /** Calls `fire` once, not before `time`. */
  at(time: EpochMs, fire: () => void): Timer;
  after(delay: Millis, fire: () => void): Timer;
}

/** Node's limit for one timer; longer waits are cut into several. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep a process alive by themselves when `unref` is asked for. */
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

  at(time: EpochMs, fire: () => void): Timer {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const left = time - Date.now();
      if (left <= 0) {
        handle = setTimeout(fire, 0);
      } else {
        // Node may fire a millisecond early by the wall clock: look again instead of firing before `time`.
        handle = setTimeout(() => (Date.now() >= time ? fire() : arm()), Math.min(left, TIMEOUT_MAX_MS));
      }
      if (this.#unref) handle.unref();
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  }

  after(delay: Millis, fire: () => void): Timer {
    const handle = setTimeout(fire, Math.min(delay, TIMEOUT_MAX_MS));
    if (this.#unref) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  }
}

/** A clock that stands still until a test moves it. Timers fire in order of time, then of setting. */
export class ManualClock implements Clock {
  #now: number;
  #next = 0;
  readonly #timers = new Map<number, { readonly time: number; readonly fire: () => void }>();

  constructor(start: EpochMs) {
    this.#now = start;
  }

  now(): EpochMs {
    return epochMs(this.#now);
  }

  monotonicMs(): number {
    return this.#now;
  }

  at(time: EpochMs, fire: () => void): Timer {
    const id = this.#next++;
    this.#timers.set(id, { time, fire });
    return { cancel: () => void this.#timers.delete(id) };
  }

  after(delay: Millis, fire: () => void): Timer {
    return this.at(epochMs(this.#now + delay), fire);
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

  /** Moves time forward as if this process stood still: timers that came due meanwhile fire late, at the end. */
  standStill(by: Millis): void {
    this.#now += by;
    this.advance(millis(0));
  }
}
