import { describe, expect, test } from "vitest";
import { type BatchLimits, type Extent, Offsets } from "./offsets.ts";
import { type KafkaRange, positionsAfter } from "./range.ts";

const NONE = Number.MAX_SAFE_INTEGER;
const limits = (given: Partial<BatchLimits> = {}): BatchLimits => ({
  ...{ records: NONE, recordsOfPartition: NONE, recordsOfRange: NONE, ranges: 1, ...given },
});
const extent = (partition: number, end: number, { begin = 0, id = "id" } = {}): Extent => ({
  topic: "t",
  id,
  partition,
  begin,
  end,
});
const at = (partition: number, next: number) => ({ topic: "t", id: "id", partition, next });
const show = (ranges: readonly KafkaRange[]): string[] =>
  ranges.map(({ partition, from, until }) => `${partition}: ${from}-${until}`);

/** Offsets that stand at these, as partitions 0, 1, … */
function begun(...next: readonly number[]): Offsets {
  const offsets = new Offsets("stop");
  for (const [partition, offset] of next.entries()) offsets.begin(at(partition, offset));
  return offsets;
}

describe("a batch", () => {
  test("reads what is new in each partition, and the next one goes on after it", () => {
    const offsets = begun(0, 5);
    expect(show(offsets.choose([extent(0, 3), extent(1, 5)], limits()))).toEqual(["0: 0-3"]);
    expect(show(offsets.choose([extent(0, 4), extent(1, 7)], limits()))).toEqual(["0: 3-4", "1: 5-7"]);
    expect(offsets.choose([extent(0, 4), extent(1, 7)], limits())).toEqual([]);
  });

  test("tells where the partitions stand that it does not read", () => {
    const offsets = begun(0, 5);
    const ranges = offsets.choose([extent(0, 3), extent(1, 5)], limits({ recordsOfRange: 2 }));
    expect(ranges[0]?.others).toEqual([at(1, 5)]);
    expect([...positionsAfter(ranges)].sort((a, b) => a.partition - b.partition)).toEqual([at(0, 3), at(1, 5)]);
  });

  test("that is the first has a range, though nothing is new: where it stands must not be forgotten", () => {
    const offsets = begun(2, 5);
    const ranges = offsets.choose([extent(0, 2), extent(1, 5)], limits());
    expect(show(ranges)).toEqual(["0: 2-2"]);
    expect(positionsAfter(ranges)).toEqual(expect.arrayContaining([at(0, 2), at(1, 5)]));
    const again = new Offsets("stop");
    again.resume(positionsAfter(ranges));
    expect(show(again.choose([extent(0, 3), extent(1, 5)], limits()))).toEqual(["0: 2-3"]);
  });

  test("takes no more than it may, shared by what waits, and something of each partition", () => {
    const offsets = begun(0, 0, 0);
    const extents = [extent(0, 800), extent(1, 200), extent(2, 1)];
    expect(show(offsets.choose(extents, limits({ records: 100 })))).toEqual(["0: 0-78", "1: 0-20", "2: 0-1"]);
    expect(show(offsets.choose(extents, limits({ recordsOfPartition: 50 })))).toEqual(["0: 78-128", "1: 20-70"]);
  });

  test("takes no more than it may of many partitions either: one record of those where most waits", () => {
    const offsets = begun(0, 0, 0, 0);
    const extents = [extent(0, 5), extent(1, 9), extent(2, 1), extent(3, 7)];
    expect(show(offsets.choose(extents, limits({ records: 2 })))).toEqual(["1: 0-1", "3: 0-1"]);
    expect(show(offsets.choose(extents, limits({ records: 4 })))).toEqual(["0: 0-1", "1: 1-2", "2: 0-1", "3: 1-2"]);
  });

  test("lets a partition that lags catch up with the others", () => {
    const offsets = begun(0, 900);
    const lags = Array.from({ length: 8 }, (_, batch) => {
      const extents = [extent(0, 1_000 + 50 * batch), extent(1, 1_000 + 50 * batch)]; // 50 more of each
      const next = offsets.choose(extents, limits({ records: 300 }));
      return extents.map(({ end, partition }) => end - (next.find((one) => one.partition === partition)?.until ?? end));
    });
    expect(
      lags
        .map(([lagging = 0, other = 0]) => lagging - other)
        .every((gap, i, all) => i === 0 || gap <= (all[i - 1] ?? gap)),
    ).toBe(true);
    expect(lags.at(-1)).toEqual([0, 0]);
  });

  test("splits a partition with much, and as many as are asked for", () => {
    expect(show(begun(0, 0).choose([extent(0, 10), extent(1, 2)], limits({ recordsOfRange: 4 })))).toEqual([
      ...["0: 0-3", "0: 3-6", "0: 6-10", "1: 0-2"],
    ]);
    expect(show(begun(0, 0).choose([extent(0, 9), extent(1, 3)], limits({ ranges: 4 })))).toEqual([
      ...["0: 0-3", "0: 3-6", "0: 6-9", "1: 0-3"],
    ]);
    expect(show(begun(0).choose([extent(0, 2)], limits({ ranges: 4 })))).toEqual(["0: 0-1", "0: 1-2"]);
  });

  test("of a run up to what there was reads no further, and knows when it is done", () => {
    const offsets = begun(0, 0);
    offsets.limit([extent(0, 3), extent(1, 1)]);
    const later = [extent(0, 9), extent(1, 9), extent(2, 9)];
    offsets.begin(at(2, 0)); // a partition that came later
    expect(show(offsets.choose(later, limits({ recordsOfPartition: 2 })))).toEqual(["0: 0-2", "1: 0-1"]);
    expect(offsets.hasMore).toBe(true);
    expect(show(offsets.choose(later, limits()))).toEqual(["0: 2-3"]);
    expect(offsets.hasMore).toBe(false);
  });
});

describe("what is gone", () => {
  test.each([
    [
      "expired offsets",
      extent(0, 9, { begin: 7 }),
      "KAFKA_OFFSETS_LOST",
      /offset 5 of t\[0\] comes next, and its first offset is 7: 2 have expired/,
    ],
    ["a log that was cut", extent(0, 3), "KAFKA_OFFSETS_LOST", /offset 5 of t\[0\] comes next, and it ends at 3/],
    ["a topic made again", extent(0, 9, { id: "other" }), "KAFKA_TOPIC_RECREATED", /its id was id and is other/],
  ])("is an error: %s", (_, found, code, message) => {
    const lose = (): unknown => begun(5).skipLost([found]);
    expect(lose).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  test("is passed over and told, if that is asked for", () => {
    const offsets = new Offsets("continue");
    for (const partition of [0, 1, 2, 3]) offsets.begin(at(partition, 5));
    const extents = [extent(0, 9, { begin: 7 }), extent(1, 3), extent(2, 9, { begin: 1, id: "other" }), extent(3, 9)];
    expect(offsets.skipLost(extents)).toEqual([
      { topic: "t", partition: 0, from: 5, until: 7 },
      { topic: "t", partition: 1, from: 5, until: 0 },
      { topic: "t", partition: 2, from: 1, until: 1 },
    ]);
    expect(show(offsets.choose(extents, limits()))).toEqual(["0: 7-9", "1: 0-3", "2: 1-9", "3: 5-9"]);
  });
});
