import { hashKey } from "@millrace/codec";

/** What is spilled is cut into this many buckets by bits of the key's hash. */
const BUCKET_BITS = 6;
export const BUCKETS = 1 << BUCKET_BITS;
/** Each bucket that is too large itself is cut once more; then the hash has no bits left that tell keys apart. */
export const DEPTH_MAX = 3;
const HASH_BITS = 32;

/**
 * The bucket of a key: by the highest bits of its hash, and at each level below by the next ones. The lowest, its key group,
 * are equal for much of a partition.
 */
export function bucketOf(key: unknown, depth: number): number {
  return (hashKey(key) >>> (HASH_BITS - BUCKET_BITS * (depth + 1))) & (BUCKETS - 1);
}

/** Counting sort of keys by bucket: their order, and where each bucket ends in it. */
export function sortByBucket(
  keys: readonly unknown[],
  depth: number,
): { readonly order: Uint32Array; readonly ends: Uint32Array } {
  const buckets = Uint8Array.from(keys, (key) => bucketOf(key, depth));
  const ends = new Uint32Array(BUCKETS);
  for (const bucket of buckets) ends[bucket] = (ends[bucket] ?? 0) + 1;
  let sum = 0;
  const next = new Uint32Array(BUCKETS);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    next[bucket] = sum;
    sum += ends[bucket] as number; // bucket < BUCKETS, here and below
    ends[bucket] = sum;
  }
  const order = new Uint32Array(keys.length);
  buckets.forEach((bucket, entry) => {
    const place = next[bucket] as number;
    next[bucket] = place + 1;
    order[place] = entry;
  });
  return { order, ends };
}
