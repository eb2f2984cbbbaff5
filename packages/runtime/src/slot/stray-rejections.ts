import { type Clock, describeThrown, type EngineError } from "@millrace/base";
import { unhandledRejection } from "../errors.ts";

/** Rejections reported per second; further ones are counted. */
const REPORTED_PER_SECOND = 5;

export interface StrayRejectionsPorts {
  readonly clock: Pick<Clock, "monotonicMs">;
  /** True while a task runs, to which the promise is then attributed. */
  readonly busy: () => boolean;
  /** True if the job has its own handler, which takes precedence. */
  readonly handled: () => boolean;
  readonly report: (error: EngineError) => void;
}

/**
 * Un-awaited promises that reject. While a task runs, that is an error of the task and ends the thread, as in Node.js:
 * the task is retried. Between tasks there is nothing to retry, and the thread with its state is sound: the job is
 * warned.
 */
export class StrayRejections {
  readonly #ports: StrayRejectionsPorts;
  #second: { readonly sinceMs: number; reported: number } | undefined;
  #unreported = 0;

  constructor(ports: StrayRejectionsPorts) {
    this.#ports = ports;
  }

  /** @throws The reason itself, if it ends the thread. */
  onRejection(reason: unknown): void {
    const { busy, handled, clock, report } = this.#ports;
    if (handled()) return;
    if (busy()) throw reason;
    const nowMs = clock.monotonicMs();
    if (this.#second === undefined || nowMs - this.#second.sinceMs >= 1_000) {
      this.#second = { sinceMs: nowMs, reported: 0 };
    }
    if (this.#second.reported >= REPORTED_PER_SECOND) {
      this.#unreported += 1;
      return;
    }
    this.#second.reported += 1;
    const more = this.#unreported === 0 ? "" : ` ${this.#unreported} more were not reported before this one.`;
    this.#unreported = 0;
    report(
      unhandledRejection(
        `a promise that the job's code does not await rejected after its task was done: ${describeThrown(reason)}. ` +
          `Nothing is retried, and its work may be missing.${more} Await every promise, or handle its rejection.`,
        { cause: reason },
      ),
    );
  }
}
