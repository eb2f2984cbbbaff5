import { defineJob } from "@millrace/api";
import { expect, test } from "vitest";
import { type TestJob, testJob } from "./test-job.ts";

test("a job that stops itself gracefully has its last batch at once, with the next batch time and the files of that time", async () => {
  const seen: unknown[] = [];
  const t: TestJob = await testJob(
    defineJob({ name: "stops", batchInterval: "1s" }, (ssc) => {
      ssc.textFileStream("in").foreachRDD(async (rdd, time) => {
        seen.push([time, await rdd.collect()]);
        if (time !== 1000) return;
        t.feed("in", ["late"]);
        ssc.stop({ graceful: true });
      });
    }),
  );
  await t.advance("1s");
  await t.stop();
  expect(seen).toEqual([
    [1000, []],
    [2000, ["late"]],
  ]);
});
