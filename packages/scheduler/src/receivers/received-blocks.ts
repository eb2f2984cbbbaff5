import type { EpochMs, ExecutorId, StreamId } from "@millrace/base";
import {
  type BatchInput,
  type BlockId,
  comparePlaces,
  type FixedInput,
  placeOf,
  type ReceivedInput,
  type ReceivedMark,
  type ReceivedPlace,
} from "@millrace/plan";
import { receivedDataLost } from "../warnings.ts";
import { forgetCopy, queueIfShort, trackedBatches } from "./block-copies.ts";
import { releaseSegment } from "./logged-segments.ts";
import type { HeldBlock, ReceivedCount, ReceiverTracker, TrackedBatch, TrackedReceiver } from "./receiver-state.ts";
import { namesOf } from "./receiver-warnings.ts";

/** A backlog is reported when it has moved by this fraction of the limit. */
const BACKLOG_STEPS = 8;

/** The next batch reads the block. */
export function addWaiting(state: ReceiverTracker, receiver: TrackedReceiver, block: HeldBlock): void {
  receiver.waiting.push(block);
  receiver.backlogBytes += block.bytes;
  if (state.settings.epoch !== undefined) receiver.last = laterOf(receiver.last, placeOf(block.id));
  receiver.position = block.position ?? receiver.position;
  queueIfShort(state, block);
}

/** Allocates all waiting blocks to the batch. O(blocks). */
export function allocateWaiting(state: ReceiverTracker, time: EpochMs): void {
  const { pending } = state;
  if (pending?.time === time) {
    state.pending = undefined;
    state.batches.set(time, pending); // with what it had when it was planned, and nothing else
    return;
  }
  const blocks = new Map<StreamId, HeldBlock[]>();
  const records = new Map<StreamId, number>();
  const through = new Map<StreamId, ReceivedMark | undefined>();
  for (const [stream, receiver] of state.receivers) {
    blocks.set(stream, receiver.waiting);
    records.set(stream, recordsOf(receiver.waiting));
    if (state.settings.epoch !== undefined) receiver.given = markAfter(receiver.given, receiver.waiting);
    through.set(stream, receiver.given);
    receiver.waiting = [];
  }
  state.batches.set(time, { time, state: "allocated", blocks, records, through, fixed: new Map() });
}

/** An executor that comes late may bring blocks from before others that were given already: a mark never goes back. */
function markAfter(before: ReceivedMark | undefined, blocks: readonly HeldBlock[]): ReceivedMark | undefined {
  let place = before?.place;
  for (const { id } of blocks) place = laterOf(place, placeOf(id));
  if (place === undefined) return undefined;
  const position = blocks.findLast((block) => block.position !== undefined)?.position ?? before?.position;
  return { place, ...(position === undefined ? {} : { position }) };
}

function laterOf(a: ReceivedPlace | undefined, b: ReceivedPlace): ReceivedPlace {
  return a !== undefined && comparePlaces(a, b) > 0 ? a : b;
}

/** By stream: the records allocated to a batch, less those lost before it ran. */
export function recordsOfBatch(state: ReceiverTracker, time: EpochMs): ReadonlyMap<StreamId, number> {
  return state.batches.get(time)?.records ?? new Map();
}

/** The received part of a batch's input. */
export function receivedInputs(
  state: ReceiverTracker,
  { blocks, records, through }: TrackedBatch,
): Map<string, ReceivedInput> {
  const inputs = new Map<string, ReceivedInput>();
  for (const [stream, { declared }] of state.receivers) {
    const mark = through.get(stream);
    inputs.set(declared.input, {
      kind: "received",
      blocks: (blocks.get(stream) ?? []).map(({ id, bytes, records: count, at, logged }) => ({
        id,
        bytes,
        records: count,
        at,
        ...(logged === undefined ? {} : { logged }),
      })),
      records: records.get(stream) ?? 0,
      ...(mark === undefined ? {} : { through: mark }),
    });
  }
  return inputs;
}

/** The current input of a batch. */
export function batchInput(state: ReceiverTracker, batch: TrackedBatch): BatchInput {
  const inputs = new Map<string, FixedInput>(receivedInputs(state, batch));
  for (const [name, input] of batch.fixed) inputs.set(name, input);
  return { time: batch.time, inputs };
}

/** Received data that no batch has processed to its end, and that is not in the log for the job's next start. O(blocks). */
export function unprocessed(state: ReceiverTracker): ReceivedCount {
  const count: ReceivedCount = { blocks: 0, records: 0 };
  const add = (blocks: readonly HeldBlock[]): void => {
    for (const { records, logged } of blocks) {
      if (logged !== undefined) continue;
      count.blocks += 1;
      count.records += records;
    }
  };
  for (const receiver of state.receivers.values()) add(receiver.waiting);
  for (const batch of trackedBatches(state)) {
    if (batch.state !== "ended") for (const blocks of batch.blocks.values()) add(blocks);
  }
  return count;
}

/** Takes the batch out of its receivers' backlog. */
export function endBatch(state: ReceiverTracker, time: EpochMs, unfinished = false): void {
  const batch = state.batches.get(time);
  if (batch === undefined || batch.state === "ended") return;
  batch.state = "ended";
  batch.unfinished = unfinished;
  batch.fixed = new Map();
  for (const [stream, blocks] of batch.blocks) {
    const receiver = state.receivers.get(stream);
    if (receiver === undefined) continue;
    for (const block of blocks) receiver.backlogBytes -= block.bytes;
    reportBacklog(state, receiver);
  }
}

/** Releases a batch's blocks. */
export function releaseBatch(state: ReceiverTracker, time: EpochMs): void {
  const batch = state.batches.get(time);
  if (batch === undefined) return;
  endBatch(state, time);
  state.batches.delete(time);
  const byHolder = new Map<ExecutorId, BlockId[]>();
  const recopied: BlockId[] = [];
  for (const blocks of batch.blocks.values()) {
    for (const block of blocks) {
      forgetCopy(state, block);
      if (block.logged !== undefined && batch.unfinished !== true) releaseSegment(state, block.logged);
      if (block.recopied) recopied.push(block.id);
      for (const holder of block.at) {
        const list = byHolder.get(holder);
        if (list === undefined) byHolder.set(holder, [block.id]);
        else list.push(block.id);
      }
    }
  }
  for (const [executor, blocks] of byHolder) state.effects.push({ type: "dropBlocks", executor, blocks });
  if (recopied.length > 0) state.effects.push({ type: "copiesReleased", blocks: recopied });
}

/** Removes a lost executor from all holders and reports blocks that have no other. O(blocks held). */
export function dropHolder(state: ReceiverTracker, executor: ExecutorId): void {
  const losses: Loss[] = [];
  for (const batch of trackedBatches(state)) {
    for (const [stream, blocks] of batch.blocks) {
      const { kept, lost } = without(state, blocks, executor);
      const receiver = state.receivers.get(stream);
      if (receiver === undefined || lost.length === 0) continue;
      batch.blocks.set(stream, kept);
      if (batch.state !== "running" && batch.state !== "ended") batch.records.set(stream, recordsOf(kept));
      if (batch.state !== "ended") for (const block of lost) receiver.backlogBytes -= block.bytes;
      losses.push({ receiver, batch, lost });
    }
  }
  for (const receiver of state.receivers.values()) {
    const { kept, lost } = without(state, receiver.waiting, executor);
    if (lost.length === 0) continue;
    receiver.waiting = kept;
    for (const block of lost) receiver.backlogBytes -= block.bytes;
    losses.push({ receiver, batch: undefined, lost });
  }
  if (losses.length > 0) reportLost(state, losses, executor);
}

/** Blocks of one receiver in one batch, or in none. */
interface Loss {
  readonly receiver: TrackedReceiver;
  readonly batch: TrackedBatch | undefined;
  readonly lost: readonly HeldBlock[];
}

function without(
  state: ReceiverTracker,
  blocks: readonly HeldBlock[],
  executor: ExecutorId,
): { kept: HeldBlock[]; lost: HeldBlock[] } {
  const kept: HeldBlock[] = [];
  const lost: HeldBlock[] = [];
  for (const block of blocks) {
    if (block.at.includes(executor)) block.at = block.at.filter((holder) => holder !== executor);
    if (block.at.length > 0 || block.logged !== undefined) {
      kept.push(block);
    } else {
      forgetCopy(state, block);
      lost.push(block);
    }
  }
  return { kept, lost };
}

/** One report for everything that was lost with an executor. */
function reportLost(state: ReceiverTracker, losses: readonly Loss[], executor: ExecutorId): void {
  const blocks = losses.reduce((sum, { lost }) => sum + lost.length, 0);
  for (const { batch, lost } of losses) {
    if (state.mode === "open" || batch?.state === "ended") continue;
    state.lost.blocks += lost.length;
    state.lost.records += recordsOf(lost);
  }
  const receivers = [...new Set(losses.map(({ receiver }) => receiver))];
  const fates = [
    fate(
      losses,
      (batch) => batch === undefined,
      () => "not yet in a batch, so none will read them",
    ),
    fate(
      losses,
      (batch) => batch?.state === "allocated" || batch?.state === "fixed",
      (times) => `allocated to ${times}, which has not started and runs without them`,
    ),
    fate(
      losses,
      (batch) => batch?.state === "running",
      (times) => `allocated to ${times}, which is running and fails if it still needs them`,
    ),
    fate(
      losses,
      (batch) => batch?.state === "ended",
      (times) => `allocated to ${times}, which has ended; windows that look back on it fail or miss them`,
    ),
  ].filter((text) => text !== undefined);
  state.effects.push({
    type: "blocksLost",
    executor,
    lost: losses.map(({ receiver, batch, lost }) => ({
      stream: receiver.declared.stream,
      batch: batch?.time,
      blocks: lost.map(({ id }) => id),
      records: recordsOf(lost),
    })),
    warning: receivedDataLost(
      executor,
      `${recordsOf(losses.flatMap(({ lost }) => lost))} records (${blocks} blocks) of ${namesOf(receivers)} are gone with ` +
        `executor ${executor}, which held the only copy. ${fates.join("; ")}. ` +
        "Run at least two executors, with a storage level that keeps a second copy (as the default, MEMORY_AND_DISK_2, does): " +
        "it is made as records arrive, and again when an executor that held one is gone.",
    ),
  });
}

/** The consequence of losses whose batches are in the same state; `undefined` if there are none. */
function fate(
  losses: readonly Loss[],
  alike: (batch: TrackedBatch | undefined) => boolean,
  tell: (batches: string) => string,
): string | undefined {
  const those = losses.filter(({ batch }) => alike(batch));
  if (those.length === 0) return undefined;
  const times = [...new Set(those.flatMap(({ batch }) => (batch === undefined ? [] : [batch.time])))];
  const [first, last] = [times[0], times.at(-1)];
  const batches = times.length === 1 ? `batch ${first}` : `one of ${times.length} batches (${first} to ${last})`;
  return `${recordsOf(those.flatMap(({ lost }) => lost))} records: ${tell(batches)}`;
}

function recordsOf(blocks: readonly HeldBlock[]): number {
  return blocks.reduce((sum, block) => sum + block.records, 0);
}

/** Reports the backlog to the receiver's executor, if it has moved far enough or crossed the limit. */
export function reportBacklog(state: ReceiverTracker, receiver: TrackedReceiver): void {
  const { executor, backlogBytes, toldBytes } = receiver;
  const bound = state.settings.bufferBytes;
  const crossed = backlogBytes >= bound !== toldBytes >= bound;
  const moved = Math.abs(backlogBytes - toldBytes) >= bound / BACKLOG_STEPS;
  if (executor === undefined || !(crossed || moved)) return;
  receiver.toldBytes = backlogBytes;
  state.effects.push({
    type: "receiverBacklog",
    executor,
    stream: receiver.declared.stream,
    bytes: backlogBytes,
  });
}
