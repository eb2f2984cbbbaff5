import { describe, expect, test } from "vitest";
import { Backoff, backoffPause } from "./backoff.ts";
import { millis } from "./duration.ts";
import { type Rng, SeededRng } from "./rng.ts";

const always = (draw: number): Rng => ({ next: () => draw, int: () => 0 });
const range = { min: millis(200), max: millis(1_000) };

describe("pauses", () => {
  test("double from the first to the longest", () => {
    expect([1, 2, 3, 4, 5_000].map((n) => backoffPause(range, n, always(0)))).toEqual([200, 400, 800, 1_000, 1_000]);
  });

  test("are half at least, by chance", () => {
    expect([1, 2, 3, 4].map((n) => backoffPause(range, n, always(1)))).toEqual([100, 200, 400, 500]);
    const rng = new SeededRng(1);
    const drawn = new Set(Array.from({ length: 100 }, () => backoffPause(range, 3, rng)));
    expect(drawn.size).toBeGreaterThan(50);
    for (const pause of drawn) expect(pause).toBeGreaterThanOrEqual(400);
  });

  test("of 0 do not occur", () => {
    expect(backoffPause({ min: millis(0), max: millis(0) }, 9, always(0.3))).toBe(0);
  });

  test("begin anew after a success", () => {
    const backoff = new Backoff(range, always(0));
    expect([backoff.next(), backoff.next()]).toEqual([200, 400]);
    backoff.reset();
    expect(backoff.next()).toBe(200);
  });
});
