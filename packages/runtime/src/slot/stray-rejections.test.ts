import { epochMs, ManualClock, millis } from "@millrace/base";
import { expect, test } from "vitest";
import { StrayRejections } from "./stray-rejections.ts";

function strays(state: { busy?: boolean; handled?: boolean } = {}) {
  const clock = new ManualClock(epochMs(0));
  const reported: string[] = [];
  const stray = new StrayRejections({
    clock,
    busy: () => state.busy ?? false,
    handled: () => state.handled ?? false,
    report: (error) => reported.push(error.message),
  });
  return { stray, clock, reported };
}

test("a rejection after its task is reported with the author's frame, and ends nothing", () => {
  const { stray, reported } = strays();
  stray.onRejection(new Error("nobody awaits"));
  expect(reported).toEqual([
    expect.stringMatching(
      /^\[UNHANDLED_REJECTION\] .*: Error: nobody awaits \(at stray-rejections\.test\.ts:\d+:\d+\)\./,
    ),
  ]);
});

test("one while a task runs is the task's error", () => {
  const { stray, reported } = strays({ busy: true });
  const reason = new Error("of the task");
  expect(() => stray.onRejection(reason)).toThrow(reason);
  expect(reported).toEqual([]);
});

test("one that the job handles itself is the job's", () => {
  const { stray, reported } = strays({ busy: true, handled: true });
  stray.onRejection(new Error("handled"));
  expect(reported).toEqual([]);
});

test("one for each record is reported five times a second, and counted", () => {
  const { stray, clock, reported } = strays();
  for (let i = 0; i < 1_000; i++) stray.onRejection(i);
  expect(reported).toHaveLength(5);
  clock.advance(millis(1_000));
  stray.onRejection("again");
  expect(reported.slice(5)).toEqual([expect.stringContaining("995 more were not reported before this one.")]);
});
