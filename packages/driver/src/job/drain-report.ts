import { type Clock, type ExecutorId, epochMs, parseDuration, type Timer } from "@millrace/base";
import type { DrainSummary } from "@millrace/rpc";
import { type JobLife, stopWaits } from "@millrace/scheduler";
import type { JobDriverEvent } from "./events.ts";
import type { RunningJob } from "./running-job.ts";

const LOOK_EVERY = parseDuration("250ms");

/** The parts of a job that know what it waits for. */
interface Drained {
  readonly life: JobLife;
  readonly running: Pick<RunningJob, "waits" | "leavingWaits"> | undefined;
}

/** Tells what a job that stops, or executors that leave, wait for, whenever that has changed. Looks only meanwhile. */
export class DrainReport {
  readonly #clock: Clock;
  readonly #drained: () => Drained;
  readonly #tell: (event: JobDriverEvent) => void;
  #timer: Timer | undefined;
  #told = "";

  constructor(clock: Clock, drained: () => Drained, tell: (event: JobDriverEvent) => void) {
    this.#clock = clock;
    this.#drained = drained;
    this.#tell = tell;
  }

  /** Something begins to drain, or may have ended to. */
  look(): void {
    this.#timer?.cancel();
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
    if (stop !== undefined || leaving.size > 0) this.#timer = this.#clock.after(LOOK_EVERY, () => this.look());
  }

  end(): void {
    this.#timer?.cancel();
  }

  #summary(until: number, waitsFor: readonly string[]): DrainSummary {
    return { by: epochMs(Math.round(this.#clock.now() + until - this.#clock.monotonicMs())), waitsFor };
  }
}
