import { decodeValue, emptyClassTable } from "@millrace/codec";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import type { RDD } from "../rdd/rdd.ts";
import type { DStream } from "../stream/dstream.ts";
import { externalRanges, externalRDD } from "./external-rdd.ts";
import { externalStream } from "./external-source.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

const read = ({ from, to }: Range): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Two ranges of ten in each batch. */
function tickets(ssc: StreamingContext, label = "tickets north"): DStream<number> {
  return externalStream<Range, number, undefined>(ssc, {
    ...{ label, options: undefined, read },
    fix: (time) => [
      { from: time, to: time + 10 },
      { from: time + 10, to: time + 20 },
    ],
  });
}

const at = (time: number): Range[] => [
  { from: time, to: time + 10 },
  { from: time + 10, to: time + 20 },
];

/** What an RDD of the batch of each time is computed from. */
async function rangesOf(
  streamOf: (ssc: StreamingContext) => DStream<unknown>,
  times: readonly number[] = [1000],
): Promise<unknown> {
  let found: unknown;
  const lab = await GraphLab.build((ssc) =>
    streamOf(ssc).foreachRDD((rdd) => {
      found = externalRanges(rdd, "tickets");
    }),
  );
  for (const time of times) await lab.plansOf(time);
  return found;
}

describe("the ranges that an RDD is computed from", () => {
  test("are those of its batch, in the order of its partitions", async () => {
    expect(await rangesOf((ssc) => tickets(ssc))).toEqual(at(1000));
    expect(await rangesOf((ssc) => tickets(ssc), [1000, 2000])).toEqual(at(2000));
  });

  test.each<[string, (ssc: StreamingContext) => DStream<unknown>]>([
    [
      "a map and a filter",
      (ssc) =>
        tickets(ssc)
          .map((n) => n + 1)
          .filter((n) => n > 0),
    ],
    [
      "a shuffle",
      (ssc) =>
        tickets(ssc)
          .map((n): [number, number] => [n, 1])
          .reduceByKey((a, b) => a + b),
    ],
    ["a transform", (ssc) => tickets(ssc).transform((rdd) => rdd.sortBy((n) => n))],
    ["an RDD that is kept", (ssc) => tickets(ssc).transform((rdd) => rdd.cache().map((n) => n))],
    ["a union with another kind of source", (ssc) => tickets(ssc).union(tickets(ssc, "coupons"))],
    ["a stream beside itself", (ssc) => ssc.union(...Array(2).fill(tickets(ssc)))],
  ])("are found behind %s", async (_, streamOf) => {
    expect(await rangesOf(streamOf)).toEqual(at(1000));
  });

  test("are those of all batches of a window", async () => {
    const streamOf = (ssc: StreamingContext) => tickets(ssc).window("2s");
    expect(await rangesOf(streamOf, [1000, 2000])).toEqual(expect.arrayContaining([...at(1000), ...at(2000)]));
  });

  test("are none where nothing is read of such a source", async () => {
    expect(await rangesOf((ssc) => ssc.rateStream(10))).toEqual([]);
  });

  test("are those of an RDD, and of nothing else", () => {
    expect(() => externalRanges([] as never, "tickets")).toThrow(/externalRanges takes an RDD, not an array/);
  });
});

describe("an RDD of ranges that are known", () => {
  const known = { label: "tickets south", options: undefined, read };

  test("has a partition for each, in a batch or for all of them", async () => {
    let rdds: RDD<number>[] = [];
    const lab = await GraphLab.build((ssc) => {
      const lasting = externalRDD(ssc, known, at(0));
      ssc.rateStream(10).foreachRDD(async () => {
        rdds = [lasting, externalRDD(ssc, known, at(7))];
        for (const rdd of rdds) await rdd.count();
      });
    });
    await lab.batch(1000);
    await lab.batch(2000);
    expect(rdds.map((rdd) => externalRanges(rdd, "tickets"))).toEqual([at(0), at(7)]);
    const inputs = lab.port.plans.at(-1)?.stages.flatMap(({ tasks }) => tasks.map((task) => task.inputs[0]));
    expect(inputs?.map((input) => input?.kind === "external" && decodeValue(input.range, emptyClassTable))).toEqual(
      at(7),
    );
  });

  test("without a label or ranges is refused", async () => {
    const none = undefined as never; // what a job without types may give
    await expect(GraphLab.build((ssc) => void externalRDD(ssc, none, []))).rejects.toThrow(/externalRDD takes a label/);
    await expect(GraphLab.build((ssc) => void externalRDD(ssc, known, none))).rejects.toThrow(
      /the ranges given to externalRDD are undefined/,
    );
  });
});
