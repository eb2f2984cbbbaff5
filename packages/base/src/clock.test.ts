import { expect, test } from "vitest";
import { ManualClock, SteadyClock } from "./clock.ts";
import { epochMs, millis } from "./duration.ts";

test("a timer fires after its delay, however the wall clock is set meanwhile", () => {
  const clock = new ManualClock(epochMs(10_000));
  const fired: number[] = [];
  clock.after(millis(1000), () => fired.push(clock.monotonicMs()));
  clock.setWall(-3_600_000);
  clock.advance(millis(999));
  expect(fired).toEqual([]);
  clock.advance(millis(1));
  expect(fired).toEqual([11_000]);
  expect(clock.now()).toBe(11_000 - 3_600_000);
});

test("a steady clock begins with the wall clock, and does not follow when that is set", () => {
  const clock = new ManualClock(epochMs(10_000));
  const steady = new SteadyClock(clock);
  expect(steady.now()).toBe(10_000);
  clock.setWall(3_600_000);
  clock.advance(millis(500));
  expect(steady.now()).toBe(10_500);
  clock.setWall(-7_200_000);
  expect(steady.now()).toBe(10_500);
});
