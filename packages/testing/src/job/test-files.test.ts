import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { expect, onTestFinished, test } from "vitest";
import { testJob } from "./test-job.ts";

test("a file that a test moves in belongs to the next batch, whatever the machine's clock says", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-test-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "in"));
  const put = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text);
    renameSync(join(folder, name), join(folder, "in", name));
  };
  put("before", "there when the job began\n");
  const job = defineJob({ name: "files", batchInterval: "1s" }, (ssc) =>
    ssc.textFileStream(join(folder, "in")).print(),
  );
  const t = await testJob(job);
  await t.advance("1s");
  expect(t.printed()).toEqual([]);
  put("first", "to be\n");
  await t.advance("1s");
  expect(t.printed()).toEqual(["to be"]);
  await t.advance("1s");
  expect(t.printed()).toEqual([]);
  put("second", "or not\n");
  await t.advance("1s");
  expect(t.printed()).toEqual(["or not"]);
  await t.stop();
});
