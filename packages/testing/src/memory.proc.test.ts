import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** What a job in `memory.ts` says of its spills, as a test wants it: whether there were any. */
const spills = (stdout: string): string[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/^spilled [1-9]\d*$/, "spilled"));

test("what is more than a slot's heap holds is grouped, joined and sorted by way of the disk, without a task that fails", async () => {
  // A partition of the pairs is 40 MB, and several times that as objects.
  const conf = ["executor.slot.heap=48m", "storage.pool.bytes=16m"].flatMap((setting) => ["--conf", setting]);
  const run = TestProcess.millrace([
    ...["run", jobFile("memory"), "--master", "local-cluster[1,2]", "--batches", "4"],
    ...conf,
  ]);
  later(() => run.end());
  const { code, stdout, stderr } = await run.ended;
  expect(spills(stdout)).toEqual([
    ...["group 5000 of 200000", "spilled"],
    ...["join 200000", "spilled"],
    ...["sort 200000", "spilled"],
    ...['hot [["hot",1000000]]', "spilled"],
  ]);
  expect(stderr).not.toMatch(/TASK_RETRIED|OUT_OF_MEMORY|LOST/);
  expect(code).toBe(0);
});
