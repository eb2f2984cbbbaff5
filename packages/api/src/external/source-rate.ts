import type { EpochMs, JobConf } from "@millrace/base";

/** How much a backlog takes off the rate: the integral gain of the estimator, by Spark's default. */
const BACKLOG_GAIN = 0.2;

/** A batch that is being processed. */
interface Running {
  readonly time: EpochMs;
  readonly since: EpochMs;
}

/**
 * Bounds what a batch reads of a source by how fast the last one was processed, so that batches of a job with more to read than it
 * can take about one interval. Reads no clock.
 *
 * This is Spark's `PIDRateEstimator` (streaming/src/main/scala/org/apache/spark/streaming/scheduler/rate in apache/spark) with its
 * default gains 1, 0.2 and 0: `rate = last - 1 · (last - processed) - 0.2 · processed · delay / interval`, of which the last rate
 * cancels out. Two things differ. There is a limit from the first batch on, and a delay counts up to one interval: due batches
 * are no backlog of records here, since each chooses what it reads only when it starts.
 */
export class SourceRate {
  readonly #intervalMs: number;
  /** Records per second. */
  readonly #min: number;
  #rate: number;
  #running: Running | undefined;

  constructor(conf: Pick<JobConf, "source.rate.initial" | "source.rate.min">, intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#min = conf["source.rate.min"];
    this.#rate = Math.max(this.#min, conf["source.rate.initial"]);
  }

  /** The records that a batch may read; at least one. */
  get limit(): number {
    return Math.max(1, Math.floor((this.#rate * this.#intervalMs) / 1000));
  }

  /** The input of a batch is being chosen. @param now When. */
  begin(time: EpochMs, now: EpochMs): void {
    this.#running = { time, since: now };
  }

  /** A batch is committed: it has read so many records. */
  end(records: number, now: EpochMs): void {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined || records === 0 || now <= running.since) return;
    const processed = (records * 1000) / (now - running.since);
    const delayMs = Math.min(this.#intervalMs, Math.max(0, running.since - running.time));
    this.#rate = Math.max(this.#min, processed * (1 - (BACKLOG_GAIN * delayMs) / this.#intervalMs));
  }
}
