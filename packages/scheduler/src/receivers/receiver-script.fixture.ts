import { epochMs, executorId, SeededRng, streamId } from "@millrace/base";
import { type BlockLocation, blockId, type FixedInput } from "@millrace/plan";
import { checkReceiverTracker } from "./check-receiver-tracker.ts";
import type { ReceiverEffect, ReceiverEvent, ReceiverStatus } from "./receiver-events.ts";
import { type ReceiverTracker, receiverTracker } from "./receiver-state.ts";
import { stepReceivers } from "./receiver-tracker.ts";

// Shared by the tests of the receiver tracker: concise events, and effects as lines.

export const tracker = (bufferBytes = 800): ReceiverTracker => receiverTracker({ bufferBytes, rng: new SeededRng(1) });

export const started = (...copies: readonly (1 | 2)[]): ReceiverEvent => ({
  type: "started",
  receivers: copies.map((n, stream) => ({
    stream: streamId(stream),
    input: `in-${stream}`,
    name: `socket ${stream}`,
    copies: n,
  })),
});
export const ready = (name: string): ReceiverEvent => ({ type: "executorReady", executor: executorId(name) });
export const leaving = (name: string): ReceiverEvent => ({ type: "executorLeaving", executor: executorId(name) });
export const lost = (name: string): ReceiverEvent => ({ type: "executorLost", executor: executorId(name) });
/** A block of 100 bytes and 10 records, held by the reporter and `copies`. */
export const received = (name: string, stream: number, id: number, ...copies: readonly string[]): ReceiverEvent => ({
  type: "received",
  executor: executorId(name),
  stream: streamId(stream),
  blocks: [{ id: blockId(`recv/${stream}/${id}`), bytes: 100, records: 10, at: [name, ...copies].map(executorId) }],
});
export const copied = (name: string, ids: readonly string[], failed: readonly string[] = []): ReceiverEvent => ({
  type: "blocksCopied",
  executor: executorId(name),
  copied: ids.map(blockId),
  failed: failed.map(blockId),
});
export const copyDue = (name: string): ReceiverEvent => ({ type: "copyDue", executor: executorId(name) });
export const status = (name: string, stream: number, to: ReceiverStatus): ReceiverEvent => ({
  type: "receiverStatus",
  executor: executorId(name),
  stream: streamId(stream),
  status: to,
});
export const down: ReceiverStatus = {
  state: "retrying",
  error: { name: "Error", message: "ECONNREFUSED" },
  retryMs: 200,
};
export const allocate = (time: number): ReceiverEvent => ({ type: "allocate", batch: epochMs(time) });
export const fixed = (time: number, inputs: ReadonlyMap<string, FixedInput> = new Map()): ReceiverEvent => ({
  type: "inputFixed",
  batch: epochMs(time),
  inputs,
});
export const runBatch = (time: number): ReceiverEvent => ({ type: "runBatch", batch: epochMs(time) });
export const done = (time: number): ReceiverEvent => ({ type: "batchEnded", batch: epochMs(time) });
export const released = (time: number): ReceiverEvent => ({ type: "batchReleased", batch: epochMs(time) });
export const stop: ReceiverEvent = { type: "stopRequested" };

/** Every block in the input of a batch when it begins. */
export function blocksOf({ input }: Extract<ReceiverEffect, { type: "batchInput" }>): readonly BlockLocation[] {
  return [...input.inputs.values()].flatMap((fixed) => (fixed.kind === "received" ? fixed.blocks : []));
}

function format(effect: ReceiverEffect): string {
  switch (effect.type) {
    case "startReceiver":
      return `start ${effect.stream} on ${effect.executor}${effect.replicateTo ? ` +${effect.replicateTo}` : ""}`;
    case "executorFree":
      return `free ${effect.executor}`;
    case "stopReceiver":
      return `stop ${effect.stream} on ${effect.executor}`;
    case "replicateTo":
      return `peer of ${effect.stream} on ${effect.executor}: ${effect.peer ?? "none"}`;
    case "receiverBacklog":
      return `backlog ${effect.stream} on ${effect.executor}: ${effect.bytes}`;
    case "allocated":
      return `allocated ${effect.batch}`;
    case "batchInput": {
      const all = blocksOf(effect).map(({ id, at }) => `${id}@${at.join("+")}`);
      return `input ${effect.input.time}: ${all.join(" ")}`.trimEnd();
    }
    case "blocksTaken":
      return `taken ${effect.blocks.join(" ")} from ${effect.executor}`;
    case "copyBlocks":
      return `copy ${effect.blocks.map(({ id, at }) => `${id}@${at.join("+")}`).join(" ")} to ${effect.executor}`;
    case "copyAfter":
      return `pause copies to ${effect.executor}`;
    case "holderAdded":
      return `${effect.executor} holds ${effect.blocks.join(" ")}`;
    case "copiesReleased":
      return `released copies ${effect.blocks.join(" ")}`;
    case "segmentsFree":
      return `free segments ${effect.segments.join(" ")}`;
    case "dropBlocks":
      return `drop ${effect.blocks.join(" ")} on ${effect.executor}`;
    case "blocksLost":
      return `LOST ${effect.lost.map(({ records, stream, batch }) => `${records} of ${stream} in ${batch ?? "none"}`).join(", ")}`;
    case "warning":
      return `warning ${effect.code}${effect.lasting ? `: ${effect.subject}` : ""}`;
    case "warningOver":
      return `over ${effect.subject}${effect.message === undefined ? "" : `: ${effect.message}`}`;
    case "receiverChanged":
      return `changed ${effect.stream} on ${effect.executor}: ${effect.change}${effect.error ? `, ${effect.error.message}` : ""}`;
    case "allStopped":
      return `allStopped${effect.pending ? ", pending" : ""}`;
  }
}

/** The effects of the last event, without backlogs and `receiverChanged`. */
export function after(state: ReceiverTracker, ...events: readonly ReceiverEvent[]): readonly string[] {
  return allAfter(state, ...events).filter((line) => !/^(backlog|changed)/.test(line));
}

/** The `receiverChanged` effects of all events. */
export function changes(state: ReceiverTracker, ...events: readonly ReceiverEvent[]): readonly string[] {
  return events.flatMap((event) => allAfter(state, event)).filter((line) => line.startsWith("changed"));
}

export function allAfter(state: ReceiverTracker, ...events: readonly ReceiverEvent[]): readonly string[] {
  let effects: readonly ReceiverEffect[] = [];
  for (const event of events) {
    effects = stepReceivers(state, event);
    checkReceiverTracker(state);
  }
  return effects.filter(({ type }) => type !== "blocksTaken").map(format);
}

/** The confirmations of all events. */
export function taken(state: ReceiverTracker, ...events: readonly ReceiverEvent[]): readonly string[] {
  return events.flatMap((event) =>
    stepReceivers(state, event)
      .filter(({ type }) => type === "blocksTaken")
      .map(format),
  );
}
