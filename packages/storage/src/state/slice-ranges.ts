import { KEY_GROUPS } from "@millrace/codec";
import type { GroupRange } from "./file-names.ts";

/** A slice of this size takes a few milliseconds to encode. */
export const SLICE_BYTES: number = 256 * 1024;
const SLICE_KEYS = 8192;

/** Keys of a slice, at most unless they are of one group. @param keyBytes Bytes that a key takes in a file, about. */
export function keysOfSlice(keyBytes: number): number {
  return Math.max(1, Math.min(SLICE_KEYS, Math.floor(SLICE_BYTES / Math.max(1, keyBytes))));
}

/**
 * The key groups of the slice that begins with `first`: as many as a slice should have, and one at least.
 *
 * @param counts Keys by group.
 * @param most Keys of a slice: see `keysOfSlice`.
 */
export function sliceFrom(first: number, counts: ArrayLike<number>, most: number): GroupRange {
  let keys = counts[first] ?? 0;
  let last = first;
  for (; last + 1 < KEY_GROUPS; last++) {
    keys += counts[last + 1] ?? 0;
    if (keys > most) break;
  }
  return { first, last };
}

/** All key groups, cut into slices. */
export function sliceRanges(counts: ArrayLike<number>, most: number): readonly GroupRange[] {
  const ranges: GroupRange[] = [];
  for (let first = 0; first < KEY_GROUPS; ) {
    const range = sliceFrom(first, counts, most);
    ranges.push(range);
    first = range.last + 1;
  }
  return ranges;
}
