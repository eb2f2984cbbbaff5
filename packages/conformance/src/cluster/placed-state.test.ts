import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { epochMs } from "@millrace/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";

// A job with a partitioner of its own is started again, with another one.

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "millrace-placed-"));
  mkdirSync(join(home, "in"));
});

afterEach(() => rmSync(home, { recursive: true }));

/** Counts words of a file at a time. @returns How it ended, if it did. */
async function run(at: number, numPartitions: number, getPartition: (key: string) => number) {
  const definition = defineJob(
    { name: "words", batchInterval: "1s", checkpointDir: join(home, "checkpoint") },
    (ssc) => {
      ssc
        .fileStream(join(home, "in"), { newFilesOnly: false })
        .named("words")
        .map((word): [string, number] => [word, 1])
        .updateStateByKey<number>((added, total = 0) => total + added.length, {
          onlyUpdated: true,
          partitioner: { numPartitions, getPartition },
        })
        .named("totals")
        .saveAsTextFiles(join(home, "out", "totals"))
        .named("saved");
    },
  );
  const file = join(home, "in", String(at));
  writeFileSync(file, "a\n");
  utimesSync(file, at / 1_000, at / 1_000);
  const cluster = await MemoryCluster.start(definition, {
    ...{ executors: 1, directory: mkdtempSync(join(home, "work-")), at: epochMs(at) },
    conf: { "task.attempts.max": "1", "batches.missed": "one" },
  });
  await cluster.idle();
  await cluster.join("e1", 1);
  await cluster.pass(1_000);
  const { end } = cluster;
  await cluster.close();
  return end;
}

/** What the last batch has saved. */
function saved(): readonly string[] {
  const batches = readdirSync(join(home, "out")).sort();
  const last = join(home, "out", batches.at(-1) ?? "");
  const parts = readdirSync(last).filter((name) => name.startsWith("part-"));
  return parts.flatMap((name) => readFileSync(join(last, name), "utf8").split("\n")).filter((line) => line !== "");
}

test("state is found where the same partitioner places it", async () => {
  expect(await run(START, 2, () => 0)).toBeUndefined();
  expect(await run(START + 10_000, 2, () => 0)).toBeUndefined();
  expect(saved()).toEqual(['["a",2]']);
});

test("a partitioner that places keys elsewhere stops the job, and nothing is counted anew", async () => {
  expect(await run(START, 2, () => 0)).toBeUndefined();
  const before = readdirSync(join(home, "out"));
  expect(await run(START + 10_000, 2, () => 1)).toMatch(
    /failed: .*STATE_PARTITIONER_CHANGED.*the key 'a' in partition 0 of 2/,
  );
  expect(readdirSync(join(home, "out"))).toEqual(before);
});

test("with another number of partitions, state is placed anew", async () => {
  expect(await run(START, 2, () => 0)).toBeUndefined();
  expect(await run(START + 10_000, 3, () => 2)).toBeUndefined();
  expect(saved()).toEqual(['["a",2]']);
});
