import { epochMs, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { availableTimes, gapTimes, latestTick, type TickPosition } from "./missed-ticks.ts";

const at = (last: number, ...slides: readonly number[]): TickPosition => ({
  interval: millis(100),
  zeroTime: epochMs(1_000),
  last: epochMs(last),
  slides: slides.map((slide) => millis(slide)),
});
const gap = (last: number, until: number, ...slides: readonly number[]) =>
  gapTimes(at(last, ...slides), epochMs(until));

test("the newest tick is a multiple of the interval, and before the last one if the clock was set back", () => {
  expect(latestTick(at(1_300), epochMs(1_799))).toBe(1_700);
  expect(latestTick(at(1_300), epochMs(1_299))).toBe(1_200);
});

describe("one batch stands for a gap", () => {
  test("at its newest tick", () => {
    expect(gap(1_300, 9_900)).toEqual([9_900]);
    expect(gap(1_300, 1_400)).toEqual([1_400]);
  });

  test("which may not have come yet", () => {
    expect(gap(1_300, 1_300)).toEqual([]);
    expect(gap(1_300, 1_200)).toEqual([]);
  });

  test("after the batch that closes a window begun before it", () => {
    expect(gap(1_300, 9_900, 500)).toEqual([1_500, 9_900]);
    expect(gap(1_300, 9_900, 700, 500, 1_000)).toEqual([1_500, 1_700, 2_000, 9_900]);
  });

  test("alone if the windows had just been closed, or are closed by it, or only later", () => {
    expect(gap(1_500, 9_900, 500)).toEqual([9_900]);
    expect(gap(1_300, 1_500, 500)).toEqual([1_500]);
    expect(gap(1_300, 1_400, 500)).toEqual([1_400]);
  });
});

describe("a run up to what is there begins", () => {
  test("with the tick that comes next", () => {
    expect(availableTimes(at(1_300), epochMs(8_850))).toEqual([8_900]);
    expect(availableTimes(at(1_300, 500), epochMs(8_850))).toEqual([1_500, 8_900]);
  });

  test("after the batches of an earlier one that ran ahead of the clock", () => {
    expect(availableTimes(at(1_300), epochMs(1_150))).toEqual([1_400]);
  });
});
