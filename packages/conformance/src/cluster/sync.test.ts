import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { type BatchStep, epochMs, STEPS } from "@millrace/base";
import { LocalFileSystem } from "@millrace/storage";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";

// With `checkpoint.sync`, whatever makes something count is written after that is durable.

let home: string;
const done: string[] = [];

/** `delta`, `log`, `output`: what a path is of. */
function kindOf(path: string): string {
  if (/\.(delta|slice)$/.test(path)) return path.slice(path.lastIndexOf(".") + 1);
  if (path.endsWith(".log")) return "log";
  return path.includes("/whole/") || path.endsWith("totals") || /totals-\d+$/.test(path) ? "output" : "other";
}

const onStep = (message: unknown): void => {
  const { name, when } = message as BatchStep; // what the channel has
  if (when === "after") done.push(name);
};

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "millrace-sync-"));
  done.length = 0;
  subscribe(STEPS, onStep);
});

afterEach(() => {
  unsubscribe(STEPS, onStep);
  vi.restoreAllMocks();
  rmSync(home, { recursive: true });
});

/** What was done for one batch, in order. */
async function batch(sync: "on" | "off"): Promise<readonly string[]> {
  const { sync: real } = LocalFileSystem.prototype;
  vi.spyOn(LocalFileSystem.prototype, "sync").mockImplementation(async function (this: LocalFileSystem, ...args) {
    await real.apply(this, args);
    const [files, root] = args;
    done.push(`sync ${kindOf(files[0] ?? root)}`);
  });
  const definition = defineJob(
    { name: "words", batchInterval: "1s", checkpointDir: join(home, "checkpoint") },
    (ssc) => {
      ssc
        .fileStream(join(home, "in"), { newFilesOnly: false })
        .named("words")
        .map((word): [string, number] => [word, 1])
        .updateStateByKey<number>((added, total = 0) => total + added.length, { numPartitions: 1, onlyUpdated: true })
        .named("totals")
        .saveAsTextFiles(join(home, "out", "totals"))
        .named("saved");
    },
  );
  mkdirSync(join(home, "in"));
  writeFileSync(join(home, "in", "a"), "a\nb\na\n");
  utimesSync(join(home, "in", "a"), START / 1_000, START / 1_000);
  const cluster = await MemoryCluster.start(definition, {
    ...{ executors: 1, directory: mkdtempSync(join(home, "work-")), at: epochMs(START) },
    conf: { "checkpoint.sync": sync },
  });
  cluster.once(
    (one) => {
      const synced = one.what === "file" && one.message.type === "sync" && one.message.when === "after";
      if (synced && one.message.path.endsWith(".log")) done.push("sync appended");
      return false; // all of them
    },
    () => undefined,
  );
  await cluster.idle();
  await cluster.join("e1", 1);
  await cluster.pass(1_000);
  await cluster.close();
  return done.filter((one) => one !== "task" && one !== "release");
}

test("deltas and files of outputs are durable before the entry that says so, and that before outputs are visible", async () => {
  const all = await batch("on");
  expect(all.slice(all.indexOf("log.planned"), all.indexOf("log.committed") + 1)).toEqual([
    "log.planned",
    "delta",
    "sync delta",
    "staging",
    "sync output",
    "sync appended",
    "log.prepared",
    "sync output",
    "publish",
    "log.committed",
  ]);
  expect(all.indexOf("sync log")).toBe(0);
  expect(all.indexOf("log.base")).toBeGreaterThan(0);
});

test("without it, nothing is made durable", async () => {
  const all = await batch("off");
  expect(all).toContain("log.committed");
  expect(all.filter((one) => one.startsWith("sync"))).toEqual([]);
});
