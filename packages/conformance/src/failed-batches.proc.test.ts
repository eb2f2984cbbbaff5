import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

const GOES_ON = ["--conf", "batch.failure=continue"];
const TOLD =
  /\[BATCH_FAILED\] batch \S+Z failed: foreachRDD of queueStream.*: not this one \(at failing\.ts:9:\d+\).* Its input: queueStream.* 1 record\./;

describe("a failed batch that a job goes on without", () => {
  test("is told of once by run, counted in its last line, and makes it exit with 1", async () => {
    const args = ["run", jobFile("failing"), "--master", "local[1]", "--batches", "3", ...GOES_ON];
    const { code, stdout, stderr } = await TestProcess.millrace(args).ended;
    expect(code).toBe(1);
    expect(stdout.trim().split("\n")).toEqual(["first a", "second a", "first b", "first c", "second c"]);
    expect(stderr.match(/\[BATCH_FAILED\]/g)).toHaveLength(1);
    expect(stderr).toMatch(TOLD);
    expect(stderr.trim().split("\n").at(-1)).toBe("millrace: done, but 1 of 3 batches failed: see BATCH_FAILED above");
  });

  test("is in the log, the status and the batches of a job on a cluster", async () => {
    const cluster = await TestCluster.start({ executors: 1, slots: 1 });
    later(() => cluster.stop());
    const job = await cluster.submit("failing", [], GOES_ON);
    await job.log.says(TOLD);
    await job.log.says(/second c/);
    const status = await job.status();
    expect(status).toMatchObject({ state: "running", batchesFailed: 1 });
    expect(status.warnings).toContainEqual(
      expect.objectContaining({ code: "BATCH_FAILED", message: expect.stringMatching(TOLD) }),
    );
    const failed = (await cluster.operator.batches(job.id)).filter(({ state }) => state === "failed");
    expect(failed).toMatchObject([
      { error: { kind: { code: "BATCH_FAILED" }, cause: { message: expect.stringContaining("not this one") } } },
    ]);
  });
});
