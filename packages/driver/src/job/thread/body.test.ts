import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { JobRegistry } from "@millrace/api/engine";
import { deferred, epochMs, ManualClock } from "@millrace/base";
import { FileSystems } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { realProcesses } from "../../lease/processes.ts";
import { BatchJournal } from "./batch-journal.ts";
import { JobThreadBody } from "./body.ts";
import type { FromJobThread } from "./protocol.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-body-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Its first write to the log waits until the test fails it. */
class FullOnce extends LocalFileSystem {
  readonly full = deferred<void>();
  writes = 0;

  override async writeNew(...args: Parameters<LocalFileSystem["writeNew"]>): Promise<boolean> {
    if (args[0].includes("/batches/")) {
      this.writes += 1;
      await this.full.promise;
    }
    return super.writeNew(...args);
  }
}

test("a job that could not take over its log writes no entry into the log of an earlier run", async () => {
  const files = new FullOnce();
  const job = defineJob({ name: "job", batchInterval: "1s", checkpointDir: directory }, (ssc) => {
    ssc.queueStream([[1]]).foreachRDD(() => undefined);
  });
  const posted: FromJobThread["type"][] = [];
  let wanted: FromJobThread["type"] | undefined;
  let arrived = (): void => undefined;
  const next = (type: FromJobThread["type"]): Promise<void> =>
    new Promise((resolve) => {
      [wanted, arrived] = [type, resolve];
    });
  const body = new JobThreadBody({
    load: async () => ({ exported: job, registry: new JobRegistry() }),
    loadJournal: async () => BatchJournal,
    post: ({ type }) => {
      posted.push(type);
      if (type === wanted) arrived();
    },
    leave: () => undefined,
    clock: new ManualClock(epochMs(0)),
    processes: realProcesses(),
    files: new FileSystems({ systems: [files], directory }),
    write: () => undefined,
  });
  const built = next("built");
  body.onMessage({
    type: "build",
    name: undefined,
    args: [],
    drop: [],
    compareWith: undefined,
    conf: {},
    directory,
    looksOnly: false,
    probes: false,
    connects: false,
    availableNow: false,
    heapBytes: undefined,
  });
  await built;
  body.onMessage({ type: "startBatches", defaultParallelism: 1, zeroTime: epochMs(0), received: new Map() });
  body.onMessage({ type: "runBatch", input: { time: epochMs(1_000), inputs: new Map() }, states: new Map() });
  const failed = next("failed");
  files.full.reject(new Error("the disk is full"));
  await failed;
  const ended = next("ended");
  body.onMessage({ type: "end", error: undefined });
  await ended;
  expect([posted, files.writes]).toEqual([["heap", "built", "warn", "failed", "ended"], 1]);
});
