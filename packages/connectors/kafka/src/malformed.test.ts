import { describe, expect, test } from "vitest";
import { type MalformedAccumulator, MalformedLog, MalformedOfRange, malformedCounts } from "./malformed.ts";
import type { OffsetRange } from "./range.ts";
import type { KafkaRecord } from "./record.ts";

const range = (partition: number, from = 0): OffsetRange => ({ topic: "t", partition, from, until: from + 100 });
const record = (partition: number, offset: number): KafkaRecord => ({
  ...{ topic: "t", partition, offset, timestamp: 0, key: null, value: null, headers: [] },
});

type Total = ReturnType<typeof malformedCounts.zero>;

/** The accumulator of a job, and tasks that add to it as they succeed. */
class Counts implements Pick<MalformedAccumulator, "value" | "reset"> {
  value: Total = malformedCounts.zero();

  reset(): void {
    this.value = malformedCounts.zero();
  }

  /** One attempt at a range, which has found these offsets. */
  async task(of: OffsetRange, ...offsets: readonly number[]): Promise<void> {
    let share = malformedCounts.zero();
    const counts: Pick<MalformedAccumulator, "add"> = {
      add: (report) => {
        share = malformedCounts.add(share, report);
      },
    };
    const malformed = new MalformedOfRange(of, { connection: { brokers: "a:1" }, malformed: () => {}, counts });
    for (const offset of offsets) await malformed.take(record(of.partition, offset), new Error(`no JSON at ${offset}`));
    await malformed.end();
    this.value = malformedCounts.merge(this.value, structuredClone(share)); // it comes from another process
  }
}

describe("the report of malformed records", () => {
  test("has the numbers of a batch and of all, and the first of them", async () => {
    const counts = new Counts();
    const log = new MalformedLog(counts, { topic: "dead" });
    await counts.task(range(1), 17);
    await counts.task(range(0), 3, 5);
    expect(log.reportOf([range(0), range(1)])).toBe(
      "records of a batch that could not be deserialised were left out: 3, 2 of t[0], 1 of t[1]. " +
        "The first is offset 3 of t[0]: no JSON at 3. They are in dead; since the job has started there were 3.",
    );
    await counts.task(range(0, 100), 104);
    expect(log.reportOf([range(0, 100)])).toMatch(/left out: 1, 1 of t\[0\].*there were 4\.$/);
  });

  test("counts a record once, however many attempts and outputs read its range", async () => {
    const counts = new Counts();
    await counts.task(range(0), 3);
    await counts.task(range(0), 3, 5, 9);
    await counts.task(range(0), 3, 5);
    expect(new MalformedLog(counts, () => {}).reportOf([range(0)])).toMatch(
      /left out: 3, 3 of t\[0\].*The function malformed has them/,
    );
  });

  test("is none of a batch without any, nor of one that was not committed", async () => {
    const counts = new Counts();
    const log = new MalformedLog(counts, () => {});
    expect(log.reportOf([range(0)])).toBeUndefined();
    await counts.task(range(0), 3);
    expect(log.reportOf([range(0, 100)])).toBeUndefined();
    expect(log.reportOf([range(0)])).toBeUndefined();
  });

  test("names some partitions of many", async () => {
    const counts = new Counts();
    const ranges = Array.from({ length: 7 }, (_, partition) => range(partition));
    for (const one of ranges) await counts.task(one, 3);
    expect(new MalformedLog(counts, () => {}).reportOf(ranges)).toMatch(/left out: 7, .*1 of t\[4\], …\./);
  });
});

test("without a place for malformed records, one fails its task", async () => {
  const malformed = new MalformedOfRange(range(0), { connection: { brokers: "a:1" } });
  await expect(malformed.take(record(0, 3), new Error("no JSON"))).rejects.toThrow(
    /KAFKA_RECORD_MALFORMED\] the record at offset 3 of t\[0\] cannot be deserialised: no JSON/,
  );
});
