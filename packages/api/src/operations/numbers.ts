import { type Moments, mergeMoments, NO_MOMENTS, operators } from "@millrace/operators";
import { badArgument, notFinite } from "../errors.ts";
import { StatCounter } from "../rdd/stat-counter.ts";
import { checkCount } from "../refusal/check-all.ts";
import { collectedAfter } from "./collecting.ts";
import type { Dataset } from "./dataset.ts";
import { narrowStep } from "./steps.ts";

// Actions on numbers.

/** More buckets than anyone needs. */
const BUCKETS_MAX = 10_000_000;

export async function sum(on: Dataset): Promise<number> {
  const step = narrowStep("mapPartitions", operators.sumPartition.ref(), false, "sum");
  const sums = await collectedAfter<number>(on, "sum", step);
  return sums.reduce((a, b) => a + b, 0);
}

/** One figure of `stats`, under the name of its action. */
export async function figure(
  on: Dataset,
  operator: string,
  name: "mean" | "variance" | "sampleVariance" | "stdev" | "sampleStdev",
): Promise<number> {
  return (await stats(on, operator))[name];
}

/** @param given A number of buckets between the smallest and the largest number, or the ends of buckets. */
export async function histogram(on: Dataset, given: number | readonly number[]): Promise<unknown> {
  if (Array.isArray(given)) return countedIn(on, checkEnds(given), false);
  const size = checkCount(given, "the number of buckets of histogram", 1, BUCKETS_MAX);
  const { min, max } = await stats(on, "histogram");
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw notFinite(
      "histogram was asked for buckets of an RDD that is empty or contains NaN or an infinity. Filter them out, or give the ends of the buckets.",
    );
  }
  const ends = evenEnds(min, max, size);
  return [ends, await countedIn(on, ends, true)];
}

export async function stats(on: Dataset, operator = "stats"): Promise<StatCounter> {
  const step = narrowStep("mapPartitions", operators.momentsOfPartition.ref(), false, operator);
  const partitions = await collectedAfter<Moments>(on, operator, step);
  return new StatCounter([], partitions.reduce(mergeMoments, NO_MOMENTS));
}

async function countedIn(on: Dataset, ends: readonly number[], even: boolean): Promise<number[]> {
  const fn = operators.histogram.ref(() => [ends, even]);
  const partitions = await collectedAfter<number[]>(
    on,
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
  if (numbers.length < 2) throw badArgument("histogram takes at least two ends of buckets.");
  for (let i = 1; i < numbers.length; i += 1) {
    const [a = 0, b = 0] = numbers.slice(i - 1, i + 1);
    if (a < b) continue;
    throw badArgument(`the ends of buckets of histogram must ascend, and ${b} follows ${a}.`);
  }
  return numbers;
}
