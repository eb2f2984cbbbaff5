import { deepEqual, equal, ok } from "node:assert/strict";
import type { ExternalSource } from "@millrace/api";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import type { ContractCase } from "../files/contract-case.ts";

/** A replayable source under test and the system that it reads, for one case. */
export interface SourcePlace<Range, T, Options> {
  /** A new source, as each start of a job makes it: what it goes on from is in its ranges. */
  source(): ExternalSource<Range, T, Options>;
  /** Lets the system have this many further records. @returns What the source makes of them, in order. */
  produce(count: number): readonly T[] | Promise<readonly T[]>;
  /** Called when the case is over, however it ended. */
  close?(): void | Promise<void>;
}

/** A source as a start of a job has it. */
interface Start<Range, T> {
  /** Fixes the input of a batch. @returns Its ranges, as they come out of a log. */
  fix(): Promise<readonly Range[]>;
  read(range: Range): Promise<readonly T[]>;
  /** The records of the next batches, until there are so many; their ranges too. */
  batches(records: number): Promise<{ readonly records: readonly T[]; readonly ranges: readonly Range[] }>;
  stop(): Promise<void>;
}

interface Scene<Range, T> {
  produce(count: number): Promise<readonly T[]>;
  /** Of a source that was not started. */
  probe(): Promise<void>;
  start(last?: readonly Range[]): Promise<Start<Range, T>>;
}

type Check = <Range, T>(scene: Scene<Range, T>) => Promise<void>;

/** Batches after which all that there is must have been read. */
const BATCHES_MAX = 20;

/**
 * The contract of a replayable source, case by case, for a test runner of your choice:
 * `for (const { title, run } of sourceContract(open)) test(title, run)`.
 *
 * @param open Gives the source with a system of its own that has nothing yet, for one case alone.
 */
export function sourceContract<Range, T, Options>(
  open: () => SourcePlace<Range, T, Options> | Promise<SourcePlace<Range, T, Options>>,
): readonly ContractCase[] {
  return Object.entries(checks).map(([title, check]) => ({
    title,
    run: async () => {
      const place = await open();
      const started: Start<Range, T>[] = [];
      try {
        await check<Range, T>({
          produce: async (count) => place.produce(count),
          probe: async () => place.source().probe?.(),
          start: async (last) => {
            const start = await begin(place.source(), last);
            started.push(start);
            return start;
          },
        });
      } finally {
        await Promise.allSettled(started.map((start) => start.stop()));
        await place.close?.();
      }
    },
  }));
}

async function begin<Range, T, Options>(
  source: ExternalSource<Range, T, Options>,
  last: readonly Range[] | undefined,
): Promise<Start<Range, T>> {
  await source.start?.(last, { warn: () => {}, condition: () => {} });
  let time = 1_000_000;
  const fix = async (): Promise<readonly Range[]> => {
    time += 1_000;
    return (await source.fix(time)).map((range) => throughLog(range));
  };
  const read = async (range: Range): Promise<readonly T[]> => {
    const records: T[] = [];
    for await (const record of await source.read(range, source.options)) records.push(record);
    return records;
  };
  return {
    fix,
    read,
    batches: async (count) => {
      const records: T[] = [];
      let ranges: readonly Range[] = [];
      for (let batch = 0; batch < BATCHES_MAX && records.length < count; batch++) {
        const fixed = await fix();
        if (fixed.length > 0) ranges = fixed;
        for (const range of fixed) records.push(...(await read(range)));
      }
      return { records, ranges };
    },
    stop: async () => source.stop?.(),
  };
}

/** A range as the log gives it back. */
function throughLog<Range>(range: Range): Range {
  // The codec keeps the type of every value that it takes.
  const logged = decodeValue(encodeValue(range, emptyClassTable), emptyClassTable) as Range;
  deepEqual(logged, range, "a range is plain data");
  return logged;
}

const checks: Readonly<Record<string, Check>> = {
  "a probe finds what it reads, and changes nothing": async ({ probe, start, produce }) => {
    await probe();
    const source = await start();
    const first = await produce(2);
    await probe();
    deepEqual(sorted((await source.batches(2)).records), sorted(first));
  },
  "batches read what there is, each record once": async ({ start, produce }) => {
    const source = await start();
    const first = await produce(5);
    const one = await source.batches(5);
    const second = await produce(3);
    const two = await source.batches(3);
    deepEqual(sorted([...one.records, ...two.records]), sorted([...first, ...second]));
  },
  "a range yields the same records in the same order, whenever and wherever it is read": async ({ start, produce }) => {
    const source = await start();
    await produce(5);
    const ranges = await source.fix();
    ok(ranges.length > 0, "there are records, and fix gives no range");
    const reads = async (from: Pick<typeof source, "read">) => Promise.all(ranges.map((range) => from.read(range)));
    const once = await reads(source);
    await produce(4);
    await source.fix();
    deepEqual(await reads(source), once);
    deepEqual(await reads(await start(ranges)), once); // in another start of the job
  },
  "a batch without anything new reads nothing": async ({ start, produce }) => {
    const source = await start();
    await produce(2);
    await source.batches(2);
    const ranges = await source.fix();
    for (const range of ranges) deepEqual(await source.read(range), []);
  },
  "started anew, it goes on after the last ranges, with no gap and no repetition": async ({ start, produce }) => {
    const before = await start();
    const first = await produce(4);
    const one = await before.batches(4);
    const second = await produce(3); // while nobody reads
    const after = await start(one.ranges);
    const third = await produce(2);
    const two = await after.batches(5);
    deepEqual(sorted([...one.records, ...two.records]), sorted([...first, ...second, ...third]));
  },
  "started anew after batches that found nothing, it still does": async ({ start, produce }) => {
    const before = await start();
    const first = await produce(2);
    const one = await before.batches(2);
    let { ranges } = one;
    for (let batch = 0; batch < 3; batch++) {
      const fixed = await before.fix();
      if (fixed.length > 0) ranges = fixed;
    }
    const after = await start(ranges);
    const second = await produce(2);
    const two = await after.batches(2);
    deepEqual(sorted([...one.records, ...two.records]), sorted([...first, ...second]));
    equal((await after.batches(1)).records.length, 0, "there is nothing more");
  },
};

/** Partitions have no order among each other. */
function sorted<T>(records: readonly T[]): readonly string[] {
  return records.map((record) => Buffer.from(encodeValue(record, emptyClassTable)).toString("base64")).sort();
}
