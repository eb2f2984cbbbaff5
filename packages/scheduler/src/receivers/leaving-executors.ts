import type { ExecutorId } from "@millrace/base";
import { heldBlocks, isShort } from "./block-copies.ts";
import { stays } from "./receiver-placement.ts";
import type { ReceiverTracker, TrackedBatch } from "./receiver-state.ts";

/**
 * Releases leaving executors once nothing would be lost: none of their receivers still runs, and every block they hold
 * has its copies on executors that stay. Not during a batch, whose tasks would have to run again, and not while the job
 * stops, which needs all of them. O(blocks held) while one leaves.
 */
export function freeLeaving(state: ReceiverTracker): void {
  if (state.leaving.size === 0 || state.mode !== "open") return;
  if (!state.executors.some((executor) => stays(state, executor))) return;
  if (inProgress(state) !== undefined) return;
  for (const [executor, told] of state.leaving) {
    if (told || isNeeded(state, executor)) continue;
    state.leaving.set(executor, true);
    state.effects.push({ type: "executorFree", executor });
  }
}

/** The batch whose turn it is, and that would have to run tasks again. One that only has its blocks has no tasks yet. */
export function inProgress(state: ReceiverTracker): TrackedBatch | undefined {
  for (const batch of state.batches.values()) if (batch.state === "fixed" || batch.state === "running") return batch;
  return undefined;
}

function isNeeded(state: ReceiverTracker, executor: ExecutorId): boolean {
  for (const receiver of state.receivers.values()) if (receiver.executor === executor) return true;
  for (const block of heldBlocks(state)) if (block.at.includes(executor) && isShort(state, block)) return true;
  return false;
}
