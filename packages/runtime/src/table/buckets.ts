import { hashKey } from "@millrace/codec";

/** Spilled data is split into buckets by this many bits of the key's hash. */
const BUCKET_BITS = 6;
export const BUCKETS: number = 1 << BUCKET_BITS;
/** The number of levels to which buckets that are too large are split; then no bits of the hash are left to distinguish keys. */
export const DEPTH_MAX = 3;
const HASH_BITS = 32;

/**
 * The bucket of a key: by the highest bits of its hash, and at each lower level by the next ones. The lowest bits, its
 * key group, are equal for much of a partition.
 */
export function bucketOf(key: unknown, depth: number): number {
  return (hashKey(key) >>> (HASH_BITS - BUCKET_BITS * (depth + 1))) & (BUCKETS - 1);
}
