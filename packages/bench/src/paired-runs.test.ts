import { describe, expect, test } from "vitest";
import type { Sample, Subject } from "./bench.ts";
import { pairedRuns } from "./paired-runs.ts";
import { median, quantile, slope } from "./statistics.ts";

/** A subject that yields these samples one after the other, and fails for `undefined`. */
function subject(name: string, log: string[], samples: readonly (Sample | undefined)[]): Subject {
  let next = 0;
  return {
    name,
    run: async () => {
      log.push(name);
      const sample = samples[next++];
      if (sample === undefined) throw new Error(`${name} broke`);
      return sample;
    },
  };
}

describe("paired runs", () => {
  test("take turns", async () => {
    const log: string[] = [];
    const subjects = ["a", "b"].map((name) => subject(name, log, [{ ms: 1 }, { ms: 1 }, { ms: 1 }]));
    await pairedRuns(subjects, 3, () => {});
    expect(log).toEqual(["a", "b", "a", "b", "a", "b"]);
  });

  test("compare what ran next to each other, so that a machine that slows down does not show", async () => {
    const samples = (factor: number): Sample[] => [1, 2, 8].map((slowness) => ({ ms: slowness * factor }));
    const [reference, other] = await pairedRuns(
      [subject("a", [], samples(10)), subject("b", [], samples(15))],
      3,
      () => {},
    );
    expect(reference).toMatchObject({ metrics: { ms: { median: 20, min: 10, max: 80 } }, ratios: {} });
    expect(other).toMatchObject({ ratios: { ms: { median: 1.5, min: 1.5, max: 1.5 } } });
  });

  test("leave out a subject that failed, and keep its error", async () => {
    const log: string[] = [];
    const [a, b] = await pairedRuns(
      [subject("a", log, [{ ms: 1 }, undefined]), subject("b", log, [{ ms: 2 }, { ms: 2 }, { ms: 2 }])],
      3,
      () => {},
    );
    expect(log).toEqual(["a", "b", "a", "b", "b"]);
    expect(a?.error?.message).toBe("a broke");
    expect(a?.metrics).toEqual({});
    expect(b?.metrics).toEqual({ ms: { median: 2, min: 2, max: 2 } });
  });

  test("compare only metrics that both have", async () => {
    const [, b] = await pairedRuns([subject("a", [], [{ ms: 2 }]), subject("b", [], [{ ms: 4, lag: 1 }])], 1, () => {});
    expect(Object.keys(b?.ratios ?? {})).toEqual(["ms"]);
  });
});

describe("statistics", () => {
  test("a median of an even number of values is the mean of the two in the middle", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([3, 1, 2])).toBe(2);
  });

  test("a quantile is one of the values", () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 50, 99, 100]);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  test("a slope is that of the line through the points", () => {
    expect(
      slope([
        [0, 1],
        [1, 3],
        [2, 5],
      ]),
    ).toBeCloseTo(2);
    expect(slope([[5, 1]])).toBe(0);
  });
});
