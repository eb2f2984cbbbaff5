import { type Clock, type ExecutorId, epochMs, parseDuration, type Timer } from "@millrace/base";
import type { DrainSummary } from "@millrace/rpc";
import { type JobLife, stopWaits } from "@millrace/scheduler";
import type { JobDriverEvent } from "./events.ts";
import type { RunningJob } from "./running-job.ts";

/** From one look to the next: a look at received blocks costs as much as there are. */
const PAUSE = parseDuration("250ms");

/** The parts of a job that know what it waits for. */
interface Drained {
  readonly life: JobLife;
  readonly running: Pick<RunningJob, "waits" | "leavingWaits"> | undefined;
}

/** Tells what a job that stops, or executors that leave, wait for, whenever that has changed. Looks only meanwhile, and when something did. */
export class DrainReport {
  readonly #clock: Clock;
  readonly #drained: () => Drained;
  readonly #tell: (event: JobDriverEvent) => void;
  /** Something drains. */
  #drains = false;
  /** Runs until the next look is due. */
  #pause: Timer | undefined;
  /** Something has changed since the last look. */
  #late = false;
  #told = "";

  constructor(clock: Clock, drained: () => Drained, tell: (event: JobDriverEvent) => void) {
    this.#clock = clock;
    this.#drained = drained;
    this.#tell = tell;
  }

  /** What is waited for may have changed. */
  changed(): void {
    if (!this.#drains) return;
    if (this.#pause === undefined) this.look();
    else this.#late = true;
  }

  /** Something begins to drain. */
  look(): void {
    this.#pause?.cancel();
    this.#late = false;
    const { life, running } = this.#drained();
    const stop = stopWaits(life);
    const leaving = running?.leavingWaits() ?? new Map<ExecutorId, readonly string[]>();
    const waits = stop === undefined ? [] : [...stop.others, ...(stop.batches ? (running?.waits() ?? []) : [])];
    const found = JSON.stringify([stop?.until, waits, [...leaving]]);
    if (found !== this.#told) {
      this.#told = found;
      if (stop !== undefined) this.#tell({ type: "draining", draining: this.#summary(stop.until, waits) });
      this.#tell({ type: "leaving", executors: leaving });
    }
    this.#drains = stop !== undefined || leaving.size > 0;
    this.#pause = this.#drains ? this.#clock.after(PAUSE, () => this.#paused()) : undefined;
  }

  end(): void {
    this.#drains = false;
    this.#pause?.cancel();
  }

  #paused(): void {
    this.#pause = undefined;
    if (this.#late) this.look();
  }

  #summary(until: number, waitsFor: readonly string[]): DrainSummary {
    return { by: epochMs(Math.round(this.#clock.now() + until - this.#clock.monotonicMs())), waitsFor };
  }
}
