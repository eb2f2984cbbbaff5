import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

const KINDS = 29;
/** Eleven keys, twice each, and the zero that equals its negative. */
const KEYS = "keys [2,2,2,2,2,2,2,2,2,2,3]";

test.each(["local[2]", "local-cluster[2,2]"])(
  "every kind of value stays what it is on %s: in the batch it came in, and as state of the next",
  async (master) => {
    const run = TestProcess.millrace(["run", jobFile("values"), "--master", master, "--batches", "2"]);
    later(() => run.end());
    const { code, stdout } = await run.ended;
    expect(stdout.trim().split("\n")).toEqual([`values ok ${KINDS}`, KEYS, `values ok ${KINDS}`]);
    expect(code).toBe(0);
  },
);

test("and on a driver with executors", async () => {
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const job = await cluster.submit("values");
  const { mark } = job.log;
  await job.log.says(/^values /, mark);
  await job.log.says(/^values /, job.log.mark);
  await job.stop();
  expect(new Set(job.log.all.filter((line) => /^(values|keys)/.test(line)))).toEqual(
    new Set([`values ok ${KINDS}`, KEYS]),
  );
});
