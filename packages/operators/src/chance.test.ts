import { StreamRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { binomial, hypergeometric, poisson } from "./chance.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const mean = (draws: readonly number[]): number => draws.reduce((sum, n) => sum + n, 0) / draws.length;
const variance = (draws: readonly number[]): number => {
  const center = mean(draws);
  return mean(draws.map((n) => (n - center) ** 2));
};

describe("numbers by chance have the mean and the variance of their distribution", () => {
  const draws = (draw: (rng: StreamRng) => number) => {
    const rng = new StreamRng(1, 1);
    return numbers(20_000).map(() => draw(rng));
  };

  test.each([0.1, 3, 700])("Poisson of mean %f", (m) => {
    const all = draws((rng) => poisson(rng, m));
    expect(mean(all) / m).toBeCloseTo(1, 1);
    expect(variance(all) / m).toBeCloseTo(1, 1);
  });

  test.each([
    [10, 0.5],
    [1000, 0.01],
    [7, 1],
    [7, 0],
  ])("binomial of %i trials with %f", (trials, p) => {
    const all = draws((rng) => binomial(rng, trials, p));
    expect(mean(all)).toBeCloseTo(trials * p, 0);
    expect(variance(all)).toBeCloseTo(trials * p * (1 - p), 0);
    expect(Math.max(...all)).toBeLessThanOrEqual(trials);
  });

  test("hypergeometric, which never draws more than there are", () => {
    const all = draws((rng) => hypergeometric(rng, { population: 20, marked: 5, draws: 8 }));
    expect(mean(all)).toBeCloseTo(2, 1);
    expect(Math.max(...all)).toBe(5);
    expect(hypergeometric(new StreamRng(1, 1), { population: 5, marked: 3, draws: 5 })).toBe(3);
  });
});
