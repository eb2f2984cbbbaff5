import { describe, expect, test } from "vitest";
import type { Operator } from "../operator.ts";
import type { OperatorPort } from "../operator-port.ts";
import { drawWithReplacement, type Quota, sample, sampleByQuota } from "./samples.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const port = {} as OperatorPort; // samples use nothing of it

/** The result of an operator on a partition. */
function drawn<Captures extends readonly unknown[]>(
  operator: Operator<Captures>,
  captures: Captures,
  partition: number,
  values: readonly unknown[],
): unknown[] {
  // The signature of a function of `mapPartitionsWithIndex`.
  const fn = operator.make(port, captures) as (at: number, values: Iterable<unknown>) => Iterable<unknown>;
  return [...fn(partition, values)];
}

describe("a sample of a partition", () => {
  test("is the same for the same seed, independent of the rest of the attempt, and different for each partition", () => {
    const half = (partition: number) => drawn(sample, [0, 0.5, 9], partition, numbers(1000));
    expect(half(3)).toEqual(half(3));
    expect(half(3)).not.toEqual(half(4));
  });

  test("by disjoint intervals has every record once", () => {
    const cuts = [0, 0.2, 0.7, 1];
    const parts = cuts.slice(1).map((to, i) => drawn(sample, [cuts[i] ?? 0, to, 5], 0, numbers(500)));
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
      const some = drawn(sampleByQuota, [withReplacement, ["even", "odd"], quotas, 4], 1, pairs) as [string, number][];
      expect(some.filter(([key]) => key === "even")).toHaveLength(7);
      expect(some.filter(([key]) => key === "odd")).toHaveLength(30);
    }
  });

  test("with replacement draws every record as often as any other", () => {
    const [[count, all] = []] = drawn(drawWithReplacement, [60_000, 2], 0, numbers(6)) as [number, number[]][];
    expect([count, all?.length]).toEqual([6, 60_000]);
    for (const n of numbers(6))
      expect(Math.abs((all?.filter((one) => one === n).length ?? 0) - 10_000)).toBeLessThan(500);
    expect(drawn(drawWithReplacement, [3, 2], 0, [])).toEqual([[0, []]]);
  });
});
