import { decodeBlock, emptyClassTable } from "@millrace/codec";
import { type OperatorPort, operators } from "@millrace/operators";
import { describe, expect, test } from "vitest";
import { GraphLab } from "../lab/graph.fixture.ts";
import { type RateOptions, type RateRecord, recordsDue } from "./rate-stream.ts";

/** The records of each partition of a batch, as an executor would create them. */
async function batchOf(lab: GraphLab, time: number): Promise<RateRecord[][]> {
  const { error } = await lab.batch(time);
  if (error !== undefined) throw error;
  const port = {} as OperatorPort; // which it does not use
  const make = operators.rateRecords.make(port, []) as (range: unknown) => Iterable<RateRecord>; // see there
  const tasks = lab.port.plans.splice(0).flatMap((plan) => plan.stages.flatMap((stage) => stage.tasks));
  return tasks.map(({ inputs: [input] }) => {
    const ranges = input?.kind === "inline" ? decodeBlock(input.block, emptyClassTable) : [];
    return ranges.flatMap((range) => [...make(range)]);
  });
}

const rate = (perSecond: number, options?: RateOptions, batchInterval = "1s") =>
  GraphLab.build((ssc) => ssc.rateStream(perSecond, options).foreachRDD((rdd) => rdd.count()), { batchInterval });

describe("rateStream", () => {
  test("has in each batch the records due within its interval, spread over the interval and the partitions", async () => {
    const lab = await rate(4);
    expect(await batchOf(lab, 1000)).toEqual([
      [
        { value: 0, timestamp: 0 },
        { value: 1, timestamp: 250 },
      ],
      [
        { value: 2, timestamp: 500 },
        { value: 3, timestamp: 750 },
      ],
    ]);
    expect((await batchOf(lab, 2000)).flat().map(({ value }) => value)).toEqual([4, 5, 6, 7]);
  });

  test("has the same records when a batch runs again", async () => {
    const lab = await rate(3);
    expect(await batchOf(lab, 1000)).toEqual(await batchOf(lab, 1000));
  });

  test("loses no records to rounding at any interval", async () => {
    const lab = await rate(7, { numPartitions: 1 }, "130ms");
    const all: RateRecord[] = [];
    for (let time = 130; time <= 130 * 100; time += 130) all.push(...(await batchOf(lab, time)).flat());
    expect(all.map(({ value }) => value)).toEqual(Array.from({ length: 91 }, (_, i) => i));
    expect(all.every(({ value, timestamp }) => timestamp === Math.floor((value * 1000) / 7))).toBe(true);
  });

  test("has no task in a batch without records, and no partition without one", async () => {
    const lab = await rate(1, { numPartitions: 8 }, "500ms");
    expect(await batchOf(lab, 500)).toEqual([]);
    expect(await batchOf(lab, 1000)).toEqual([[{ value: 0, timestamp: 0 }]]);
  });

  test("is exact after a year at full speed", () => {
    const year = 365 * 24 * 3600 * 1000;
    expect(recordsDue(99_999_989, year + 1) - recordsDue(99_999_989, year)).toBe(99_999);
    expect(recordsDue(100_000_000, year)).toBe(3_153_600_000_000_000);
  });

  test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("is refused %d a second", async (perSecond) => {
    await expect(rate(perSecond)).rejects.toThrow(/\[BAD_ARGUMENT\] the number of records per second of rateStream/);
  });
});
