import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test("a job without an executor says so, until one joins", async () => {
  const cluster = await TestCluster.start({ executors: 0, slots: 1 });
  later(() => cluster.stop());
  const job = await cluster.submit("ticks");
  await job.log.says(/\[NO_EXECUTORS\] the job is built, but .* `millrace executors` lists/);
  expect((await cluster.command("status", job.id)).stdout).toMatch(/warning +since [-\d]+ [:\d]+: \[NO_EXECUTORS\]/);
  cluster.startExecutor(1);
  await job.log.says(/^tick /);
  expect((await job.stop()).warnings).toEqual([]);
});

test("an error in a timer that the last task started is told with its line before the job is over", async () => {
  const args = ["run", jobFile("late-timer"), "--master", "local[1]", "--batches", "1"];
  const { code, stderr } = await TestProcess.millrace(args).ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/\[SLOT_CRASHED\] .*: Error: in a timer \(at late-timer\.ts:9:\d+\)/);
});

test("a promise that rejects to nobody after its task is told with its line, and the slot goes on", async () => {
  const args = ["run", jobFile("rejecting"), "--master", "local[1]", "--batches", "5"];
  const { code, stdout, stderr } = await TestProcess.millrace(args).ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/\[UNHANDLED_REJECTION\] .*: Error: nobody awaits \(at rejecting\.ts:10:\d+\)/);
  expect(new Set(stdout.match(/thread \d+/g)).size).toBe(1);
});
