import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobId, SystemClock, silentLogger } from "@millrace/base";
import { expect, onTestFinished, test } from "vitest";
import { ManagedJob } from "./managed-job.ts";

test("a job whose files cannot be written is refused with the directory and the remedy", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-managed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "data"), "no directory");
  const nothing = (): void => {};
  const created = ManagedJob.create({
    id: jobId("j-1"),
    name: undefined,
    fallbackName: "j",
    packed: new Uint8Array(),
    args: [],
    conf: {},
    directory: join(folder, "data", "jobs"),
    listen: { host: "127.0.0.1", token: "" },
    heapBytes: 2 ** 30,
    clock: new SystemClock(),
    log: silentLogger(),
    executorsKnown: () => 0,
    startExecutors: nothing,
    stopExecutors: nothing,
    onEnded: nothing,
  });
  await expect(created).rejects.toThrow(/^\[DIRECTORY_UNUSABLE\] .*data.jobs: ENOTDIR.*--data-dir/);
});
