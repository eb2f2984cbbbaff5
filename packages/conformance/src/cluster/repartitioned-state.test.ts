import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type JobDefinition } from "@millrace/api";
import { epochMs } from "@millrace/base";
import { StateData } from "@millrace/driver/checkpoint";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";

const WORDS = [
  ["a", "b", "c"],
  ["b", "d"],
  ["a", "e"],
];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-repartitioned-"));
  mkdirSync(join(root, "in"));
  for (const [batch, words] of WORDS.entries()) {
    const file = join(root, "in", `file-${batch}`);
    const at = (START + batch * 1_000 + 500) / 1_000;
    writeFileSync(file, words.join("\n"));
    utimesSync(file, at, at);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

function counts(numPartitions: number): JobDefinition {
  const options = { name: "counts", batchInterval: "1s", checkpointDir: join(root, "checkpoint") } as const;
  return defineJob(options, (ssc) => {
    const ones = ssc.fileStream(join(root, "in"), { newFilesOnly: false }).map((word): [string, number] => [word, 1]);
    const sum = (added: readonly number[], total = 0): number => added.reduce((a, b) => a + b, total);
    ones.updateStateByKey<number>(sum, { numPartitions }).named("hashed").print();
    const getPartition = (word: string): number => (word === "a" ? 1 : 0);
    ones.updateStateByKey<number>(sum, { partitioner: { numPartitions, getPartition } }).named("placed").print();
  });
}

test("state is read and compared across a change of its number of partitions, however its keys are placed", async () => {
  let at = epochMs(START);
  for (const [partitions, batches] of [
    [2, 2],
    [3, 1],
  ] as const) {
    const directory = mkdtempSync(join(root, "work-"));
    const cluster = await MemoryCluster.start(counts(partitions), { executors: 1, directory, at });
    await cluster.idle();
    await cluster.join("e1");
    const until = at + batches * 1_000 + 100;
    while (cluster.clock.now() < until) await cluster.pass(100);
    at = epochMs(cluster.clock.now());
    cluster.kill();
    await cluster.idle();
  }
  const data = await StateData.open(join(root, "checkpoint"));
  expect(data.last).toBe(START + 3_000);
  for (const operator of ["hashed", "placed"]) {
    const found: string[] = [];
    for await (const rows of data.scan({ operator, batch: START + 1_000 }))
      for (const { key, state } of rows) found.push(`${key}=${state}`);
    expect(found.sort()).toEqual(["a=1", "b=1", "c=1"]);
    const changed: string[] = [];
    for await (const changes of data.diff({ operator, from: START + 1_000 }))
      for (const { key, before, after } of changes) changed.push(`${key}: ${before} ${after}`);
    expect(changed.sort()).toEqual(["a: 1 2", "b: 1 2", "d: undefined 1", "e: undefined 1"]);
  }
});
