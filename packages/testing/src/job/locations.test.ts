import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type StreamingContext } from "@millrace/api";
import { afterEach, describe, expect, test } from "vitest";
import { testJob } from "./test-job.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(build: (ssc: StreamingContext) => unknown, options: { readonly checkpointDir?: string } = {}) {
  const job = await testJob(defineJob({ name: "locations", batchInterval: "1s", ...options }, build));
  closing.push(() => job.stop());
  return job;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "millrace-locations-"));
  closing.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

const printed = (ssc: StreamingContext) => ssc.queueStream<string>([["x"]]);

describe("a location that no file system serves is refused when the job is declared", () => {
  const declared: readonly [string, (ssc: StreamingContext, at: string) => unknown][] = [
    ["textFileStream", (ssc, at) => ssc.textFileStream(at).print()],
    ["fileStream", (ssc, at) => ssc.fileStream(at).print()],
    ["binaryRecordsStream", (ssc, at) => ssc.binaryRecordsStream(at, 4).print()],
    ["textFile", (ssc, at) => ssc.textFile(at)],
    ["wholeTextFiles", (ssc, at) => ssc.wholeTextFiles(at)],
    ["binaryFiles", (ssc, at) => ssc.binaryFiles(at)],
    ["binaryRecords", (ssc, at) => ssc.binaryRecords(at, 4)],
    ["objectFile", (ssc, at) => ssc.objectFile(at)],
    ["saveAsTextFiles", (ssc, at) => printed(ssc).saveAsTextFiles(at)],
    ["saveAsObjectFiles", (ssc, at) => printed(ssc).saveAsObjectFiles(at)],
    ["checkpoint", (ssc, at) => ssc.checkpoint(at)],
  ];

  test.each(declared)("by %s", async (operator, declare) => {
    for (const at of ["s3://bucket/x", "hdfs://host/x/*", "file://host/x"]) {
      const refused = start((ssc) => {
        declare(ssc, at);
        printed(ssc).print();
      });
      await expect(refused).rejects.toThrow(`[FILE_SYSTEM_UNKNOWN] ${operator}: ${JSON.stringify(at)}`);
    }
  });

  test("by checkpointDir", async () => {
    const refused = start((ssc) => printed(ssc).print(), { checkpointDir: "s3://bucket/checkpoint" });
    await expect(refused).rejects.toThrow("[FILE_SYSTEM_UNKNOWN] checkpointDir:");
  });
});

describe.each(["saveAsTextFile", "saveAsObjectFile"] as const)("in a batch, %s", (operator) => {
  test("refuses such a location and writes nothing", async () => {
    const before = await readdir(".");
    const t = await start((ssc) => printed(ssc).foreachRDD((rdd) => rdd[operator]("s3://bucket/x")));
    await expect(t.advance("1s")).rejects.toThrow(`[FILE_SYSTEM_UNKNOWN] ${operator}: "s3://bucket/x"`);
    expect(await readdir(".")).toEqual(before);
  });
});

describe("a file: location", () => {
  test.each([
    ["file:", (path: string) => `file:${path.replaceAll(" ", "%20")}`],
    ["file://", (path: string) => `file://${path.replaceAll(" ", "%20")}`],
    ["no scheme", (path: string) => path],
  ])("is the same for reads and writes, with wildcards too: %s", async (_, located) => {
    const root = join(await folder(), "a b");
    await mkdir(join(root, "in1"), { recursive: true });
    await writeFile(join(root, "in1", "x.txt"), "one\ntwo\n");
    const t = await start((ssc) => {
      ssc.textFileStream(located(join(root, "in?"))).print();
      printed(ssc)
        .transform(() => ssc.textFile(located(join(root, "in*"))))
        .saveAsTextFiles(located(join(root, "out")));
    });
    await writeFile(join(root, "in1", "y.txt"), "three\n");
    await t.advance("1s");
    expect(t.printed()).toEqual(["three"]);
    expect((await readdir(root)).sort()).toEqual(["in1", "out-1000"]);
    expect((await readdir(join(root, "out-1000"))).includes("_SUCCESS")).toBe(true);
  });
});
