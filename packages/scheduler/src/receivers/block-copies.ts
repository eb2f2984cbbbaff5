import { type BackoffRange, backoffPause, type ExecutorId, millis } from "@millrace/base";
import type { BlockId, BlockLocation } from "@millrace/plan";
import { copiesMissing } from "../warnings.ts";
import type { ReceiverEvent } from "./receiver-events.ts";
import { stays } from "./receiver-placement.ts";
import type { CopyTarget, HeldBlock, ReceiverTracker, TrackedBatch } from "./receiver-state.ts";
import { warn } from "./receiver-warnings.ts";

/** The bounds of one request; a larger block is a request of its own. */
export const COPY_BLOCKS_MAX = 16;
export const COPY_BYTES_MAX: number = 4 << 20;
/** Queued blocks that are considered for one request. */
const COPY_LOOK_MAX = 64;
const COPY_PAUSE: BackoffRange = { min: millis(100), max: millis(10_000) };

const COPIES_MISSING = "COPIES_MISSING/receivers";

/** All batches, with the one that is to be allocated again. */
export function* trackedBatches(state: ReceiverTracker): Generator<TrackedBatch> {
  yield* state.batches.values();
  if (state.pending !== undefined) yield state.pending;
}

/** Every block that some receiver or batch has. */
export function* heldBlocks(state: ReceiverTracker): Generator<HeldBlock> {
  for (const receiver of state.receivers.values()) yield* receiver.waiting;
  for (const { blocks } of trackedBatches(state)) for (const held of blocks.values()) yield* held;
}

/** True if executors that stay hold fewer copies than the level asks for, and fewer than there can be. */
export function isShort(state: ReceiverTracker, block: HeldBlock): boolean {
  const staying = state.executors.length - state.leaving.size;
  let copies = 0;
  for (const holder of block.at) if (stays(state, holder)) copies++;
  return copies < Math.min(block.copies, staying);
}

/** Queues the block if it is short and no copy of it is under way. */
export function queueIfShort(state: ReceiverTracker, block: HeldBlock): void {
  if (block.copyFrom !== undefined || block.copyTo !== undefined || !isShort(state, block)) return;
  const from = serverOf(state, block);
  if (from === undefined) return;
  block.copyFrom = from;
  const queue = state.copies.queues.get(from);
  if (queue === undefined) state.copies.queues.set(from, new Set([block]));
  else queue.add(block);
}

/** A holder that leaves, whose time is short, before others; among those the one with the shortest queue. */
function serverOf(state: ReceiverTracker, { at }: HeldBlock): ExecutorId | undefined {
  let best: ExecutorId | undefined;
  let bestQueue = Number.POSITIVE_INFINITY;
  for (const holder of at) {
    const queue = state.leaving.has(holder) ? -1 : (state.copies.queues.get(holder)?.size ?? 0);
    if (queue < bestQueue) [best, bestQueue] = [holder, queue];
  }
  return best;
}

/** The block was released or lost: nothing of it is copied any more, and a copy that arrives nevertheless is dropped. */
export function forgetCopy(state: ReceiverTracker, block: HeldBlock): void {
  unqueue(state, block);
  if (block.copyTo === undefined) return;
  state.copies.underWay.get(block.copyTo)?.blocks.delete(block.id);
  block.copyTo = undefined;
}

function unqueue(state: ReceiverTracker, block: HeldBlock): void {
  const { copyFrom } = block;
  if (copyFrom === undefined) return;
  block.copyFrom = undefined;
  const queue = state.copies.queues.get(copyFrom);
  queue?.delete(block);
  if (queue?.size === 0) state.copies.queues.delete(copyFrom);
}

/** The executor is gone, and with it what it was fetching. */
export function dropTarget(state: ReceiverTracker, executor: ExecutorId): void {
  for (const block of state.copies.underWay.get(executor)?.blocks.values() ?? []) block.copyTo = undefined;
  state.copies.underWay.delete(executor);
  state.copies.targets.delete(executor);
}

/** Executors have come or gone: finds all blocks that are short now. O(blocks held). */
export function reviewCopies(state: ReceiverTracker): void {
  state.copies.queues.clear();
  for (const block of heldBlocks(state)) {
    block.copyFrom = undefined;
    queueIfShort(state, block);
  }
}

/** After {@link reviewCopies} for an executor that came or was lost; not for one that leaves, which waits for its copies. */
export function tellMissing(state: ReceiverTracker): void {
  const { copies } = state;
  if (copies.missing || copies.queues.size === 0) return;
  let [blocks, records] = [0, 0];
  for (const queue of copies.queues.values()) {
    blocks += queue.size;
    for (const block of queue) records += block.records;
  }
  copies.missing = true;
  copies.made = 0;
  const message =
    `${blocks} received ${blocks === 1 ? "block has" : "blocks have"} fewer copies than the storage level asks for (${records} ` +
    "records). They are copied to other executors in the background, and the job goes on. Until this is over, the loss of " +
    "another executor may lose them.";
  warn(state, copiesMissing(COPIES_MISSING, message));
}

/** Gives idle executors something to fetch. O(executors) unless something is queued. */
export function requestCopies(state: ReceiverTracker): void {
  const { copies } = state;
  if (copies.queues.size > 0) {
    const leavingFirst = [...copies.queues.keys()].sort(
      (a, b) => Number(state.leaving.has(b)) - Number(state.leaving.has(a)),
    );
    for (const from of leavingFirst) if (!serves(state, from)) requestFrom(state, from);
  }
  if (!copies.missing || copies.queues.size > 0 || copies.underWay.size > 0) return;
  copies.missing = false;
  const message =
    copies.made === 0 ? undefined : `[COPIES_MADE] received blocks have their copies again; copied: ${copies.made}.`;
  state.effects.push({ type: "warningOver", subject: COPIES_MISSING, message });
}

function serves(state: ReceiverTracker, executor: ExecutorId): boolean {
  for (const { from } of state.copies.underWay.values()) if (from === executor) return true;
  return false;
}

function requestFrom(state: ReceiverTracker, from: ExecutorId): void {
  let target: ExecutorId | undefined;
  let [looked, bytes] = [0, 0];
  const blocks: HeldBlock[] = [];
  for (const block of state.copies.queues.get(from) ?? []) {
    if (blocks.length === COPY_BLOCKS_MAX || looked === COPY_LOOK_MAX) break;
    looked++;
    target ??= idleTarget(state, block);
    if (target === undefined || block.at.includes(target)) continue;
    if (blocks.length > 0 && bytes + block.bytes > COPY_BYTES_MAX) break;
    blocks.push(block);
    bytes += block.bytes;
  }
  if (target === undefined) return;
  for (const block of blocks) {
    unqueue(state, block);
    block.copyTo = target;
  }
  targetOf(state, target).bytes += bytes;
  state.copies.underWay.set(target, { from, blocks: new Map(blocks.map((block) => [block.id, block])) });
  state.effects.push({
    type: "copyBlocks",
    executor: target,
    blocks: blocks.map(
      ({ id, bytes, at }): BlockLocation => ({ id, bytes, at: [from, ...at.filter((holder) => holder !== from)] }),
    ),
  });
}

/** Of the executors that stay, do not hold the block and have nothing to fetch: the one given the fewest bytes so far. */
function idleTarget(state: ReceiverTracker, block: HeldBlock): ExecutorId | undefined {
  let best: ExecutorId | undefined;
  let bestBytes = Number.POSITIVE_INFINITY;
  for (const executor of state.executors) {
    if (!stays(state, executor) || block.at.includes(executor) || state.copies.underWay.has(executor)) continue;
    const target = state.copies.targets.get(executor);
    if (target?.resting === true) continue;
    if ((target?.bytes ?? 0) < bestBytes) [best, bestBytes] = [executor, target?.bytes ?? 0];
  }
  return best;
}

function targetOf(state: ReceiverTracker, executor: ExecutorId): CopyTarget {
  const known = state.copies.targets.get(executor);
  if (known !== undefined) return known;
  const target: CopyTarget = { bytes: 0, failures: 0, resting: false };
  state.copies.targets.set(executor, target);
  return target;
}

export function onBlocksCopied(state: ReceiverTracker, event: Extract<ReceiverEvent, { type: "blocksCopied" }>): void {
  const { executor } = event;
  if (!state.executors.includes(executor)) return; // a late answer: what it held is gone
  const request = state.copies.underWay.get(executor);
  state.copies.underWay.delete(executor);
  const kept: BlockId[] = [];
  const useless: BlockId[] = [];
  for (const id of event.copied) {
    const block = request?.blocks.get(id);
    if (block === undefined) {
      useless.push(id); // released or lost in the meantime
      continue;
    }
    block.at = [...block.at, executor];
    block.recopied = true;
    kept.push(id);
  }
  state.copies.made += kept.length;
  if (kept.length > 0) state.effects.push({ type: "holderAdded", executor, blocks: kept });
  if (useless.length > 0) state.effects.push({ type: "dropBlocks", executor, blocks: useless });
  for (const block of request?.blocks.values() ?? []) {
    block.copyTo = undefined;
    queueIfShort(state, block); // behind all others
  }
  const target = targetOf(state, executor);
  if (event.failed.length === 0) target.failures = 0;
  // That a holder is gone is no reason to pause: another one serves the block.
  else if (request !== undefined && state.executors.includes(request.from)) pause(state, executor, target);
}

function pause(state: ReceiverTracker, executor: ExecutorId, target: CopyTarget): void {
  target.failures++;
  target.resting = true;
  const delay = backoffPause(COPY_PAUSE, target.failures, state.settings.rng);
  state.effects.push({ type: "copyAfter", executor, delay });
}

export function onCopyDue(state: ReceiverTracker, executor: ExecutorId): void {
  const target = state.copies.targets.get(executor);
  if (target !== undefined) target.resting = false;
}
