import { epochMs } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { SourceRate } from "./source-rate.ts";

const conf = { "source.rate.initial": 1_000, "source.rate.min": 100 };

/** Batches of an interval of 2 s, the first due at 2 s. */
function batches(): { rate: SourceRate; run: (records: number, took: { ms: number; late?: number }) => number } {
  const rate = new SourceRate(conf, 2_000);
  let time = 0;
  return {
    rate,
    run: (records, { ms, late = 0 }) => {
      time += 2_000;
      rate.begin(epochMs(time), epochMs(time + late));
      rate.end(records, epochMs(time + late + ms));
      return rate.limit;
    },
  };
}

describe("the limit of a batch", () => {
  test("is there for the first one", () => {
    expect(batches().rate.limit).toBe(2_000);
    expect(new SourceRate({ ...conf, "source.rate.initial": 1 }, 2_000).limit).toBe(200); // the minimum
    expect(new SourceRate({ "source.rate.initial": 1, "source.rate.min": 1 }, 50).limit).toBe(1);
  });

  test("follows what the last batch has processed in its time, up and down", () => {
    const { run } = batches();
    expect(run(2_000, { ms: 500 })).toBe(8_000);
    expect(run(8_000, { ms: 4_000 })).toBe(4_000);
  });

  test("is lower while batches start late, by a fifth at most", () => {
    const { run } = batches();
    expect(run(1_000, { ms: 1_000, late: 1_000 })).toBe(1_800);
    expect(run(1_000, { ms: 1_000, late: 60_000 })).toBe(1_600);
  });

  test("does not fall below the minimum", () => {
    expect(batches().run(1, { ms: 2_000 })).toBe(200);
  });

  test("stays as it is after batches that tell nothing: without records, failed, or of an earlier run", () => {
    const { rate, run } = batches();
    expect(run(0, { ms: 1 })).toBe(2_000);
    expect(run(5, { ms: 0 })).toBe(2_000);
    rate.begin(epochMs(9_000), epochMs(9_000)); // fails
    expect(run(2_000, { ms: 1_000 })).toBe(4_000);
    rate.end(50, epochMs(99_000)); // was begun by an earlier run
    expect(rate.limit).toBe(4_000);
  });
});
