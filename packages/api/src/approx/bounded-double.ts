import type { Moments } from "@millrace/operators";
import { countQuantile, normalQuantile, pascal, poissonOf, studentQuantile } from "./quantiles.ts";

/** A result that is not known exactly: with probability `confidence` it lies between `low` and `high`. */
export interface BoundedDouble {
  /** The likeliest value. */
  readonly mean: number;
  /** 1 when the result is exact: `low`, `mean` and `high` are one then. 0 when nothing is known. */
  readonly confidence: number;
  /** -Infinity when nothing is known. */
  readonly low: number;
  /** Infinity when nothing is known. */
  readonly high: number;
}

/** How many of the partitions an approximate result has seen. */
export interface Seen {
  readonly partitions: number;
  readonly total: number;
}

const exactly = (value: number): BoundedDouble => ({ mean: value, confidence: 1, low: value, high: value });

/** Sums past this are modelled by a simpler distribution. */
const PASCAL_SUM_MAX = 10_000;

/**
 * A count of which a part is known: each record is taken to be in a partition that was seen with the same probability, so
 * that what is missing follows Pascal's distribution (the reference's model).
 */
export function boundedCount(counted: number, seen: Seen, confidence: number): BoundedDouble {
  if (seen.partitions === seen.total) return exactly(counted);
  if (seen.partitions === 0 || counted === 0) return { mean: 0, confidence: 0, low: 0, high: Number.POSITIVE_INFINITY };
  const p = seen.partitions / seen.total;
  const missing = counted <= PASCAL_SUM_MAX ? pascal(counted, p) : poissonOf((counted * (1 - p)) / p);
  return {
    mean: counted + missing.mean,
    confidence,
    low: counted + countQuantile(missing, (1 - confidence) / 2),
    high: counted + countQuantile(missing, (1 + confidence) / 2),
  };
}

const NOTHING_KNOWN: BoundedDouble = {
  mean: 0,
  confidence: 0,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
};

/** A mean of which a part is known. */
export function boundedMean(moments: Moments, seen: Seen, confidence: number): BoundedDouble {
  const { count, mean } = moments;
  if (seen.partitions === seen.total) return exactly(mean);
  if (seen.partitions === 0 || count === 0) return NOTHING_KNOWN;
  if (count === 1) return { ...NOTHING_KNOWN, mean, confidence };
  return around(mean, Math.sqrt(sampleVariance(moments) / count), count, confidence);
}

/** A sum of which a part is known: that of the rest is a count times a mean, both estimated. */
export function boundedSum(moments: Moments, seen: Seen, confidence: number): BoundedDouble {
  const { count, mean } = moments;
  const known = count * mean;
  if (seen.partitions === seen.total) return exactly(known);
  if (seen.partitions === 0 || count === 0) return NOTHING_KNOWN;
  const p = seen.partitions / seen.total;
  const missing = (count * (1 - p)) / p;
  const sum = known + mean * missing;
  if (count === 1) return { ...NOTHING_KNOWN, mean: sum, confidence };
  const meanVariance = sampleVariance(moments) / count;
  const countVariance = (count * (1 - p)) / (p * p);
  // Of a product of two independent estimates.
  const variance = mean ** 2 * countVariance + missing ** 2 * meanVariance + meanVariance * countVariance;
  return around(sum, Math.sqrt(variance), count, confidence);
}

/** Of fewer numbers the deviation itself is uncertain: Student's distribution knows by how much. */
const NORMAL_COUNT_MIN = 100;

function around(mean: number, deviation: number, count: number, confidence: number): BoundedDouble {
  const p = (1 + confidence) / 2;
  const factor = count > NORMAL_COUNT_MIN ? normalQuantile(p) : studentQuantile(p, count - 1);
  return { mean, confidence, low: mean - factor * deviation, high: mean + factor * deviation };
}

function sampleVariance({ count, squares }: Moments): number {
  return squares / (count - 1);
}
