import { describe, expect, test } from "vitest";
import { SlicePace } from "./slice-pace.ts";

/** Bytes of slices of a state of a size, in batches that each write a delta. */
function run(options: {
  batches: number;
  deltaBytes: number;
  slices: number;
  sliceBytes: number;
  roundDeltas?: number;
}) {
  const { batches, deltaBytes, slices, sliceBytes, roundDeltas = 100 } = options;
  const pace = new SlicePace(roundDeltas);
  let written = 0;
  let most = 0;
  for (let batch = 0; batch < batches; batch++) {
    pace.addDelta(deltaBytes);
    let now = 0;
    for (; pace.isDue(slices) && now < 100; now++) pace.addSlice(sliceBytes, slices);
    written += now;
    most = Math.max(most, now);
  }
  return { written, most };
}

describe("slices are written", () => {
  test("in turn, one at a time, where deltas are small", () => {
    const { written, most } = run({ batches: 1000, deltaBytes: 40_000, slices: 32, sliceBytes: 250_000 });
    expect(most).toBe(1);
    expect(written * 250_000).toBeLessThanOrEqual(1000 * (40_000 + 32 * 1024));
    expect(written * 250_000).toBeGreaterThan(900 * (40_000 + 32 * 1024));
  });

  test("no more often than once in a round's deltas, where the state is small", () => {
    expect(run({ batches: 1000, deltaBytes: 100, slices: 1, sliceBytes: 1000 })).toEqual({ written: 10, most: 1 });
  });

  test("a whole state in a round, where each batch changes all of it", () => {
    const { written, most } = run({ batches: 1000, deltaBytes: 4_000_000, slices: 16, sliceBytes: 250_000 });
    expect(written).toBeGreaterThanOrEqual(10 * 16 - 2);
    expect(written).toBeLessThanOrEqual(10 * 16);
    expect(most).toBe(1);
  });
});
