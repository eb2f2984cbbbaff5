import type { Moments } from "@millrace/operators";
import { pascal, poissonOf, Quantiles } from "./quantiles.ts";

/** An estimate: with probability `confidence` the result is between `low` and `high`. */
export interface BoundedDouble {
  /** The most likely value. */
  readonly mean: number;
  /** 1 if the result is exact: `low`, `mean` and `high` are then equal. 0 if nothing is known. */
  readonly confidence: number;
  /** -Infinity when nothing is known. */
  readonly low: number;
  /** Infinity when nothing is known. */
  readonly high: number;
}

/** The partitions that an approximate result is based on, and the total number of partitions. */
export interface Seen {
  readonly partitions: number;
  readonly total: number;
}

const exactly = (value: number): BoundedDouble => ({ mean: value, confidence: 1, low: value, high: value });

const NOTHING_KNOWN: BoundedDouble = {
  mean: 0,
  confidence: 0,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
};

/** Larger sums are modelled by a simpler distribution. */
const PASCAL_SUM_MAX = 10_000;
/** The deviation of fewer numbers is itself uncertain: Student's distribution says by how much. */
const NORMAL_COUNT_MIN = 100;

/** Bounds of a result, estimated from the partitions that have been processed. */
export class Bounds {
  readonly #seen: Seen;
  readonly #confidence: number;
  /** Loaded only if there is something to estimate. */
  readonly #quantiles: Quantiles | undefined;

  private constructor(seen: Seen, confidence: number, quantiles: Quantiles | undefined) {
    this.#seen = seen;
    this.#confidence = confidence;
    this.#quantiles = quantiles;
  }

  static async of(seen: Seen, confidence: number): Promise<Bounds> {
    const partial = seen.partitions > 0 && seen.partitions < seen.total;
    return new Bounds(seen, confidence, partial ? await Quantiles.load() : undefined);
  }

  /**
   * A count: each record is assumed to be in a processed partition with the same probability, so that the number of
   * those missing follows Pascal's distribution (the reference's model).
   */
  count(counted: number): BoundedDouble {
    if (this.#isWhole) return exactly(counted);
    if (this.#quantiles === undefined || counted === 0) return { ...NOTHING_KNOWN, low: 0 };
    const p = this.#share;
    const missing = counted <= PASCAL_SUM_MAX ? pascal(counted, p) : poissonOf((counted * (1 - p)) / p);
    return {
      mean: counted + missing.mean,
      confidence: this.#confidence,
      low: counted + this.#quantiles.count(missing, (1 - this.#confidence) / 2),
      high: counted + this.#quantiles.count(missing, (1 + this.#confidence) / 2),
    };
  }

  mean(moments: Moments): BoundedDouble {
    const { count, mean } = moments;
    if (this.#isWhole) return exactly(mean);
    if (this.#quantiles === undefined || count === 0) return NOTHING_KNOWN;
    if (count === 1) return { ...NOTHING_KNOWN, mean, confidence: this.#confidence };
    return this.#around(this.#quantiles, mean, Math.sqrt(sampleVariance(moments) / count), count);
  }

  /** A sum: that of the missing numbers is the product of their count and their mean, both estimated. */
  sum(moments: Moments): BoundedDouble {
    const { count, mean } = moments;
    const known = count * mean;
    if (this.#isWhole) return exactly(known);
    if (this.#quantiles === undefined || count === 0) return NOTHING_KNOWN;
    const p = this.#share;
    const missing = (count * (1 - p)) / p;
    const sum = known + mean * missing;
    if (count === 1) return { ...NOTHING_KNOWN, mean: sum, confidence: this.#confidence };
    const meanVariance = sampleVariance(moments) / count;
    const countVariance = (count * (1 - p)) / (p * p);
    // The variance of a product of two independent estimates.
    const variance = mean ** 2 * countVariance + missing ** 2 * meanVariance + meanVariance * countVariance;
    return this.#around(this.#quantiles, sum, Math.sqrt(variance), count);
  }

  get #isWhole(): boolean {
    return this.#seen.partitions === this.#seen.total;
  }

  get #share(): number {
    return this.#seen.partitions / this.#seen.total;
  }

  #around(quantiles: Quantiles, mean: number, deviation: number, count: number): BoundedDouble {
    const p = (1 + this.#confidence) / 2;
    const factor = count > NORMAL_COUNT_MIN ? quantiles.normal(p) : quantiles.student(p, count - 1);
    return { mean, confidence: this.#confidence, low: mean - factor * deviation, high: mean + factor * deviation };
  }
}

function sampleVariance({ count, squares }: Moments): number {
  return squares / (count - 1);
}
