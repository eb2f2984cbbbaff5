import type { ExecutorId, StreamId } from "@millrace/base";
import { type BlockId, comparePlaces, placeOf, streamOf } from "@millrace/plan";
import { heldBlocks } from "./block-copies.ts";
import { addWaiting, reportBacklog } from "./received-blocks.ts";
import type { HeldInventory, HeldRun, ReceivedBlock } from "./receiver-events.ts";
import { choosePeer, stays } from "./receiver-placement.ts";
import { type HeldBlock, heldBlock, type ReceiverTracker, type TrackedReceiver } from "./receiver-state.ts";

/**
 * Takes up what an executor has from under an earlier driver. Blocks that are known have one more holder; those that no batch
 * was given go into the next one; all others are dropped there.
 */
export function takeUp(state: ReceiverTracker, executor: ExecutorId, { blocks, runs }: HeldInventory): void {
  const tracked = new Map([...heldBlocks(state)].map((block) => [block.id, block]));
  const taken = new Map<StreamId, BlockId[]>();
  const stale: BlockId[] = [];
  for (const block of [...blocks].sort((a, b) => comparePlaces(placeOf(a.id), placeOf(b.id)))) {
    const receiver = state.receivers.get(streamOf(block.id));
    if (receiver === undefined || !isTakenUp(state, receiver, { block, executor, known: tracked.get(block.id) })) {
      stale.push(block.id);
      continue;
    }
    const ids = taken.get(receiver.declared.stream);
    if (ids === undefined) taken.set(receiver.declared.stream, [block.id]);
    else ids.push(block.id);
  }
  for (const [stream, ids] of taken) state.effects.push({ type: "blocksTaken", executor, stream, blocks: ids });
  if (stale.length > 0) state.effects.push({ type: "dropBlocks", executor, blocks: stale });
  for (const run of runs) adopt(state, executor, run);
  for (const receiver of state.receivers.values()) reportBacklog(state, receiver);
}

function isTakenUp(
  state: ReceiverTracker,
  receiver: TrackedReceiver,
  found: { readonly block: ReceivedBlock; readonly executor: ExecutorId; readonly known: HeldBlock | undefined },
): boolean {
  const { executor, known } = found;
  const { id, bytes, records, position } = found.block;
  if (known !== undefined) {
    if (known.at.includes(executor)) return true;
    known.at = [...known.at, executor];
    known.recopied = true;
    state.effects.push({ type: "holderAdded", executor, blocks: [id] });
    return true;
  }
  const old = receiver.recalledTo !== undefined && comparePlaces(placeOf(id), receiver.recalledTo) <= 0;
  if (old || isReadAgain(receiver, executor, position) || state.takenUp.has(id) || state.mode !== "open") return false;
  state.takenUp.add(id);
  const { copies, stream } = receiver.declared;
  const block = { id, stream, bytes, records, copies, position, at: [executor], logged: undefined };
  addWaiting(state, receiver, heldBlock(block));
  return true;
}

/**
 * True for a block of an executor on which the receiver does not run, if its source can be read again and was asked to already,
 * from the last known position.
 */
export function isReadAgain(
  receiver: TrackedReceiver,
  executor: ExecutorId,
  position: Uint8Array | undefined,
): boolean {
  if (receiver.executor === executor || (receiver.position ?? position) === undefined) return false;
  return receiver.state !== "homeless" || receiver.runs > 0;
}

/** Goes on with a receiver where it runs, or stops it there: it has another executor by now. */
function adopt(state: ReceiverTracker, executor: ExecutorId, { stream, epoch, run, after, running }: HeldRun): void {
  const receiver = state.receivers.get(stream);
  if (receiver?.state !== "homeless" || !running || state.mode !== "open" || !stays(state, executor)) {
    state.effects.push({ type: "stopReceiver", executor, stream });
    return;
  }
  receiver.state = "running";
  receiver.executor = executor;
  receiver.toldBytes = 0;
  receiver.peer = choosePeer(state, receiver);
  const start = { epoch, run, after, position: receiver.position };
  state.effects.push(
    { type: "startReceiver", executor, stream, replicateTo: receiver.peer, run: start },
    { type: "receiverChanged", stream, change: "started", executor, error: undefined },
  );
}
