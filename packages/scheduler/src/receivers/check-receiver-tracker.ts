import { assert } from "@millrace/base";
import { COPY_BLOCKS_MAX, COPY_BYTES_MAX, heldBlocks, isShort, trackedBatches } from "./block-copies.ts";
import { stays } from "./receiver-placement.ts";
import type { HeldBlock, ReceiverTracker, TrackedReceiver } from "./receiver-state.ts";

/** Throws if the state is unreachable for correct code. For tests and simulation. O(blocks held). */
export function checkReceiverTracker(state: ReceiverTracker): void {
  for (const receiver of state.receivers.values()) checkReceiver(state, receiver);
  for (const block of heldBlocks(state)) checkBlock(state, block);
  checkCopies(state);
}

function checkBlock(state: ReceiverTracker, block: HeldBlock): void {
  const { id, at, copyFrom, copyTo } = block;
  assert(at.length > 0 || block.logged !== undefined, `block ${id} has no holder`);
  for (const holder of at) assert(state.executors.includes(holder), `${holder} is lost but holds ${id}`);
  assert(!isShort(state, block) || copyFrom !== undefined || copyTo !== undefined, `${id} is short, and is not copied`);
  assert(copyFrom === undefined || copyTo === undefined, `${id} is both queued and under way`);
  if (copyFrom !== undefined) {
    assert(at.includes(copyFrom), `${copyFrom} does not hold ${id}`);
    assert(state.copies.queues.get(copyFrom)?.has(block) === true, `${id} is not in the queue of ${copyFrom}`);
  }
  if (copyTo !== undefined) {
    assert(!at.includes(copyTo), `${copyTo} holds ${id} already`);
    assert(state.copies.underWay.get(copyTo)?.blocks.get(id) === block, `${id} is not under way to ${copyTo}`);
  }
}

function checkCopies(state: ReceiverTracker): void {
  const { queues, underWay } = state.copies;
  const held = new Set(heldBlocks(state));
  for (const [from, queue] of queues) {
    assert(queue.size > 0, `the queue of ${from} is empty`);
    for (const block of queue)
      assert(held.has(block) && block.copyFrom === from, `${block.id} is queued, but not held`);
  }
  const serving = [...underWay.values()].map(({ from }) => from);
  assert(new Set(serving).size === serving.length, "each executor serves one request at most");
  for (const [to, { from, blocks }] of underWay) {
    assert(state.executors.includes(to) && to !== from, `${to} is lost but fetches`);
    let bytes = 0;
    for (const block of blocks.values()) {
      assert(held.has(block) && block.copyTo === to, `${block.id} is under way, but not held`);
      bytes += block.bytes;
    }
    assert(blocks.size <= COPY_BLOCKS_MAX, `${blocks.size} blocks in one request`);
    assert(blocks.size <= 1 || bytes <= COPY_BYTES_MAX, `${bytes} bytes in one request`);
  }
}

function checkReceiver(state: ReceiverTracker, receiver: TrackedReceiver): void {
  const { executor, peer, waiting, declared } = receiver;
  const placed = receiver.state !== "homeless" && receiver.state !== "stopped";
  assert(placed === (executor !== undefined), `receiver ${declared.name} is ${receiver.state} on ${executor}`);
  assert(executor === undefined || state.executors.includes(executor), `${executor} is lost but receives`);
  assert(peer === undefined || (peer !== executor && stays(state, peer)), "a peer is another, alive, that stays");
  assert(
    receiver.state !== "homeless" || !state.executors.some((one) => stays(state, one)),
    `receiver ${declared.name} could run`,
  );
  assert(state.mode !== "stopped" || receiver.state === "stopped", "stopped means all of them");
  let bytes = waiting.reduce((sum, block) => sum + block.bytes, 0);
  for (const batch of trackedBatches(state)) {
    if (batch.state === "ended") continue;
    for (const block of batch.blocks.get(declared.stream) ?? []) bytes += block.bytes;
  }
  assert(receiver.backlogBytes === bytes, `receiver ${declared.name} miscounts its backlog`);
}
