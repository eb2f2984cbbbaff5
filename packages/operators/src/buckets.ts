import { slicesOf } from "./slices.ts";

/**
 * Counts the numbers in each bucket: from `buckets[i]` up to but excluding `buckets[i + 1]`; the last bucket includes
 * its end. Numbers outside, and NaN, are not counted.
 *
 * @param buckets Two or more, ascending.
 * @param even The buckets have equal width, so that a number's bucket is computed, not searched.
 */
export function bucketCounts(values: Iterable<number>, buckets: readonly number[], even: boolean): number[] {
  const counts = new Float64Array(buckets.length - 1);
  const ends = Float64Array.from(buckets);
  for (const slice of slicesOf(values)) {
    if (even) countEven(slice, ends, counts);
    else count(slice, ends, counts);
  }
  return Array.from(counts);
}

function countEven(values: readonly number[], ends: Float64Array, counts: Float64Array): void {
  const size = counts.length;
  const first = ends[0] ?? 0;
  const last = ends[size] ?? 0;
  const scale = size / (last - first || 1); // a single point makes a bucket of zero width
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number; // within the slice; a non-number is in no bucket
    if (!(value >= first && value <= last)) continue;
    const guess = Math.floor((value - first) * scale);
    const bucket = guess < size ? guess : size - 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
}

/** Finds the last bucket that begins at or below each number, by binary search. */
function count(values: readonly number[], ends: Float64Array, counts: Float64Array): void {
  const size = counts.length;
  const first = ends[0] ?? 0;
  const last = ends[size] ?? 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number; // within the slice; a non-number is in no bucket
    if (!(value >= first && value <= last)) continue;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((ends[middle] ?? 0) <= value) low = middle;
      else high = middle - 1;
    }
    counts[low] = (counts[low] ?? 0) + 1;
  }
}
