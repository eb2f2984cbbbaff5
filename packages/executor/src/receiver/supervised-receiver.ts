import {
  Backoff,
  type BackoffRange,
  type Clock,
  type EngineError,
  millis,
  type Rng,
  type Timer,
  toWireError,
} from "@millrace/base";
import type { ReceiverStatus } from "@millrace/scheduler";
import type { ReceiverRun, RunEnd, RunEvents } from "./receiver-run.ts";

export interface SupervisedOptions {
  /** The pauses before a restart. */
  readonly restartDelay: BackoffRange;
  readonly rng: Rng;
  readonly clock: Clock;
  /** May throw or reject if the job's code provides no source: retried like any failure. */
  readonly newRun: (events: RunEvents) => ReceiverRun | Promise<ReceiverRun>;
  report(status: ReceiverStatus): void;
}

/** Non-fatal errors reported per second; further ones are counted. */
const TROUBLES_PER_SECOND = 10;

/**
 * One receiver, for as long as the driver wants it: a run that ends is followed by another, with back-off that is reset
 * once records have arrived.
 *
 *     starting ─▶ running ─end─▶ pausing ─▶ starting …      any ─stop─▶ stopped
 */
export class SupervisedReceiver {
  readonly #options: SupervisedOptions;
  #source: ReceiverRun | undefined;
  #timer: Timer | undefined;
  readonly #backoff: Backoff;
  #stopped = false;
  #troubles: { readonly sinceMs: number; told: number; untold: number } | undefined;
  /** Counts runs: events of an earlier run are ignored. */
  #run = 0;

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.restartDelay, options.rng);
  }

  start(afterMs: number): void {
    if (afterMs > 0) this.#pause(afterMs);
    else void this.#open();
  }

  /** Stops reading; resolves when everything received is safe. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#source?.stop();
    this.#options.report({ state: "stopped" });
  }

  async #open(): Promise<void> {
    const run = ++this.#run;
    const current = (): boolean => run === this.#run && !this.#stopped;
    const events: RunEvents = {
      running: () => {
        if (current()) this.#options.report({ state: "running" });
      },
      received: () => {
        if (current()) this.#backoff.reset();
      },
      ended: (end) => {
        if (current()) this.#ended(end);
      },
      trouble: (error) => this.#trouble(error),
    };
    try {
      const source = await this.#options.newRun(events);
      if (!current()) return;
      this.#source = source;
      source.start();
    } catch (error) {
      if (current()) this.#retry(toWireError(error), undefined);
    }
  }

  #ended(end: RunEnd): void {
    if (end.kind === "retry") return this.#retry(toWireError(end.error), end.delayMs);
    this.#stopped = true;
    this.#options.report(
      end.error === undefined ? { state: "stopped" } : { state: "stopped", error: toWireError(end.error) },
    );
  }

  #retry(error: ReturnType<typeof toWireError>, delayMs: number | undefined): void {
    const pauseMs = this.#backoff.next();
    const retryMs = delayMs ?? pauseMs;
    this.#options.report({ state: "retrying", error, retryMs });
    this.#pause(retryMs);
  }

  /** User code may report an error for every record. */
  #trouble(error: EngineError): void {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#troubles;
    if (known !== undefined && nowMs - known.sinceMs < 1000 && known.told >= TROUBLES_PER_SECOND) {
      known.untold += 1;
      return;
    }
    const untold = known?.untold ?? 0;
    if (known === undefined || nowMs - known.sinceMs >= 1000) this.#troubles = { sinceMs: nowMs, told: 1, untold: 0 };
    else known.told += 1;
    const wire = toWireError(error);
    const message = untold === 0 ? wire.message : `${wire.message} (${untold} more were not reported)`;
    this.#options.report({ state: "trouble", error: { ...wire, message } });
  }

  #pause(ms: number): void {
    this.#timer = this.#options.clock.after(millis(ms), () => void this.#open());
  }
}
