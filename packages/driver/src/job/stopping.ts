import { type Clock, type JobConf, type Millis, millis, type Timer } from "@millrace/base";
import {
  type CutReason,
  type Drain,
  type DrainEffect,
  type DrainEvent,
  drain,
  drainTimeLeft,
  stepDrain,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";

/** An executor that was lost is often back within a second or two. */
const ALONE = millis(5_000);

/** Code of the job has this long at least when it is told of the end. */
const TELL_MIN = millis(1_000);

/** How a job is asked to end. */
export type StopRequest = { readonly graceful: true } | { readonly graceful: false; readonly reason: CutReason };

export interface StoppingPorts {
  readonly clock: Clock;
  /** Drains. */
  stopBatches(): void;
  /** Ends what runs, and takes no more. */
  cutBatches(): void;
}

/** The end of a job's batches: carries out what the drain machine decides. */
export class Stopping {
  readonly #state: Drain;
  readonly #machine: Dispatcher<DrainEvent, DrainEffect>;
  readonly #ports: StoppingPorts;
  #timer: Timer | undefined;
  #reason: CutReason | undefined;

  constructor(conf: JobConf, executors: number, ports: StoppingPorts) {
    this.#ports = ports;
    this.#state = drain({ timeout: conf["stop.timeout"], alone: ALONE }, executors);
    this.#machine = new Dispatcher(
      (event) => stepDrain(this.#state, event),
      (effect) => this.#perform(effect),
    );
  }

  /** Why the batches were ended at once, if they were. */
  get reason(): CutReason | undefined {
    return this.#reason;
  }

  request(how: StopRequest): void {
    this.#machine.dispatch(how.graceful ? { type: "drain", at: this.#now() } : { type: "cut", reason: how.reason });
  }

  executors(ready: number): void {
    this.#machine.dispatch({ type: "executors", ready, at: this.#now() });
  }

  /**
   * The batches are over.
   *
   * @returns How long code of the job may take when it is told.
   */
  over(): Millis {
    this.#machine.dispatch({ type: "batchesOver" });
    return millis(Math.max(TELL_MIN, drainTimeLeft(this.#state, this.#now())));
  }

  cancel(): void {
    this.#timer?.cancel();
  }

  #now(): number {
    return this.#ports.clock.monotonicMs();
  }

  #perform(effect: DrainEffect): void {
    switch (effect.type) {
      case "stopBatches":
        return this.#ports.stopBatches();
      case "cutBatches":
        this.#reason = effect.reason;
        return this.#ports.cutBatches();
      case "wakeAt": {
        this.#timer?.cancel();
        const after = millis(Math.max(0, Math.ceil(effect.at - this.#now())));
        this.#timer = this.#ports.clock.after(after, () => this.#machine.dispatch({ type: "tick", at: this.#now() }));
        return;
      }
      case "cancelWake":
        return this.#timer?.cancel();
    }
  }
}
