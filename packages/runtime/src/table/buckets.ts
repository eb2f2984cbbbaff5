import { hashKey } from "@millrace/codec";

/** What is spilled is cut into this many buckets by bits of the key's hash. */
const BUCKET_BITS = 6;
export const BUCKETS: number = 1 << BUCKET_BITS;
/** Each bucket that is too large itself is cut once more; then the hash has no bits left that tell keys apart. */
export const DEPTH_MAX = 3;
const HASH_BITS = 32;

/**
 * The bucket of a key: by the highest bits of its hash, and at each lower level by the next ones. The lowest bits, its
 * key group, are equal for much of a partition.
 */
export function bucketOf(key: unknown, depth: number): number {
  return (hashKey(key) >>> (HASH_BITS - BUCKET_BITS * (depth + 1))) & (BUCKETS - 1);
}
