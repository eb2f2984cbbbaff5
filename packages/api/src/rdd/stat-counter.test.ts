import fc from "fast-check";
import { expect, test } from "vitest";
import { StatCounter } from "./stat-counter.ts";

const numbers = fc.array(fc.double({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 50 });

test("statistics of parts are those of the whole", () => {
  fc.assert(
    fc.property(numbers, numbers, numbers, (a, b, c) => {
      const whole = new StatCounter([...a, ...b, ...c]);
      const parts = new StatCounter(a).merge(new StatCounter(b)).merge(new StatCounter(c));
      expect(parts.count).toBe(whole.count);
      expect([parts.min, parts.max]).toEqual([whole.min, whole.max]);
      for (const of of ["mean", "sum", "variance", "sampleStdev"] as const) expect(parts[of]).toBeCloseTo(whole[of], 6);
    }),
  );
});

test("variance of a population and of a sample", () => {
  const stats = new StatCounter([2, 4, 4, 4, 5, 5, 7, 9]);
  expect([stats.mean, stats.variance, stats.stdev, stats.sampleVariance]).toEqual([5, 4, 2, 32 / 7]);
  expect([stats.popVariance, stats.popStdev]).toEqual([4, 2]);
  expect(String(stats.merge(5))).toMatch(/^\(count: 9, mean: 5, stdev: /);
});

test("of nothing, and of one", () => {
  const none = new StatCounter();
  expect([none.count, none.mean, none.sum, none.min, none.max]).toEqual([0, 0, 0, Infinity, -Infinity]);
  expect([none.variance, none.sampleVariance, none.stdev]).toEqual([NaN, NaN, NaN]);
  expect([new StatCounter([3]).variance, new StatCounter([3]).sampleVariance]).toEqual([0, NaN]);
});

test("large numbers that differ little lose nothing", () => {
  expect(new StatCounter([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]).sampleVariance).toBe(30);
});
