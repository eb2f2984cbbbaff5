import { epochMs, millis, SeededRng, type WireError } from "@millrace/base";
import type { PreparedBatch, PreparedOutput } from "@millrace/plan";
import type { BatchEffect, BatchEvent, RefusedOutput } from "./batch-events.ts";
import { stepBatches } from "./batch-generator.ts";
import { type BatchGenerator, type BatchSettings, batchGenerator } from "./batch-state.ts";
import { checkBatchGenerator } from "./check-batch-generator.ts";

// Shared by the tests of the batch generator: concise events, and effects as lines.

export const generator = (settings: Partial<BatchSettings> = {}): BatchGenerator =>
  batchGenerator({
    interval: millis(100),
    allocatedMax: 2,
    onFailure: "stop",
    attemptsMax: 3,
    retryDelay: { min: millis(100), max: millis(100) },
    rng: new SeededRng(1),
    ...settings,
  });

export const started = (now: number): BatchEvent => ({ type: "started", now: epochMs(now) });
export const tick = (now: number): BatchEvent => ({ type: "tick", now: epochMs(now) });
export const allocated = (time: number): BatchEvent => ({ type: "allocated", time: epochMs(time) });
export const fixed = (time: number, more = false): BatchEvent => ({ type: "inputFixed", time: epochMs(time), more });
/** States of one partition as batch `time` has left them. */
export const statesAt = (time: number, ...names: readonly string[]): PreparedBatch["states"] => {
  const batch = epochMs(time);
  return new Map(names.map((name) => [name, { batch, partitions: 1, heads: [{ batch, attempt: 0, epoch: 1 }] }]));
};
export const error: WireError = { name: "Error", message: "boom" };
export const outputsDone = (time: number, prepared: Partial<PreparedBatch> = {}, why?: WireError): BatchEvent => ({
  type: "outputsDone",
  time: epochMs(time),
  prepared: { states: new Map(), outputs: [], ...prepared },
  error: why,
});
export const committed = (time: number, refused: readonly RefusedOutput[] = []): BatchEvent => ({
  type: "committed",
  time: epochMs(time),
  refused,
});
/** A batch that has nothing to make visible comes to its end. */
export const done = (time: number): readonly BatchEvent[] => [outputsDone(time), committed(time)];
export const failed = (time: number): readonly BatchEvent[] => [outputsDone(time, {}, error), committed(time)];
export const stop: BatchEvent = { type: "stopRequested" };
export const receiversStopped = (pending: boolean, now = 0): BatchEvent => ({
  type: "receiversStopped",
  pending,
  now: epochMs(now),
});
export const stopNow: BatchEvent = { type: "stopNow" };

export type Events = BatchEvent | readonly BatchEvent[];

/** Steps through the events; what the last of them caused but for the beginning, the commit and the end of a batch, in words. */
export function after(state: BatchGenerator, ...events: readonly Events[]): readonly string[] {
  return allAfter(state, ...events).filter((words) => !/^(commit|batchEnded) |^begin$/.test(words));
}

/** As `after`, with all effects. */
export function allAfter(state: BatchGenerator, ...events: readonly Events[]): readonly string[] {
  let effects: readonly BatchEffect[] = [];
  for (const some of events) {
    effects = [some].flat().flatMap((event) => {
      const caused = stepBatches(state, event);
      checkBatchGenerator(state);
      return caused;
    });
  }
  return effects.map(inWords);
}

export function inWords(effect: BatchEffect): string {
  const names = (outputs: readonly PreparedOutput[]) => outputs.map(({ output }) => ` ${output.name}`).join("");
  switch (effect.type) {
    case "setTimer":
      return `timer ${effect.at}`;
    case "batchesEnded":
      return `batchesEnded ${effect.end.kind}`;
    case "commit":
      return `commit ${effect.time}${names(effect.outputs)}`;
    case "discard":
      return `discard${names(effect.outputs)}`;
    case "batchEnded":
      return `batchEnded ${effect.time}${effect.error === undefined ? "" : `: ${effect.error.message}`}`;
    default:
      return "time" in effect ? `${effect.type} ${effect.time}` : effect.type;
  }
}
