import { EventEmitter } from "node:events";
import { epochMs, ManualClock, millis } from "@millrace/base";
import { expect, test } from "vitest";
import { ReaderGone } from "./reader.ts";
import { readerIsGone, watchSignals } from "./signals.ts";

const state = ({ graceful, immediate }: ReturnType<typeof watchSignals>) => [graceful.aborted, immediate.aborted];

test("a press that reaches the process twice counts once; a later one means at once", () => {
  const clock = new ManualClock(epochMs(0));
  const process = new EventEmitter();
  const closed = new AbortController();
  // An emitter replaces the process: only `on` is used.
  const interrupts = watchSignals(clock, process as unknown as NodeJS.Process, closed.signal);
  expect(state(interrupts)).toEqual([false, false]);
  process.emit("SIGINT");
  clock.advance(millis(20));
  process.emit("SIGINT");
  expect(state(interrupts)).toEqual([true, false]);
  clock.advance(millis(400));
  process.emit("SIGTERM");
  expect(state(interrupts)).toEqual([true, true]);
});

test("a closed pipe counts as a first press; a press then means at once", () => {
  const process = new EventEmitter();
  const closed = new AbortController();
  // As above.
  const interrupts = watchSignals(new ManualClock(epochMs(0)), process as unknown as NodeJS.Process, closed.signal);
  closed.abort(new ReaderGone());
  expect(state(interrupts)).toEqual([true, false]);
  expect(readerIsGone(interrupts)).toBe(true);
  process.emit("SIGINT");
  expect(state(interrupts)).toEqual([true, true]);
});
