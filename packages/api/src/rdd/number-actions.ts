import { type Moments, mergeMoments, NO_MOMENTS, operators } from "@millrace/operators";
import { badArgument, notFinite } from "../errors.ts";
import type { RDD } from "../rdd.ts";
import { StatCounter } from "../stat-counter.ts";
import { checkCount, narrowStep } from "../steps.ts";
import { collectedAfter } from "./collected.ts";
import { PairActions } from "./pair-actions.ts";
import type { RddCore } from "./rdd-core.ts";

/** More buckets than anybody looks at. */
const BUCKETS_MAX = 10_000_000;

/** The actions of RDDs of numbers. */
export abstract class NumberActions<out T> extends PairActions<T> {
  /** 0 of no numbers. */
  async sum(this: RDD<number>): Promise<number> {
    const step = narrowStep("mapPartitions", operators.sumPartition.ref(), false, "sum");
    const sums = await collectedAfter<number>(this, "sum", step);
    return sums.reduce((a, b) => a + b, 0);
  }

  /** Count, mean, variance and ends, in one pass. */
  stats(this: RDD<number>): Promise<StatCounter> {
    return statsOf(this, "stats");
  }

  /** 0 of no numbers. */
  async mean(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "mean")).mean;
  }

  /** Of the numbers as a whole population. NaN of no numbers. */
  async variance(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "variance")).variance;
  }

  /** As `variance`. */
  async popVariance(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "popVariance")).variance;
  }

  /** As an estimate for what the numbers are a sample of: divides by n - 1. NaN of fewer than two numbers. */
  async sampleVariance(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "sampleVariance")).sampleVariance;
  }

  /** The square root of `variance`. */
  async stdev(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "stdev")).stdev;
  }

  /** As `stdev`. */
  async popStdev(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "popStdev")).stdev;
  }

  /** The square root of `sampleVariance`. */
  async sampleStdev(this: RDD<number>): Promise<number> {
    return (await statsOf(this, "sampleStdev")).sampleStdev;
  }

  /**
   * How many numbers lie in each of `buckets` equally wide ones between the smallest and the largest number: `[ends, counts]`,
   * of which ends has one more. A single bucket when all numbers are equal.
   *
   * @throws NOT_FINITE There are no numbers, or NaN or an infinity among them.
   */
  histogram(this: RDD<number>, buckets: number): Promise<[ends: number[], counts: number[]]>;
  /**
   * How many numbers lie in each bucket: from each of `ends` up to and without the next one, the last bucket with its end.
   * Numbers outside, and NaN, are left out.
   *
   * @param ends Two or more, ascending.
   */
  histogram(this: RDD<number>, ends: readonly number[]): Promise<number[]>;
  async histogram(this: RDD<number>, given: number | readonly number[]): Promise<unknown> {
    if (Array.isArray(given)) return countedIn(this, checkEnds(given), false);
    const size = checkCount(given, "the number of buckets of histogram", 1, BUCKETS_MAX);
    const { min, max } = await statsOf(this, "histogram");
    if (!Number.isFinite(min) || !Number.isFinite(max)) {
      throw notFinite(
        "histogram was asked for buckets of an RDD that is empty, or has NaN or an infinity in it. Filter them out, or give the ends of the buckets.",
      );
    }
    const ends = evenEnds(min, max, size);
    return [ends, await countedIn(this, ends, true)];
  }
}

async function statsOf(rdd: RddCore<unknown>, operator: string): Promise<StatCounter> {
  const step = narrowStep("mapPartitions", operators.momentsOfPartition.ref(), false, operator);
  const partitions = await collectedAfter<Moments>(rdd, operator, step);
  return new StatCounter([], partitions.reduce(mergeMoments, NO_MOMENTS));
}

async function countedIn(rdd: RddCore<unknown>, ends: readonly number[], even: boolean): Promise<number[]> {
  const fn = operators.histogram.ref(() => [ends, even]);
  const partitions = await collectedAfter<number[]>(
    rdd,
    "histogram",
    narrowStep("mapPartitions", fn, false, "histogram"),
  );
  return Array.from({ length: ends.length - 1 }, (_, i) =>
    partitions.reduce((sum, counts) => sum + (counts[i] ?? 0), 0),
  );
}

function evenEnds(min: number, max: number, size: number): number[] {
  if (min === max) return [min, max];
  const span = max - min;
  const ends = Array.from({ length: size }, (_, i) => min + (i * span) / size);
  return [...ends, max];
}

/** @throws BAD_ARGUMENT */
function checkEnds(ends: readonly unknown[]): readonly number[] {
  const numbers = ends.map((end) => {
    if (typeof end === "number" && !Number.isNaN(end)) return end;
    throw badArgument(`an end of a bucket of histogram is ${String(end)}; ends are numbers.`);
  });
  if (numbers.length < 2) throw badArgument("histogram takes two ends of buckets at least.");
  for (let i = 1; i < numbers.length; i += 1) {
    const [a = 0, b = 0] = numbers.slice(i - 1, i + 1);
    if (a < b) continue;
    throw badArgument(`the ends of buckets of histogram must ascend, and ${b} follows ${a}.`);
  }
  return numbers;
}
