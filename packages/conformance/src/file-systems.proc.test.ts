import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type FileEntry, type Location, locations } from "millrace";
import { afterEach, describe, expect, test } from "vitest";
import { BoxFiles } from "../jobs/box/box-files.ts";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

const PLACE = locations.of("box://bucket/place");

async function box() {
  const root = await mkdtemp(join(tmpdir(), "millrace-box-"));
  later(() => rm(root, { recursive: true, force: true }));
  const files = new BoxFiles(root);
  const put = (name: string, bytes: Uint8Array) => files.write(locations.within(PLACE, name), [bytes]);
  const entries = async (directory: Location) => {
    const found: FileEntry[] = [];
    for await (const page of files.list(directory)) found.push(...page);
    return found;
  };
  return { root, files, put, entries };
}

describe.each(["local[2]", "local-cluster[2,1]"])("on %s, a file system of the job's own", (master) => {
  test("is read and written by driver and tasks, and keeps state", async () => {
    const { root, files, put, entries } = await box();
    await put("in/plain/before", Buffer.from("no\n"));
    await put("in/zipped/before", Buffer.from("no\n"));
    const job = TestProcess.millrace(["run", jobFile("boxes"), "--master", master, "--", PLACE], {
      env: { BOX_ROOT: root },
    });
    later(() => job.end());
    await job.says(/running on/);
    await put("in/zipped/new.gz", gzipSync("one\ntwo\n"));
    await Promise.all([job.says(/^count one 1$/), job.says(/^count two 1$/)]);
    await put("in/plain/new", Buffer.from("two\n333\n"));
    await Promise.all([/^count two 2$/, /^objects 4$/, /^whole .*\/new 8$/, /^bytes 2$/].map((line) => job.says(line)));
    job.signal("SIGINT");
    expect((await job.ended).code).toBe(0);
    const saved = (await entries(PLACE)).filter(({ name }) => name.startsWith("lines-"));
    const lines: string[] = [];
    for (const { path } of saved) {
      const parts = await entries(path);
      expect(parts.map((part) => part.name)).toContain("_SUCCESS");
      for (const part of parts)
        lines.push(
          ...Buffer.from(await files.read(part.path))
            .toString()
            .split("\n"),
        );
    }
    expect(lines.filter((line) => line !== "").sort()).toEqual(["333", "one", "two", "two"]);
    expect(await entries(locations.of("box://bucket/checkpoint/state"))).toHaveLength(1);
  });
});
