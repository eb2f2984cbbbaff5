import { describe, expect, test } from "vitest";
import { StreamRng } from "./rng.ts";

describe("streams of random numbers", () => {
  const draw = (seed: number, stream: number, n = 1000): number[] => {
    const rng = new StreamRng(seed, stream);
    return Array.from({ length: n }, () => rng.next());
  };

  test("are the same for the same seed and stream, and differ in every other case", () => {
    expect(draw(42, 7)).toEqual(draw(42, 7));
    const firsts = [draw(42, 7), draw(42, 8), draw(43, 7), draw(42 + 2 ** 40, 7), draw(-42, 7)].map(([first]) => first);
    expect(new Set(firsts).size).toBe(5);
  });

  test("are uniform in [0, 1), also across streams", () => {
    for (const numbers of [draw(1, 0, 100_000), Array.from({ length: 100_000 }, (_, i) => draw(1, i, 1)[0] ?? 0)]) {
      const tenths = new Array<number>(10).fill(0);
      for (const n of numbers) tenths[Math.floor(n * 10)] = (tenths[Math.floor(n * 10)] ?? 0) + 1;
      for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500); // five standard deviations
    }
  });
});
