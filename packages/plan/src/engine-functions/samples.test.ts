import { StreamRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { engineFunction } from "../engine-functions.ts";
import { binomial, hypergeometric, poisson } from "./chance.ts";
import { type Quota, SmallestTickets } from "./samples.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const mean = (draws: readonly number[]): number => draws.reduce((sum, n) => sum + n, 0) / draws.length;
const variance = (draws: readonly number[]): number => {
  const center = mean(draws);
  return mean(draws.map((n) => (n - center) ** 2));
};

/** What a function of the engine makes of a partition. */
function drawn(name: string, captures: readonly unknown[], partition: number, values: readonly unknown[]): unknown[] {
  const fn = engineFunction(`millrace:${name}`, captures) as (
    at: number,
    values: Iterable<unknown>,
  ) => Iterable<unknown>;
  return [...fn(partition, values)];
}

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

describe("a sample of a partition", () => {
  test("is the same for the same seed, whatever else the attempt does, and another for each partition", () => {
    const sample = (partition: number) => drawn("sample", [0, 0.5, 9], partition, numbers(1000));
    expect(sample(3)).toEqual(sample(3));
    expect(sample(3)).not.toEqual(sample(4));
  });

  test("by disjoint intervals has every record once", () => {
    const cuts = [0, 0.2, 0.7, 1];
    const parts = cuts.slice(1).map((to, i) => drawn("sample", [cuts[i], to, 5], 0, numbers(500)));
    expect(parts.flat().sort((a, b) => Number(a) - Number(b))).toEqual(numbers(500));
  });

  test("by quota has exactly as many of each key", () => {
    const pairs = numbers(60).map((n) => [n % 2 === 0 ? "even" : "odd", n]);
    const quotas: Quota[][] = [
      [],
      [
        [30, 7],
        [30, 30],
      ],
    ];
    for (const withReplacement of [false, true]) {
      const sample = drawn("sampleByQuota", [withReplacement, ["even", "odd"], quotas, 4], 1, pairs) as [
        string,
        number,
      ][];
      expect(sample.filter(([key]) => key === "even")).toHaveLength(7);
      expect(sample.filter(([key]) => key === "odd")).toHaveLength(30);
    }
  });

  test("with replacement draws every record as often as any other", () => {
    const [[count, all] = []] = drawn("drawWithReplacement", [60_000, 2], 0, numbers(6)) as [number, number[]][];
    expect([count, all?.length]).toEqual([6, 60_000]);
    for (const n of numbers(6))
      expect(Math.abs((all?.filter((one) => one === n).length ?? 0) - 10_000)).toBeLessThan(500);
    expect(drawn("drawWithReplacement", [3, 2], 0, [])).toEqual([[0, []]]);
  });
});

test("the smallest tickets of parts are the smallest of all", () => {
  const tickets = numbers(1000).map((n) => [(n * 7919) % 1009, n] as const);
  const whole = new SmallestTickets(10);
  const parts = [new SmallestTickets(10), new SmallestTickets(10)];
  const merged = new SmallestTickets(10);
  tickets.forEach(([number, record], i) => {
    whole.offer(number, record);
    parts[i % 2]?.offer(number, record);
  });
  for (const part of parts) for (const [number, record] of part.all()) merged.offer(number, record);
  expect(merged.all()).toEqual(whole.all());
  expect(whole.all()).toEqual([...tickets].sort(([a], [b]) => a - b).slice(0, 10));
});
