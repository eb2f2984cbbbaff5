import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type StreamingContext } from "@millrace/api";
import { afterEach, describe, expect, test } from "vitest";
import { testJob } from "./test-job.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(build: (ssc: StreamingContext) => unknown, startTime = 0) {
  const job = await testJob(defineJob({ name: "files", batchInterval: "1s" }, build), { startTime });
  closing.push(() => job.stop());
  return job;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "millrace-testing-"));
  closing.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

describe("a stream of files under test", () => {
  test("finds the files it is fed, one per call, even if the directory does not exist", async () => {
    const t = await start((ssc) => ssc.textFileStream("/no/such/logs").glom().print());
    t.feed("/no/such/logs", ["a", "b"]);
    t.feed("textFileStream /no/such/logs", ["c"]);
    await t.advance("1s");
    expect(t.printed()).toEqual([["a", "b"], ["c"]]);
    await t.advance("2s");
    expect(t.printed()).toEqual([]);
    expect(t.sources).toEqual(["textFileStream /no/such/logs"]);
  });

  test("is fed bytes if its records are bytes", async () => {
    const t = await start((ssc) =>
      ssc
        .binaryRecordsStream("measurements", 2)
        .map((record) => [...record])
        .print(),
    );
    t.feed("measurements", [Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    await t.advance("1s");
    expect(t.printed()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => t.feed("measurements", [7])).toThrow("[TEST_FEED_REFUSED]");
  });

  test("finds real files created after the start, in the next batch, however late by the machine's clock", async () => {
    const path = await folder();
    await writeFile(join(path, "before.txt"), "old\n");
    const t = await start((ssc) => ssc.textFileStream(path).print());
    await t.advance("5min");
    expect(t.printed()).toEqual([]);
    await writeFile(join(path, "after.txt"), "new\n");
    await t.advance("1s");
    expect(t.printed()).toEqual(["new"]);
  });

  test("assigns each file that is moved in to one batch", async () => {
    const path = await folder();
    await mkdir(join(path, "in"));
    const put = async (name: string, text: string): Promise<void> => {
      await writeFile(join(path, name), text);
      await rename(join(path, name), join(path, "in", name));
    };
    const t = await start((ssc) => ssc.textFileStream(join(path, "in")).print());
    const seen: unknown[] = [];
    for (const text of ["to be\n", undefined, "or not\n"]) {
      if (text !== undefined) await put(`file-${seen.length}`, text);
      await t.advance("1s");
      seen.push(t.printed());
    }
    expect(seen).toEqual([["to be"], [], ["or not"]]);
  });

  test("reads files from before the start if it is to, with their real age", async () => {
    const path = await folder();
    await writeFile(join(path, "before.txt"), "old\n");
    const t = await start((ssc) => ssc.fileStream(path, { newFilesOnly: false }).print(), 100_000);
    await t.advance("1s");
    expect(t.printed()).toEqual(["old"]);
  });

  test("with wildcards is fed real files only", async () => {
    const path = await folder();
    await mkdir(join(path, "a"));
    const t = await start((ssc) => ssc.textFileStream(`${path}/*`).print());
    expect(() => t.feed(`${path}/*`, ["x"])).toThrow("[TEST_FEED_REFUSED]");
    await writeFile(join(path, "a", "file"), "y\n");
    await t.advance("1s");
    expect(t.printed()).toEqual(["y"]);
  });
});
