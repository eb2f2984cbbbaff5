import type { RecordsBatch } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import type { Isolation } from "./cluster.ts";
import { RangeReader } from "./range-reader.ts";

const TRANSACTIONAL = 16;
const CONTROL = 32;

/** A batch with records at some offsets from its first up to its last one. */
function batch(
  first: number,
  last: number,
  offsets: readonly number[],
  more: Partial<RecordsBatch> = {},
): RecordsBatch {
  return {
    ...{ firstOffset: BigInt(first), lastOffsetDelta: last - first, attributes: 0, producerId: -1n, length: 0 },
    ...{
      partitionLeaderEpoch: 0,
      magic: 2,
      crc: 0,
      firstTimestamp: 100n,
      maxTimestamp: 900n,
      producerEpoch: 0,
      firstSequence: 0,
    },
    records: offsets.map((offset) => ({
      ...{ length: 0, attributes: 0, timestampDelta: BigInt(offset), offsetDelta: offset - first },
      ...{ key: null, value: Buffer.from(`v${offset}`), headers: [] },
    })),
    ...more,
  };
}

/** The marker that ends a transaction. */
function marker(offset: number, producerId: bigint, type: "abort" | "commit"): RecordsBatch {
  const key = Buffer.from([0, 0, 0, type === "commit" ? 1 : 0]);
  const one = batch(offset, offset, [offset], { attributes: CONTROL | TRANSACTIONAL, producerId });
  return { ...one, records: one.records.map((record) => ({ ...record, key })) };
}

const sent = (first: number, last: number, producerId: bigint): RecordsBatch =>
  batch(first, last, [first, last], { attributes: TRANSACTIONAL, producerId });

const reader = (from: number, until: number, isolation: Isolation = "committed"): RangeReader =>
  new RangeReader({ topic: "t", id: "id", partition: 0, from, until }, isolation);

const offsetsOf = (
  of: RangeReader,
  batches: readonly RecordsBatch[],
  aborted: { producerId: bigint; firstOffset: bigint }[] = [],
) => of.take({ batches, aborted }).map(({ offset }) => offset);

describe("a range", () => {
  test("is cut out of batches that begin before it and end after it", () => {
    const range = reader(3, 7);
    expect(offsetsOf(range, [batch(0, 4, [0, 1, 2, 3, 4])])).toEqual([3, 4]);
    expect([range.next, range.done]).toEqual([5, false]);
    expect(offsetsOf(range, [batch(5, 9, [5, 6, 7, 8, 9]), batch(10, 11, [10, 11])])).toEqual([5, 6]);
    expect(range.done).toBe(true);
  });

  test("ends though its last offsets were compacted away", () => {
    const range = reader(0, 5);
    expect(offsetsOf(range, [batch(0, 3, [1])])).toEqual([1]);
    expect(range.next).toBe(4);
    expect(offsetsOf(range, [batch(8, 9, [8, 9])])).toEqual([]);
    expect(range.done).toBe(true);
  });

  test("stays where it is when there is no answer yet", () => {
    const range = reader(2, 5);
    expect([offsetsOf(range, []), range.next]).toEqual([[], 2]);
  });

  test("has the time of the producer, or of the broker if the topic is set so", () => {
    const times = (attributes: number) =>
      reader(0, 2).take({ batches: [batch(0, 1, [0, 1], { attributes })], aborted: [] });
    expect(times(0).map(({ timestamp }) => timestamp)).toEqual([100, 101]);
    expect(times(8).map(({ timestamp }) => timestamp)).toEqual([900, 900]);
  });

  test("passes over what is gone, no further than its end", () => {
    const range = reader(2, 9);
    expect([range.skipTo(5), range.next, range.skipTo(20), range.done]).toEqual([3, 5, 4, true]);
  });
});

describe("transactions", () => {
  const log = [
    sent(0, 1, 1n),
    sent(2, 3, 2n),
    marker(4, 1n, "abort"),
    sent(5, 6, 1n),
    marker(7, 2n, "commit"),
    marker(8, 1n, "commit"),
  ];
  const aborted = [{ producerId: 1n, firstOffset: 0n }];

  test("that were aborted are left out, later ones of the same producer are not, and markers are no records", () => {
    expect(offsetsOf(reader(0, 9), log, aborted)).toEqual([2, 3, 5, 6]);
  });

  test("that were aborted stay so from one answer to the next", () => {
    const range = reader(0, 9);
    expect(offsetsOf(range, log.slice(0, 2), aborted)).toEqual([2, 3]);
    expect(offsetsOf(range, log.slice(2), aborted.slice(1))).toEqual([5, 6]);
  });

  test("are read by whoever wants to, markers still not", () => {
    expect(offsetsOf(reader(0, 9, "uncommitted"), log, aborted)).toEqual([0, 1, 2, 3, 5, 6]);
  });
});
