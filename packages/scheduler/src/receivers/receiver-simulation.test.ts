import { type Rng, SeededRng } from "@millrace/base";
import { expect, test } from "vitest";
import { checkReceiverTracker } from "./check-receiver-tracker.ts";
import type { ReceiverEvent } from "./receiver-events.ts";
import {
  after,
  allocate,
  blocksOf,
  done,
  down,
  fixed,
  leaving,
  lost,
  ready,
  received,
  released,
  runBatch,
  started,
  status,
  tracker,
} from "./receiver-script.fixture.ts";
import type { ReceiverTracker, TrackedBatch } from "./receiver-state.ts";
import { stepReceivers } from "./receiver-tracker.ts";

test.each(Array.from({ length: 100 }, (_, i) => i))("no block is lost silently or processed twice, seed %i", (seed) => {
  const rng = new SeededRng(seed);
  const state = tracker();
  after(state, started(1, 2, 2));
  const seen = new Map<string, string>();
  const note = (id: string, fate: string): void => {
    expect(seen.get(id), `${id}: ${fate}`).toBe("received");
    seen.set(id, fate);
  };
  let time = 0;
  let losses = 0;
  for (let i = 0; i < 300; i++) {
    const event = someEvent(rng, i, { state, nextTime: () => ++time });
    const alive = "executor" in event && state.executors.includes(event.executor);
    if (event.type === "received" && alive) for (const { id } of event.blocks) seen.set(id, "received");
    for (const effect of stepReceivers(state, event)) {
      if (effect.type === "batchInput") for (const { id } of blocksOf(effect)) note(id, "processed");
      if (effect.type !== "blocksLost") continue;
      losses++;
      for (const { batch, blocks } of effect.lost) {
        const fate = batch === undefined ? "allocated" : state.batches.get(batch)?.state;
        if (fate === "allocated" || fate === "fixed") for (const id of blocks) note(id, "lost");
      }
    }
    checkReceiverTracker(state);
  }
  stepReceivers(state, allocate(time + 1));
  for (const waiting of batchesIn(state, "allocated")) stepReceivers(state, fixed(waiting));
  for (const waiting of batchesIn(state, "fixed")) {
    for (const effect of stepReceivers(state, runBatch(waiting))) {
      if (effect.type === "batchInput") for (const { id } of blocksOf(effect)) note(id, "processed");
    }
  }
  expect([...seen.values()].filter((fate) => fate === "received")).toEqual([]);
  expect(losses).toBeGreaterThan(0);
});

function batchesIn(state: ReceiverTracker, wanted: TrackedBatch["state"]): readonly number[] {
  return [...state.batches.values()].filter((batch) => batch.state === wanted).map(({ time }) => time);
}

function someEvent(
  rng: Rng,
  i: number,
  { state, nextTime }: { readonly state: ReceiverTracker; readonly nextTime: () => number },
): ReceiverEvent {
  const name = `e${rng.int(4)}`;
  const stream = rng.int(3);
  const dice = rng.next();
  if (dice < 0.15) return ready(name);
  if (dice < 0.22) return lost(name);
  if (dice < 0.25) return leaving(name);
  if (dice < 0.65) return received(name, stream, i, ...(rng.next() < 0.5 ? [`e${rng.int(4)}`] : []));
  if (dice < 0.7) return status(name, stream, rng.next() < 0.5 ? down : { state: "running" });
  if (dice < 0.8) return allocate(nextTime());
  const [next] = batchesIn(state, "allocated");
  const [chosen] = batchesIn(state, "fixed");
  const [running] = batchesIn(state, "running");
  const [past] = batchesIn(state, "ended");
  if (dice < 0.86 && next !== undefined && chosen === undefined && running === undefined) return fixed(next);
  if (dice < 0.92 && chosen !== undefined && running === undefined) return runBatch(chosen);
  if (dice < 0.95 && running !== undefined) return done(running);
  return past === undefined ? received(name, stream, i) : released(past);
}
