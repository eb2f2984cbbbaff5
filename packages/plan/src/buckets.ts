import { slicesOf } from "./slices.ts";

/**
 * How many of the numbers lie in each bucket: from `buckets[i]` up to and without `buckets[i + 1]`, the last one with its end.
 * Numbers outside, and NaN, are left out.
 *
 * @param buckets Two or more, ascending.
 * @param even The buckets are equally wide, so that a number's bucket need not be looked for.
 */
export function bucketCounts(values: Iterable<number>, buckets: readonly number[], even: boolean): number[] {
  const size = buckets.length - 1;
  const counts = new Array<number>(size).fill(0);
  const first = buckets[0] ?? 0;
  const last = buckets[size] ?? 0;
  const scale = size / (last - first || 1); // a single point makes a bucket without width
  for (const slice of slicesOf(values)) {
    for (let i = 0; i < slice.length; i += 1) {
      const value = slice[i] as number; // within the slice
      if (!(value >= first && value <= last)) continue;
      const guess = even ? Math.floor((value - first) * scale) : bucketOf(value, buckets);
      const bucket = guess < size ? guess : size - 1;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
  }
  return counts;
}

/** The last bucket that begins at or below a number, by halving. */
function bucketOf(value: number, buckets: readonly number[]): number {
  let low = 0;
  let high = buckets.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((buckets[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
