import { deferred, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { type FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { RDD } from "../rdd/rdd.ts";
import { type BoundedDouble, Bounds } from "./bounded-double.ts";
import { type CountDistribution, pascal, poissonOf, Quantiles } from "./quantiles.ts";

describe("quantiles", async () => {
  const quantiles = await Quantiles.load();

  test.each([
    [0.975, 1.959963985],
    [0.5, 0],
    [0.01, -2.326347874],
    [0.999, 3.090232306],
  ])("normal: %f", (p, z) => {
    expect(quantiles.normal(p)).toBeCloseTo(z, 7);
  });

  test.each([
    [0.975, 1, 12.70620474],
    [0.975, 9, 2.262157163],
    [0.95, 30, 1.697260887],
    [0.025, 99, -1.984216952],
    [0.5, 5, 0],
  ])("Student: %f with %i degrees of freedom", (p, freedom, t) => {
    expect(quantiles.student(p, freedom)).toBeCloseTo(t, 6);
  });

  // By adding up the probabilities.
  test.each<[string, CountDistribution, readonly [number, number, number]]>([
    ["Pascal", pascal(10, 0.3), [9, 22, 43]],
    ["Pascal of one", pascal(1, 0.75), [0, 0, 2]],
    ["Pascal of many", pascal(9_000, 0.5), [8738, 8999, 9264]],
    ["Poisson", poissonOf(7), [2, 7, 13]],
    ["Poisson of a few", poissonOf(0.01), [0, 0, 0]],
    ["Poisson of many", poissonOf(19_990), [19713, 19990, 20268]],
  ])("%s: the smallest counts that are not exceeded with probability 0.025, 0.5, 0.975", (_, distribution, counts) => {
    expect([0.025, 0.5, 0.975].map((p) => quantiles.count(distribution, p))).toEqual(counts);
  });

  test("of large counts are near to those that are searched", () => {
    for (const p of [0.025, 0.5, 0.975]) {
      const steps = quantiles.count(poissonOf(20_010), p) - quantiles.count(poissonOf(19_990), p); // only one is searched
      expect(Math.abs(steps - 20)).toBeLessThanOrEqual(1);
    }
  });
});

describe("an estimate from some of the partitions", () => {
  const half = { partitions: 2, total: 4 };
  const all = { partitions: 4, total: 4 };
  const none = { partitions: 0, total: 4 };
  const moments = { count: 400, mean: 5, squares: 1600, min: 0, max: 9 };

  test("is exact when it is all", async () => {
    expect((await Bounds.of(all, 0.95)).count(7)).toEqual({ mean: 7, confidence: 1, low: 7, high: 7 });
    expect((await Bounds.of(all, 0.95)).mean(moments)).toEqual({ mean: 5, confidence: 1, low: 5, high: 5 });
    expect((await Bounds.of(all, 0.95)).sum(moments)).toEqual({ mean: 2000, confidence: 1, low: 2000, high: 2000 });
  });

  test("says nothing when it is nothing", async () => {
    expect((await Bounds.of(none, 0.95)).count(0)).toEqual({ mean: 0, confidence: 0, low: 0, high: Infinity });
    expect((await Bounds.of(none, 0.95)).mean(moments)).toEqual({
      mean: 0,
      confidence: 0,
      low: -Infinity,
      high: Infinity,
    });
    expect((await Bounds.of(half, 0.9)).sum({ ...moments, count: 1 })).toEqual({
      mean: 10,
      confidence: 0.9,
      low: -Infinity,
      high: Infinity,
    });
  });

  test("bounds the whole, the wider the surer", async () => {
    const count = (await Bounds.of(half, 0.95)).count(1000);
    expect(count.mean).toBe(2000);
    expect([count.low, count.high]).toEqual([1914, 2089]);
    const sum = (await Bounds.of(half, 0.95)).sum(moments);
    expect(sum.mean).toBe(4000);
    expect([sum.low < 4000, sum.high > 4000, sum.high - 4000 < 400]).toEqual([true, true, true]);
    const mean = (await Bounds.of(half, 0.95)).mean(moments);
    expect(mean.high - mean.mean).toBeCloseTo(0.196, 2);
    expect((await Bounds.of(half, 0.5)).mean(moments).high).toBeLessThan(mean.high);
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

  test("returns bounds at its timeout, starts no more tasks, and leaves running ones for the batch to await", async () => {
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

  test("fails with its tasks, and refuses an invalid confidence or timeout", async () => {
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
