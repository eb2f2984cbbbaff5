import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobId, SystemClock, silentLogger } from "@millrace/base";
import { API_VERSION, makeArtefact, packArtefact } from "@millrace/bundler";
import { expect, onTestFinished, test } from "vitest";
import { ManagedJob } from "./managed-job.ts";

const nothing = (): void => {};

async function create(parts: { readonly data: string; readonly packed: Uint8Array }): Promise<ManagedJob> {
  const options = {
    id: jobId("j-1"),
    name: undefined,
    fallbackName: "j",
    args: [],
    drop: [],
    availableNow: false,
    conf: {},
    directory: join(parts.data, "jobs"),
    listen: { host: "127.0.0.1" },
    heapBytes: 2 ** 30,
    clock: new SystemClock(),
    log: silentLogger(),
    executorsKnown: () => 0,
    startExecutors: nothing,
    holdExecutors: nothing,
    stopExecutors: nothing,
    onWaits: nothing,
    onEnded: nothing,
  };
  return ManagedJob.create(options, parts.packed);
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-managed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a job whose files cannot be written is refused with the directory and the remedy", async () => {
  const data = join(temporary(), "data");
  writeFileSync(data, "no directory");
  await expect(create({ data, packed: new Uint8Array() })).rejects.toThrow(
    /^\[DIRECTORY_UNUSABLE\] .*data.jobs: ENOTDIR.*--data-dir/,
  );
});

test("a job that was bundled for another major version of the API is refused, with both named", async () => {
  const manifest = { entry: "chat.ts", apiVersion: "77.1.0", externals: [], files: [], functions: 0 };
  const packed = packArtefact(makeArtefact({ manifest, driver: "", executor: "" }));
  await expect(create({ data: temporary(), packed })).rejects.toThrow(
    `[ARTEFACT_VERSION] chat.ts was bundled for millrace 77.1.0, and this process runs millrace ${API_VERSION}, another major version`,
  );
});
