import type { ExecutorId } from "@millrace/base";
import { heldBlocks, isShort } from "./block-copies.ts";
import { inProgress } from "./leaving-executors.ts";
import { stays } from "./receiver-placement.ts";
import type { ReceiverTracker } from "./receiver-state.ts";

/** The receivers that a graceful stop waits for, for people. O(receivers). */
export function receiverWaits(state: ReceiverTracker): readonly string[] {
  if (state.mode !== "stopping") return [];
  return [...state.receivers.values()]
    .filter((receiver) => receiver.state !== "stopped")
    .map(({ declared, executor }) => `receiver ${declared.name} on ${executor ?? "no executor"} to hand over its data`);
}

/** What each leaving executor is needed for, for people: empty if it has been released. O(blocks held) each. */
export function leavingWaits(state: ReceiverTracker): ReadonlyMap<ExecutorId, readonly string[]> {
  return new Map([...state.leaving].map(([executor, told]) => [executor, told ? [] : waitsOf(state, executor)]));
}

function waitsOf(state: ReceiverTracker, leaving: ExecutorId): readonly string[] {
  if (state.mode !== "open") return ["the end of the job, which stops"];
  if (!state.executors.some((executor) => stays(state, executor))) return ["an executor that takes over"];
  const waits: string[] = [];
  for (const { executor, declared } of state.receivers.values())
    if (executor === leaving) waits.push(`receiver ${declared.name} to hand over its data`);
  let short = 0;
  for (const block of heldBlocks(state)) if (block.at.includes(leaving) && isShort(state, block)) short++;
  if (short > 0) waits.push(`copies of ${short} received ${short === 1 ? "block" : "blocks"}`);
  const running = inProgress(state);
  if (running !== undefined) waits.push(`batch ${new Date(running.time).toISOString()}`);
  return waits;
}
