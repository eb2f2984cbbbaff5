import { EventEmitter } from "node:events";
import { epochMs, ManualClock, millis } from "@millrace/base";
import { expect, test } from "vitest";
import { watchSignals } from "./signals.ts";

const state = ({ graceful, immediate }: ReturnType<typeof watchSignals>) => [graceful.aborted, immediate.aborted];

test("a press that reaches the process twice is one press; a later one means at once", () => {
  const clock = new ManualClock(epochMs(0));
  const process = new EventEmitter();
  // An emitter stands in for the process: only `on` is used.
  const interrupts = watchSignals(clock, process as unknown as NodeJS.Process);
  expect(state(interrupts)).toEqual([false, false]);
  process.emit("SIGINT");
  clock.advance(millis(20));
  process.emit("SIGINT");
  expect(state(interrupts)).toEqual([true, false]);
  clock.advance(millis(400));
  process.emit("SIGTERM");
  expect(state(interrupts)).toEqual([true, true]);
});
