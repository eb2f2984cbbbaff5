import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** Heap limits in MiB, without V8's share for young objects: a fixed part of a small heap, at most 48. */
function heaps(output: string): { readonly slot: number; readonly driver: number } {
  const [, slot, driver] = /^slot (\d+), driver (\d+)$/m.exec(output) ?? [];
  return { slot: Number(slot), driver: Number(driver) };
}

const between = (least: number) => ({ asymmetricMatch: (n: unknown) => Number(n) >= least && Number(n) <= least + 48 });

test.each(["local[1]", "local-cluster[1,1]"])(
  "the heaps that a job's own settings ask for are those it runs in, on %s, and it is built once",
  async (master) => {
    const run = TestProcess.millrace(["run", jobFile("heaps"), "--master", master]);
    later(() => run.end());
    const { stdout } = await run.ended;
    expect(heaps(stdout)).toEqual({ slot: between(128), driver: between(300) });
    expect(stdout.match(/^building$/gm)).toHaveLength(1);
  },
);

test("settings of the command line win over the job's own", async () => {
  const conf = ["--conf", "driver.heap=200m", "--conf", "executor.slot.heap=64m"];
  const run = TestProcess.millrace(["run", jobFile("heaps"), "--master", "local[1]", ...conf]);
  later(() => run.end());
  expect(heaps((await run.ended).stdout)).toEqual({ slot: between(64), driver: between(200) });
});

test("a job on a cluster has the heaps that its own settings ask for", async () => {
  const cluster = await TestCluster.start({ executors: 1, slots: 1 });
  later(() => cluster.stop());
  const job = await cluster.submit("heaps");
  await job.ended;
  expect(heaps(job.log.all.join("\n"))).toEqual({ slot: between(128), driver: between(300) });
});
