import { describe, expect, test } from "vitest";
import { JobRegistry } from "../function/job-registry.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { FakePort, GraphLab } from "../lab/graph.fixture.ts";
import type { Broadcast } from "./broadcast.ts";

const site = { file: "job.ts", line: 12, column: 8 };

/** A function of the job that captures a variable. */
type Uses = (read: () => Broadcast<string> | undefined) => (word: string) => string;

/** A job over a receiver whose functions capture broadcast variables, as the bundler would have tagged them. */
async function build(declare: (ssc: StreamingContext, uses: Uses) => void) {
  const registry = new JobRegistry();
  const port = Object.assign(new FakePort(), { registry });
  const uses: Uses = (read) =>
    registry.tag(
      (word: string) => word,
      "job.ts#0",
      () => [read()],
      ["b"],
      site,
    );
  const lab = await GraphLab.build((ssc) => declare(ssc, uses), { port });
  return {
    put: port.put,
    dropped: port.dropped,
    plans: port.plans,
    /** Runs a batch to its end. */
    async batch(time: number): Promise<void> {
      const outcome = await lab.batch(time, { blocks: [`recv/${time}`] });
      if (outcome.error !== undefined) throw outcome.error;
      lab.graph.release(outcome.time);
    },
  };
}

const broadcasts = (names: readonly string[]): string[] => names.filter((name) => name.startsWith("broadcast/"));

describe("the block of a broadcast variable", () => {
  test("created anew in each batch is dropped with the batch, although its value is kept", async () => {
    const job = await build((ssc, uses) =>
      ssc
        .socketTextStream("h", 1)
        .transform((rdd) => {
          const table = ssc.broadcast("the same value");
          return rdd.map(uses(() => table));
        })
        .print(),
    );
    for (let i = 1; i <= 3; i++) {
      await job.batch(i * 1000);
      expect(job.dropped).toEqual(job.put);
      expect(job.put).toHaveLength(i);
    }
  });

  test("is kept for as long as a window looks back on a batch that used it", async () => {
    const job = await build((ssc, uses) =>
      ssc
        .socketTextStream("h", 1)
        .transform((rdd) => {
          const table = ssc.broadcast("the same value");
          return rdd.map(uses(() => table));
        })
        .window("3s")
        .count()
        .print(),
    );
    for (let i = 1; i <= 6; i++) await job.batch(i * 1000);
    expect(job.put).toEqual([0, 1, 2, 3, 4, 5].map((id) => `broadcast/${id}`));
    expect(broadcasts(job.dropped)).toEqual(job.put.slice(0, 3));
  });

  test("that a later batch uses before it is dropped is not sent again", async () => {
    const job = await build((ssc, uses) => {
      let table: Broadcast<string> | undefined;
      ssc
        .socketTextStream("h", 1)
        .transform((rdd) => {
          table ??= ssc.broadcast("made once");
          return rdd.map(uses(() => table));
        })
        .window("2s")
        .print();
    });
    for (let i = 1; i <= 5; i++) await job.batch(i * 1000);
    expect(job.put).toEqual(["broadcast/0"]);
    expect(broadcasts(job.dropped)).toEqual([]);
  });

  test("is put again under another name when a batch uses it after it was dropped", async () => {
    const job = await build((ssc, uses) => {
      let table: Broadcast<string> | undefined;
      ssc
        .socketTextStream("h", 1)
        .transform((rdd, time) => {
          table ??= ssc.broadcast("made once");
          return time === 2000 ? rdd : rdd.map(uses(() => table));
        })
        .print();
    });
    for (let i = 1; i <= 3; i++) await job.batch(i * 1000);
    expect(job.put).toEqual(["broadcast/0", "broadcast/0.1"]);
    expect(job.dropped).toEqual(job.put);
    expect(job.plans.at(-1)?.stages[0]?.broadcasts.map(({ id }) => id)).toEqual(["broadcast/0.1"]);
  });

  test("is kept if it was created in build", async () => {
    const job = await build((ssc, uses) => {
      const table = ssc.broadcast("a table");
      ssc
        .socketTextStream("h", 1)
        .map(uses(() => table))
        .print();
    });
    for (let i = 1; i <= 3; i++) await job.batch(i * 1000);
    expect(job.put).toEqual(["broadcast/0"]);
    expect(job.dropped).toEqual([]);
  });

  test("is kept if an RDD that lasts as long as the job was computed with it, and may have to be recomputed", async () => {
    const job = await build((ssc, uses) => {
      let table: Broadcast<string> | undefined;
      const known = ssc
        .parallelize(["a", "b"])
        .map(uses(() => table))
        .persist();
      ssc
        .socketTextStream("h", 1)
        .transform((rdd) => {
          table ??= ssc.broadcast("made in a batch");
          return rdd.union(known);
        })
        .print();
    });
    await job.batch(1000);
    await job.batch(2000);
    expect(job.put).toEqual(["broadcast/0"]);
    expect(broadcasts(job.dropped)).toEqual([]);
  });
});

test("the blocks of an action between two batches are released when the next batch begins", async () => {
  let between = (): Promise<number> => Promise.resolve(0);
  const job = await build((ssc, uses) =>
    ssc.socketTextStream("h", 1).foreachRDD((_, time) => {
      if (time !== 1000) return;
      const table = ssc.broadcast("x");
      const words = ssc.parallelize(["b", "a"]).map(uses(() => table));
      between = () => words.repartition(2).count();
    }),
  );
  await job.batch(1000);
  await between();
  expect(job.put).toEqual(["broadcast/0"]);
  expect(job.dropped).toEqual([]);
  await job.batch(2000);
  expect(job.dropped).toEqual(["broadcast/0", "shuffle 0"]);
});
