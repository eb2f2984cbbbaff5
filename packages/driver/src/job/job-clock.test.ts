import { epochMs, ManualClock, millis } from "@millrace/base";
import { expect, test } from "vitest";
import { JobClock } from "./job-clock.ts";

test("a job's timers fire until its clock is stopped, and none is set afterwards", () => {
  const machine = new ManualClock(epochMs(0));
  const clock = new JobClock(machine);
  const fired: string[] = [];
  clock.after(millis(10), () => fired.push("first"));
  clock.after(millis(10), () => fired.push("cancelled")).cancel();
  clock.after(millis(30), () => fired.push("late"));
  machine.advance(millis(20));
  clock.stop();
  clock.after(millis(10), () => fired.push("after the end"));
  machine.advance(millis(100));
  expect(fired).toEqual(["first"]);
});
