import { type Logger, toWireError } from "@millrace/base";
import type { BlockId, BlockLocation } from "@millrace/plan";
import type { BlockFetcher } from "./block-fetcher.ts";

/**
 * Fetches copies of received blocks into the store, one after the other: this is background work, and tasks that fetch
 * come first. Never rejects.
 */
export async function fetchCopies(
  blocks: readonly BlockLocation[],
  { fetcher, log }: { readonly fetcher: Pick<BlockFetcher, "holdAndKeep">; readonly log: Logger },
): Promise<{ readonly copied: readonly BlockId[]; readonly failed: readonly BlockId[] }> {
  const copied: BlockId[] = [];
  const failed: BlockId[] = [];
  let first: unknown;
  for (const block of blocks) {
    try {
      (await fetcher.holdAndKeep(block)).release();
      copied.push(block.id);
    } catch (error) {
      if (failed.length === 0) first = error;
      failed.push(block.id);
    }
  }
  if (failed.length > 0) {
    log.warn(
      { blocks: failed.length },
      `copies of ${failed.length} received blocks could not be made here; this is tried again: ${toWireError(first).message}`,
    );
  }
  return { copied, failed };
}
