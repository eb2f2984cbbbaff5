import { millis } from "@millrace/base";
import { expect, test } from "vitest";
import { checkDrain, type Drain, type DrainEffect, type DrainEvent, drain, drainTimeLeft, stepDrain } from "./drain.ts";

const running = (executors = 1): Drain => drain({ timeout: millis(60_000), alone: millis(5_000) }, executors);
const ask = (at: number): DrainEvent => ({ type: "drain", at });
const tick = (at: number): DrainEvent => ({ type: "tick", at });
const executors = (ready: number, at: number): DrainEvent => ({ type: "executors", ready, at });
const kill: DrainEvent = { type: "cut", reason: { kind: "operator" } };

/** Steps through the events; what the last one caused, in words. */
function after(state: Drain, ...events: readonly DrainEvent[]): readonly string[] {
  let effects: readonly DrainEffect[] = [];
  for (const event of events) {
    effects = stepDrain(state, event);
    checkDrain(state);
  }
  return effects.map((effect) => {
    if (effect.type === "wakeAt") return `wakeAt ${effect.at}`;
    return effect.type === "cutBatches" ? `cutBatches ${effect.reason.kind}` : effect.type;
  });
}

test("a drain begins once, and has stop.timeout from then on", () => {
  const state = running();
  expect(after(state, ask(1_000))).toEqual(["stopBatches", "wakeAt 61000"]);
  expect(after(state, ask(2_000))).toEqual([]);
  expect(after(state, tick(60_999))).toEqual(["wakeAt 61000"]);
  expect(after(state, tick(61_000))).toEqual(["cancelWake", "cutBatches timeout"]);
  expect(after(state, tick(99_000), kill)).toEqual([]);
});

test("a drain that is over is not cut off, and leaves the rest of its time to code of the job", () => {
  const state = running();
  after(state, ask(0));
  expect(after(state, { type: "batchesOver" })).toEqual(["cancelWake"]);
  expect(after(state, tick(60_000))).toEqual([]);
  expect(drainTimeLeft(state, 20_000)).toBe(40_000);
});

test("a job that nobody asked to stop has all of the time for its end", () => {
  const state = running();
  expect(after(state, { type: "batchesOver" })).toEqual([]);
  expect(drainTimeLeft(state, 1_000_000)).toBe(60_000);
});

test("a drain without an executor is given up, unless one comes in time", () => {
  const state = running(0);
  expect(after(state, ask(0))).toEqual(["stopBatches", "wakeAt 5000"]);
  expect(after(state, executors(1, 4_000))).toEqual(["wakeAt 60000"]);
  expect(after(state, executors(0, 10_000))).toEqual(["wakeAt 15000"]);
  expect(after(state, tick(15_000))).toEqual(["cancelWake", "cutBatches alone"]);
});

test("executors that come and go while the job runs change nothing", () => {
  const state = running(0);
  expect(after(state, executors(1, 0), executors(0, 1))).toEqual([]);
  expect(after(state, executors(2, 2), ask(3))).toEqual(["stopBatches", "wakeAt 60003"]);
});

test("an operator cuts off what runs, and a drain too", () => {
  expect(after(running(), kill)).toEqual(["cutBatches operator"]);
  expect(after(running(), ask(0), kill)).toEqual(["cancelWake", "cutBatches operator"]);
});
