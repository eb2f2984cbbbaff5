import { deferred, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { type FakePort, GraphLab } from "../graph-lab.ts";
import type { RDD } from "../rdd/rdd.ts";
import { type BoundedDouble, boundedCount, boundedMean, boundedSum } from "./bounded-double.ts";
import {
  type CountDistribution,
  countQuantile,
  normalQuantile,
  pascal,
  poissonOf,
  studentQuantile,
} from "./quantiles.ts";

describe("quantiles", () => {
  test.each([
    [0.975, 1.959963985],
    [0.5, 0],
    [0.01, -2.326347874],
    [0.999, 3.090232306],
  ])("normal: %f", (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 7);
  });

  test.each([
    [0.975, 1, 12.70620474],
    [0.975, 9, 2.262157163],
    [0.95, 30, 1.697260887],
    [0.025, 99, -1.984216952],
    [0.5, 5, 0],
  ])("Student: %f with %i degrees of freedom", (p, freedom, t) => {
    expect(studentQuantile(p, freedom)).toBeCloseTo(t, 6);
  });

  test.each<[string, CountDistribution]>([
    ["Pascal", pascal(10, 0.3)],
    ["Pascal of many", pascal(9_000, 0.5)],
    ["Poisson", poissonOf(7)],
  ])("%s: the probabilities up to it are the first to reach it", (_, distribution) => {
    for (const p of [0.025, 0.5, 0.975]) {
      const k = countQuantile(distribution, p);
      const below = Array.from({ length: k + 1 }, (_, i) => Math.exp(distribution.logProbability(i)));
      const sum = below.reduce((a, b) => a + b, 0);
      expect(sum).toBeGreaterThanOrEqual(p - 1e-9);
      expect(sum - (below.at(-1) ?? 0)).toBeLessThan(p);
    }
  });

  test("of large counts are near to what adding up would give", () => {
    for (const p of [0.025, 0.5, 0.975]) {
      const steps = countQuantile(poissonOf(20_010), p) - countQuantile(poissonOf(19_990), p); // one added up, one not
      expect(Math.abs(steps - 20)).toBeLessThanOrEqual(1);
    }
  });
});

describe("what is known of a part", () => {
  const half = { partitions: 2, total: 4 };
  const all = { partitions: 4, total: 4 };
  const none = { partitions: 0, total: 4 };
  const moments = { count: 400, mean: 5, squares: 1600, min: 0, max: 9 };

  test("is exact when it is all", () => {
    expect(boundedCount(7, all, 0.95)).toEqual({ mean: 7, confidence: 1, low: 7, high: 7 });
    expect(boundedMean(moments, all, 0.95)).toEqual({ mean: 5, confidence: 1, low: 5, high: 5 });
    expect(boundedSum(moments, all, 0.95)).toEqual({ mean: 2000, confidence: 1, low: 2000, high: 2000 });
  });

  test("says nothing when it is nothing", () => {
    expect(boundedCount(0, none, 0.95)).toEqual({ mean: 0, confidence: 0, low: 0, high: Infinity });
    expect(boundedMean(moments, none, 0.95)).toEqual({ mean: 0, confidence: 0, low: -Infinity, high: Infinity });
    expect(boundedSum({ ...moments, count: 1 }, half, 0.9)).toEqual({
      mean: 10,
      confidence: 0.9,
      low: -Infinity,
      high: Infinity,
    });
  });

  test("bounds the whole, the wider the surer", () => {
    const count = boundedCount(1000, half, 0.95);
    expect(count.mean).toBe(2000);
    expect([count.low, count.high]).toEqual([1914, 2089]);
    const sum = boundedSum(moments, half, 0.95);
    expect(sum.mean).toBe(4000);
    expect([sum.low < 4000, sum.high > 4000, sum.high - 4000 < 400]).toEqual([true, true, true]);
    const mean = boundedMean(moments, half, 0.95);
    expect(mean.high - mean.mean).toBeCloseTo(0.196, 2);
    expect(boundedMean(moments, half, 0.5).high).toBeLessThan(mean.high);
  });
});

describe("an action with a timeout", () => {
  /** Four partitions, of which the cluster computes two at a time; the first two give 10 records each. */
  async function run(act: (numbers: RDD<number>) => Promise<unknown>, more: (port: FakePort) => void | Promise<void>) {
    let result: unknown;
    const lab = await GraphLab.build((ssc) => {
      ssc.queueStream([[1]]).foreachRDD(async () => {
        result = await act(ssc.range(0, 40, 1, 4));
      });
    });
    lab.port.answer = (stage) => stage.tasks.map(() => [10]);
    const batch = lab.batch(1000);
    await more(lab.port);
    const { error } = await batch;
    return { result, error, port: lab.port };
  }

  test("is exact when its time suffices", async () => {
    const { result, port } = await run(
      (n) => n.countApprox("1s"),
      () => {},
    );
    expect(result).toEqual({ mean: 40, confidence: 1, low: 40, high: 40 });
    expect(port.plans).toHaveLength(4);
  });

  test("gives bounds when its time is up, starts nothing more, and leaves the batch to wait for what runs", async () => {
    const rest = deferred<void>();
    const started = deferred<void>();
    const { result, port } = await run(
      (n) => n.countApprox("1s", 0.9),
      async (port) => {
        const plain = port.run.bind(port);
        port.run = async (plan) => {
          const given = await plain(plan);
          if (port.plans.length > 2) {
            if (port.plans.length === 4) started.resolve();
            await rest.promise;
          }
          return given;
        };
        await started.promise;
        port.clock.advance(millis(1000));
        await Promise.resolve();
        rest.resolve();
      },
    );
    const { mean, confidence, low, high } = result as BoundedDouble;
    expect([mean, confidence]).toEqual([40, 0.9]);
    expect(low).toBeLessThan(40);
    expect(high).toBeGreaterThan(40);
    expect(port.plans).toHaveLength(4);
  });

  test("fails with its tasks, and refuses what is no confidence or timeout", async () => {
    const failed = await run(
      (n) => n.countApprox("1s"),
      (port) => {
        port.run = () => Promise.reject(new Error("task"));
      },
    );
    expect(failed.error?.message).toMatch(/Error: task/);
    expect(
      (
        await run(
          (n) => n.countApprox("1s", 2),
          () => {},
        )
      ).error?.message,
    ).toMatch(/confidence of countApprox is 2/);
    expect(
      (
        await run(
          (n) => n.sumApprox(0),
          () => {},
        )
      ).error?.message,
    ).toMatch(/BAD_DURATION.*timeout of sumApprox/);
  });
});
