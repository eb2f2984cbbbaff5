import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Neighbour } from "./neighbour.fixture.ts";
import { TestCluster, type TestJob } from "./test-cluster.fixture.ts";

// One cluster, one healthy job, and beside it one after the other all that a job can do wrong.

let cluster: TestCluster;
let neighbour: Neighbour;

beforeAll(async () => {
  cluster = await TestCluster.start({ executors: 2, slots: 2 });
  neighbour = await Neighbour.in(cluster);
});

afterAll(() => cluster.stop());

/** Submits a job that misbehaves from its third batch on. */
async function misbehaving(how: string, conf: readonly string[] = []): Promise<TestJob> {
  const options = conf.flatMap((setting) => ["--conf", setting]);
  const job = await cluster.submit("misbehaves", [how], options);
  await job.log.says(/^batch 2$/); // until then it was well
  return job;
}

describe("a job fails alone, with the reason in its status, when its code", () => {
  test.each([
    ["throws", [], /\[TASK_FAILED\].*RangeError: three is too much/s],
    ["throws-in-driver", [], /not on my watch/],
    ["exits", [], /process\.exit/],
    ["exits-driver", [], /process\.exit\(3\)/],
    ["collects-too-many", ["driver.heap=64m"], /\[DRIVER_OUT_OF_MEMORY\].*collect\(\).*driver\.heap/s],
    ["collects-too-large", ["driver.result.bytes.max=1m"], /\[RESULT_TOO_LARGE\].*driver\.result\.bytes\.max/s],
    // Two attempts: each takes as long as the one before, and a second shows that it is tried again.
    [
      "keeps-too-much",
      ["executor.slot.heap=64m", "task.attempts.max=2"],
      /\[(SLOT|EXECUTOR)_OUT_OF_MEMORY\].*executor\.slot\.heap/s,
    ],
  ])("%s", async (how, conf, reason) => {
    const job = await misbehaving(how, conf);
    const { state, error, warnings } = await job.ended;
    expect(state).toBe("failed");
    expect(error?.message).toMatch(reason);
    // Ending a job is not a loss of its executors, so none is restarted; one may be lost earlier, out of memory.
    if (!conf.some((setting) => setting.startsWith("executor.")))
      expect(warnings.filter(({ message }) => /is started again|is gone/.test(message))).toEqual([]);
    await neighbour.expectUnharmed();
  });
});

describe("kill ends a job at once that", () => {
  test.each(["loops", "blocks", "blocks-in-driver"])("%s", async (how) => {
    const job = await misbehaving(how);
    await job.log.says(/^batch 3$/);
    const { code, stderr } = await cluster.command("kill", job.id);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await job.ended).toMatchObject({ state: "killed" });
    await neighbour.expectUnharmed();
  });
});

test("a job whose driver process is killed fails alone, and says by what", async () => {
  const job = await cluster.submit("ticks");
  await job.log.says(/^tick 1 3$/);
  const { driverPid } = await job.status();
  expect(driverPid).toBeGreaterThan(0);
  process.kill(Number(driverPid), "SIGKILL");
  const { state, error } = await job.ended;
  expect({ state, code: error?.kind?.code }).toEqual({ state: "failed", code: "DRIVER_PROCESS_EXITED" });
  expect(error?.message).toContain("SIGKILL");
  const { stdout } = await cluster.command("status", job.id);
  expect(stdout).toMatch(/state +failed/);
  expect(stdout).toContain("SIGKILL");
  await neighbour.expectUnharmed();
});
