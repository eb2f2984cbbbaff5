import { describe, expect, test } from "vitest";
import {
  addToSketch,
  type DistinctSketch,
  emptySketch,
  estimateDistinct,
  mergeSketches,
  precisionFor,
  type SketchPrecision,
} from "./distinct-sketch.ts";

function sketchOf(values: Iterable<unknown>, precision: SketchPrecision): DistinctSketch {
  let sketch = emptySketch(precision);
  for (const value of values) sketch = addToSketch(sketch, value);
  return sketch;
}

function* numbered(from: number, to: number, prefix: string): Generator<string> {
  for (let i = from; i < to; i += 1) yield `${prefix}${i}`;
}

describe("an estimate of distinct values", () => {
  test.each([
    [0.05, 100],
    [0.05, 1_000],
    [0.05, 100_000],
    [0.01, 10_000],
    [0.01, 200_000],
  ])("with a relative deviation of %f is that near to %i on average", (rsd, n) => {
    const precision = precisionFor(rsd);
    const errors = Array.from({ length: 12 }, (_, seed) => {
      return estimateDistinct(sketchOf(numbered(0, n, `${seed}/`), precision)) / n - 1;
    });
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(deviation).toBeLessThan(1.5 * rsd);
    for (const error of errors) expect(Math.abs(error)).toBeLessThan(4 * rsd);
    const bias = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(Math.abs(bias)).toBeLessThan(rsd);
  });

  test("is 0 for no values, and does not count repetitions or values that are equal as keys", () => {
    const precision = precisionFor({ p: 12, sp: 25 });
    expect(estimateDistinct(emptySketch(precision))).toBe(0);
    expect(estimateDistinct(emptySketch(precisionFor(0.05)))).toBe(0);
    const same = [{ a: 1, b: 2 }, { b: 2, a: 1 }, 0, -0, Number.NaN, Number.NaN, new Date(1), new Date(1), 1, 1n, "1"];
    expect(estimateDistinct(sketchOf(same, precision))).toBe(7);
  });

  test("with a sparse precision is nearly exact for small counts, and continues densely", () => {
    const precision = precisionFor({ p: 14, sp: 25 });
    const few = sketchOf(numbered(0, 500, "x"), precision);
    expect(few.dense).toBeUndefined();
    expect(estimateDistinct(few)).toBe(500);
    const many = sketchOf(numbered(0, 50_000, "x"), precision);
    expect(many.sparse).toBeUndefined();
    expect(Math.abs(estimateDistinct(many) / 50_000 - 1)).toBeLessThan(0.02);
  });

  test.each([
    ["dense", { p: 10, sp: 0 }],
    ["sparse at first", { p: 10, sp: 20 }],
    ["as sparse as it gets", { p: 12, sp: 32 }],
  ])("of parts is that of the whole: %s", (_, precision) => {
    for (const [cut, end] of [
      [10, 20],
      [25, 50],
      [10, 3000],
      [2000, 2010],
      [1500, 3000],
    ] as const) {
      const parts = mergeSketches(
        sketchOf(numbered(0, cut, "y"), precision),
        sketchOf(numbered(cut - 5, end, "y"), precision),
      );
      const whole = sketchOf(numbered(0, end, "y"), precision);
      expect(estimateDistinct(parts)).toBe(estimateDistinct(whole));
    }
  });

  test("keeps few registers distinct, up to the largest of them", () => {
    const few = sketchOf(numbered(0, 30, "f"), precisionFor(0.05));
    expect(few.dense).toBeUndefined();
    expect(estimateDistinct(few)).toBeGreaterThan(25);
    const many = sketchOf(numbered(0, 60, "f"), precisionFor(0.05));
    expect(many.few).toBeUndefined();
    const precise = sketchOf(numbered(0, 30, "f"), { p: 24, sp: 0 });
    expect(estimateDistinct(precise)).toBe(30);
    const grown = mergeSketches(precise, sketchOf(numbered(0, 100, "f"), { p: 24, sp: 0 }));
    expect(estimateDistinct(grown)).toBe(100);
  });

  test("has the same registers whether or not it was sparse before", () => {
    const dense = sketchOf(numbered(0, 5000, "z"), { p: 9, sp: 0 });
    const grown = sketchOf(numbered(0, 5000, "z"), { p: 9, sp: 13 });
    expect(grown.dense).toEqual(dense.dense);
  });

  test.each([
    [0, /BAD_PRECISION.*deviation of 0/],
    [-1, /deviation of -1/],
    [Number.NaN, /deviation of NaN/],
    [0.00001, /at least 0.0003/],
    [{ p: 3 }, /p must be/],
    [{ p: 30 }, /p must be/],
    [{ p: 10, sp: 9 }, /sp 0 or from p/],
    [{ p: 10, sp: 33 }, /sp 0 or from p/],
  ])("is not made with the precision %o", (given, message) => {
    expect(() => precisionFor(given)).toThrow(message);
  });
});
