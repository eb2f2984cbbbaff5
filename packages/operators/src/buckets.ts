import { slicesOf } from "./slices.ts";

/**
 * How many of the numbers lie in each bucket: from `buckets[i]` up to and without `buckets[i + 1]`, the last one with its end.
 * Numbers outside, and NaN, are left out.
 *
 * @param buckets Two or more, ascending.
 * @param even The buckets are equally wide, so that a number's bucket need not be looked for.
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
  const scale = size / (last - first || 1); // a single point makes a bucket without width
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number; // within the slice; what is no number is in no bucket
    if (!(value >= first && value <= last)) continue;
    const guess = Math.floor((value - first) * scale);
    const bucket = guess < size ? guess : size - 1;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
}

/** Looks for the last bucket that begins at or below each number, by halving. */
function count(values: readonly number[], ends: Float64Array, counts: Float64Array): void {
  const size = counts.length;
  const first = ends[0] ?? 0;
  const last = ends[size] ?? 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number; // within the slice; what is no number is in no bucket
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
