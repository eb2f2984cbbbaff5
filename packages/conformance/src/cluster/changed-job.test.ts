import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type JobDefinition, type StreamingContext } from "@millrace/api";
import { epochMs } from "@millrace/base";
import { inspectCheckpoint } from "@millrace/driver/checkpoint";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, type MemoryClusterOptions, START } from "./memory-cluster.fixture.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-changed-"));
  mkdirSync(join(root, "in"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A file that the batch after a time reads. */
function feed(name: string, lines: string, at: number): void {
  const path = join(root, "in", name);
  writeFileSync(path, lines);
  utimesSync(path, at / 1_000, at / 1_000);
}

const job = (build: (ssc: StreamingContext) => void): JobDefinition =>
  defineJob({ name: "words", batchInterval: "1s", checkpointDir: join(root, "checkpoint") }, build);

const count = (added: readonly number[], total = 0): number => total + added.length;
const one = (word: string): [string, number] => [word, 1];
const lines = (ssc: StreamingContext) => ssc.fileStream(join(root, "in"), { newFilesOnly: false });
const save = (of: { saveAsTextFiles(prefix: string): { named(id: string): unknown } }): void =>
  void of.saveAsTextFiles(join(root, "out", "totals")).named("saved");

/** Runs a job for some batches from a time on, and kills it. @returns Its warnings; how it ended, if it did. */
async function run(
  definition: JobDefinition,
  at: number,
  options: MemoryClusterOptions & { readonly batches: number; readonly slots?: number },
): Promise<{ readonly warnings: readonly string[]; readonly end: string | undefined }> {
  const { batches, slots = 1, ...rest } = options;
  const cluster = await MemoryCluster.start(definition, {
    ...{ executors: 2, directory: mkdtempSync(join(root, "work-")), at: epochMs(at) },
    ...rest,
  });
  await cluster.idle();
  for (const name of ["e1", "e2"]) await cluster.join(name, slots);
  await cluster.pass(batches * 1_000 + 100);
  const { warnings, end } = cluster;
  cluster.kill();
  await cluster.idle();
  await cluster.close();
  return { warnings, end };
}

/** The last output that is visible. */
function totals(): readonly string[] {
  const last = readdirSync(join(root, "out"))
    .filter((name) => !name.startsWith("."))
    .sort()
    .at(-1);
  const directory = join(root, "out", last ?? "none");
  const parts = readdirSync(directory).filter((name) => name.startsWith("part-"));
  return parts.flatMap((part) => readFileSync(join(directory, part), "utf8").split("\n").filter(Boolean)).sort();
}

const first = (): JobDefinition =>
  job((ssc) => save(lines(ssc).named("logs").map(one).updateStateByKey<number>(count, 2).named("totals")));

const LATER = START + 5_000;

async function ranBefore(definition: JobDefinition = first()): Promise<void> {
  feed("a", "a\nb\na", START + 500);
  await run(definition, START, { batches: 2 });
  expect(totals()).toEqual(['["a",2]', '["b",1]']);
  feed("b", "b\nc", START + 2_500);
}

describe("a job goes on from its checkpoint after", () => {
  test.each<[string, () => JobDefinition, { readonly slots?: number }]>([
    [
      "operations before and after the state, others in its way, and another function",
      () =>
        job((ssc) => {
          const words = lines(ssc)
            .named("logs")
            .filter(() => true);
          words.map(one).updateStateByKey<number>(count).named("more").print();
          words
            .map(one)
            .mapWithState(() => undefined)
            .named("even-more")
            .print();
          const again = (added: readonly number[], total: number | undefined) => (total ?? 0) + added.length;
          save(words.map(one).updateStateByKey<number>(again, 2).named("totals"));
        }),
      {},
    ],
    [
      "one source more, before the one that was there, and one output more",
      () =>
        job((ssc) => {
          ssc.rateStream(1).named("ticks").print();
          const counted = lines(ssc).named("logs").map(one).updateStateByKey<number>(count, 2).named("totals");
          counted.print();
          save(counted);
        }),
      {},
    ],
    [
      "twice the partitions",
      () => job((ssc) => save(lines(ssc).named("logs").map(one).updateStateByKey<number>(count, 4).named("totals"))),
      {},
    ],
    [
      "fewer partitions, on more slots",
      () => job((ssc) => save(lines(ssc).named("logs").map(one).updateStateByKey<number>(count, 1).named("totals"))),
      { slots: 2 },
    ],
    [
      "another output in place of the one that was there",
      () =>
        job((ssc) => {
          const counted = lines(ssc).named("logs").map(one).updateStateByKey<number>(count, 2).named("totals");
          counted.saveAsTextFiles(join(root, "out", "totals")).named("other");
        }),
      {},
    ],
  ])("%s", async (_, changed, options) => {
    await ranBefore();
    await run(changed(), LATER, { batches: 1, ...options });
    expect(totals()).toEqual(['["a",2]', '["b",2]', '["c",1]']);
  });

  test("another source in place of the one that was there, whose position is dropped", async () => {
    await ranBefore();
    const changed = job((ssc) => {
      const words = ssc.queueStream([["a"]]).named("queue");
      save(words.map(one).updateStateByKey<number>(count, 2).named("totals"));
    });
    const refused = await run(changed, LATER, { batches: 1 });
    expect(refused.end).toMatch(
      /CHECKPOINT_MISMATCH.*The source "logs".*which files were read \(1 are known\).*--drop logs/,
    );
    const { warnings } = await run(changed, LATER, { batches: 1, drop: ["logs"] });
    expect(warnings).toContain("CHECKPOINT_CHANGED");
    expect(totals()).toEqual(['["a",3]', '["b",1]']);
  });
});

describe("a job that does not take over a state", () => {
  const renamed = (): JobDefinition =>
    job((ssc) => save(lines(ssc).named("logs").map(one).updateStateByKey<number>(count, 2).named("sums")));

  test("is not started, and the checkpoint stays as it was", async () => {
    await ranBefore();
    const { end } = await run(renamed(), LATER, { batches: 1 });
    expect(end).toMatch(/CHECKPOINT_MISMATCH.*"totals".*keys in . of 2 partitions.*--drop totals/);
    await run(first(), LATER, { batches: 1 });
    expect(totals()).toEqual(['["a",2]', '["b",2]', '["c",1]']);
  });

  test("starts without it when told to, and what gets its name later begins without data", async () => {
    await ranBefore();
    await run(renamed(), LATER, { batches: 1, drop: ["totals"] });
    expect(totals()).toEqual(['["b",1]', '["c",1]']);
    feed("c", "c", LATER + 2_500);
    const back = job((ssc) => {
      const words = lines(ssc).named("logs").map(one);
      words.updateStateByKey<number>(count, 2).named("sums").print();
      save(words.updateStateByKey<number>(count, 2).named("totals"));
    });
    await run(back, LATER + 5_000, { batches: 1 });
    expect(totals()).toEqual(['["c",1]']);
  });

  test("takes no other's by its place", async () => {
    const unnamed = (changed: boolean): JobDefinition =>
      job((ssc) => {
        const words = lines(ssc).named("logs");
        if (changed)
          words
            .map((word): [string, number] => [word.toUpperCase(), 5])
            .reduceByKey(Math.max)
            .updateStateByKey<number>((added) => added[0] ?? 0)
            .print();
        save(words.map(one).updateStateByKey<number>(count, 2));
      });
    await ranBefore(unnamed(false));
    const { end } = await run(unnamed(true), LATER, { batches: 1 });
    expect(end).toMatch(/CHECKPOINT_MISMATCH.*The state "updateStateByKey-0": it has its name by its place/);
    await run(unnamed(false), LATER, { batches: 1 });
    expect(totals()).toEqual(['["a",2]', '["b",2]', '["c",1]']);
  });
});

test("what a checkpoint has can be looked at", async () => {
  await ranBefore();
  const found = await inspectCheckpoint(join(root, "checkpoint"));
  expect(found).toMatchObject({
    ...{ job: "words", batchIntervalMs: 1_000, epoch: 1, committed: START + 2_000, pending: undefined },
    states: [{ name: "totals", given: true, kind: "updateStateByKey", version: 1, partitions: 2, keys: 2 }],
    sources: [{ name: "logs", kind: "files", has: "which files were read (1 are known)" }],
    outputs: [{ name: "saved", has: undefined }],
    ...{ dropped: [], leftovers: [], damaged: [] },
  });
  expect(found.bytes.log).toBeGreaterThan(0);
  const [delta = ""] = readdirSync(join(root, "checkpoint", "state", "totals", "2-0"));
  writeFileSync(join(root, "checkpoint", "state", "totals", "2-0", delta), "not what it was");
  mkdirSync(join(root, "checkpoint", "state", "of-others"));
  const after = await inspectCheckpoint(join(root, "checkpoint"));
  expect(after).toMatchObject({
    states: [{ keys: undefined }],
    damaged: [{ path: expect.stringContaining(delta), why: expect.stringContaining("STATE_DELTA_CORRUPT") }],
    leftovers: [{ folder: expect.stringContaining("of-others"), bytes: 0 }],
  });
});

test("a directory without a checkpoint has nothing to look at", async () => {
  await expect(inspectCheckpoint(join(root, "in"))).rejects.toThrow(
    /CHECKPOINT_NOT_FOUND.*in has no checkpoint of a job/,
  );
});

describe("the values of a state", () => {
  type Total = { readonly n: number; readonly since: string };
  const asRecords = (added: readonly number[], total: Total = { n: 0, since: "now" }): Total => ({
    ...total,
    n: total.n + added.length,
  });
  const migrated = (
    version: number,
    migrate: ((old: unknown, from: number, key: string) => Total | undefined) | undefined,
    numPartitions = 2,
  ): JobDefinition =>
    job((ssc) =>
      save(
        lines(ssc)
          .named("logs")
          .map(one)
          .updateStateByKey<Total>(asRecords, {
            numPartitions,
            version,
            onlyUpdated: true,
            ...(migrate && { migrate }),
          })
          .named("totals"),
      ),
    );
  const fromNumbers = (old: unknown, from: number, key: string): Total => ({ n: Number(old), since: `${from} ${key}` });

  test("of an older version are migrated when they are read, each once", async () => {
    await ranBefore();
    await run(migrated(2, fromNumbers), LATER, { batches: 1 });
    const expected = ['["a",{"n":2,"since":"1 a"}]', '["b",{"n":2,"since":"1 b"}]', '["c",{"n":1,"since":"now"}]'];
    expect(totals()).toEqual(expected);
    // "a" was not touched: it still has the first version, and is migrated again, the others are not
    const again = (_: unknown, from: number): Total => ({ n: -from, since: "again" });
    await run(migrated(3, again), LATER + 5_000, { batches: 1 });
    expect(totals()).toEqual([
      '["a",{"n":-1,"since":"again"}]',
      '["b",{"n":-2,"since":"again"}]',
      '["c",{"n":-2,"since":"again"}]',
    ]);
  });

  test("are migrated when the number of partitions changes too, and are of the new version then", async () => {
    await ranBefore();
    await run(migrated(2, fromNumbers, 3), LATER, { batches: 1 });
    const { end } = await run(migrated(2, undefined, 3), LATER + 5_000, { batches: 1 });
    expect(end).toBeUndefined();
    expect(totals().map((line) => line.slice(0, 4))).toEqual(['["a"', '["b"', '["c"']);
  });

  test("are forgotten by a migrate that returns undefined", async () => {
    await ranBefore();
    await run(
      migrated(2, (old, from, key) => (key === "a" ? undefined : fromNumbers(old, from, key))),
      LATER,
      { batches: 1 },
    );
    expect(totals()).toEqual(['["b",{"n":2,"since":"1 b"}]', '["c",{"n":1,"since":"now"}]']);
  });

  test.each<[string, () => JobDefinition, RegExp]>([
    [
      "a version without migrate",
      () => migrated(2, undefined),
      /CHECKPOINT_MISMATCH.*values have version 1.*no function migrate/,
    ],
    [
      "a migrate that throws",
      () =>
        migrated(2, () => {
          throw new RangeError("no");
        }),
      /STATE_MIGRATE_FAILED.*migrate of updateStateByKey.*threw RangeError: no .*for the state of the key '[ab]', from version 1 to 2/,
    ],
    [
      "one whose result cannot be kept",
      () => migrated(2, () => ({ n: 1, since: (() => "") as unknown as string })),
      /RECORD_NOT_ENCODABLE.*the state of the key '[ab]'/,
    ],
  ])("stay as they were after %s", async (_, changed, message) => {
    await ranBefore();
    const { end } = await run(changed(), LATER, { batches: 1, conf: { "task.attempts.max": "1" } });
    expect(end).toMatch(message);
    await run(first(), LATER, { batches: 1 });
    expect(totals()).toEqual(['["a",2]', '["b",2]', '["c",1]']);
  });

  test("of a newer version are refused", async () => {
    await ranBefore();
    await run(migrated(2, fromNumbers), LATER, { batches: 1 });
    const { end } = await run(first(), LATER + 5_000, { batches: 1 });
    expect(end).toMatch(/CHECKPOINT_MISMATCH.*values have version 2.*has version 1, which is older/);
  });

  test("that are still older without a migrate are named", async () => {
    await ranBefore();
    await run(migrated(2, fromNumbers), LATER, { batches: 1 });
    const { end } = await run(migrated(2, undefined), LATER + 5_000, { batches: 1 });
    expect(end).toMatch(/STATE_NOT_MIGRATED.*a value of version 1, of the key 'a'/);
  });

  test("of mapWithState and its snapshots are migrated too", async () => {
    const mapped = (version: number): JobDefinition =>
      job((ssc) => {
        const states = lines(ssc)
          .named("logs")
          .map(one)
          .mapWithState(
            (_, n, state: { getOption(): number | undefined; update(n: number): void }) => {
              state.update((state.getOption() ?? 0) + (n ?? 0));
              return undefined;
            },
            { numPartitions: 2, version, ...(version > 1 && { migrate: (old: unknown) => Number(old) * 100 }) },
          )
          .named("totals");
        save(states.stateSnapshots());
      });
    await ranBefore(mapped(1));
    await run(mapped(2), LATER, { batches: 1 });
    expect(totals()).toEqual(['["a",200]', '["b",101]', '["c",1]']);
  });

  test("that cannot be kept are named with their key", async () => {
    feed("a", "a\nb", START + 500);
    const bad = job((ssc) => {
      const state = (added: readonly number[]) => (added.length > 0 ? { at: () => 1 } : undefined);
      lines(ssc).named("logs").map(one).updateStateByKey<object>(state, 1).named("bad").print();
    });
    expect((await run(bad, START, { batches: 1 })).end).toMatch(
      /RECORD_NOT_ENCODABLE.*updateStateByKey.*the state of the key 'a': /,
    );
    const mapped = job((ssc) => {
      lines(ssc)
        .named("logs")
        .map(one)
        .mapWithState((_, __, state: { update(value: object): void }) => state.update({ at: () => 1 }), {
          numPartitions: 1,
        })
        .named("bad")
        .print();
    });
    rmSync(join(root, "checkpoint"), { recursive: true });
    expect((await run(mapped, LATER, { batches: 1 })).end).toMatch(
      /RECORD_NOT_ENCODABLE.*mapWithState.*the state of the key 'a': /,
    );
  });
});
