import type { Comparison } from "@millrace/codec";

/** Ranges of keys, one for each partition. */
export interface Ranges {
  /** The last key of each partition but the last, ascending. */
  readonly bounds: readonly unknown[];
  readonly descending: boolean;
}

/** The partition of a key: equal keys go to the same one. Time: O(log bounds). */
export function rangePartition({ bounds, descending }: Ranges, compare: Comparison, key: unknown): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(key, bounds[middle]) > 0) low = middle + 1;
    else high = middle;
  }
  return descending ? bounds.length - low : low;
}

/** A sample of a partition, in which each key represents `weight` records. */
export interface WeightedSample {
  readonly keys: readonly unknown[];
  readonly weight: number;
}

/**
 * Bounds that split the records into `partitions` ranges of about equal size; fewer if there are too few distinct keys.
 */
export function boundsOf(samples: readonly WeightedSample[], partitions: number, compare: Comparison): unknown[] {
  const candidates = samples.flatMap(({ keys, weight }) => keys.map((key) => ({ key, weight })));
  candidates.sort((a, b) => compare(a.key, b.key));
  const cuts = Math.min(partitions, candidates.length);
  const step = candidates.reduce((sum, { weight }) => sum + weight, 0) / cuts;
  const bounds: unknown[] = [];
  let passed = 0;
  let target = step;
  for (const { key, weight } of candidates) {
    if (bounds.length >= cuts - 1) break;
    passed += weight;
    if (passed < target) continue;
    // A key that would fill several ranges gets one.
    if (bounds.length > 0 && compare(key, bounds.at(-1)) <= 0) continue;
    bounds.push(key);
    target += step;
  }
  return bounds;
}
