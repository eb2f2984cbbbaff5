import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "../clean-up.fixture.ts";
import { inMounts, mounted, noMounts, remount } from "../mounts.fixture.ts";
import { TestCluster, type TestJob } from "../test-cluster.fixture.ts";

// Directories that only one process writes to, on a disk of its own that is small, or read-only for a while.

if (noMounts !== undefined) console.warn(`NOT RUN: ${noMounts}`);

afterEach(cleanUp);

const smallDisk = (directory: string, size: string): readonly string[] =>
  mounted(`mkdir -p ${directory} && mount -t tmpfs -o size=${size} none ${directory}`);

let cluster: TestCluster;
afterAll(() => cluster?.stop());

const submit = (job: string, args: readonly string[] = [], settings: readonly string[] = []): Promise<TestJob> =>
  cluster.submit(
    job,
    args,
    settings.flatMap((setting) => ["--conf", setting]),
  );

async function groupsAll(job: TestJob): Promise<void> {
  await job.log.says(/^grouped 100 of 20000$/);
  expect((await job.stop()).state).toBe("finished");
}

describe.skipIf(noMounts !== undefined)("the driver's data directory", () => {
  beforeAll(async () => {
    const driverWithin = (dataDir: string): readonly string[] => smallDisk(dataDir, "64m");
    cluster = await TestCluster.start({ executors: 1, slots: 1, driverWithin });
  });
  afterAll(() => cluster.stop());

  const dataDir = (): string => join(cluster.directory, "driver");
  const filler = (): string => join(dataDir(), "filler");
  const full = {
    begin: () => inMounts(cluster.driver.pid, "sh", "-c", `cat /dev/zero > ${filler()} 2>/dev/null || true`),
    end: () => inMounts(cluster.driver.pid, "rm", "-f", filler()),
  };
  const readOnly = {
    begin: () => remount(cluster.driver.pid, dataDir(), "ro"),
    end: () => remount(cluster.driver.pid, dataDir(), "rw"),
  };

  test.each([
    ["full", "ENOSPC", full],
    ["read-only", "EROFS", readOnly],
  ] as const)("that is %s refuses a job with the reason, and takes it when that is over", async (_, code, disk) => {
    later(disk.end);
    disk.begin();
    await expect(submit("spills")).rejects.toThrow(
      new RegExp(`\\[DIRECTORY_UNUSABLE\\] .*${code}.*The job was not started`, "s"),
    );
    disk.end();
    await groupsAll(await submit("spills"));
  });

  test("that becomes full under a running job is told, and the job goes on", async () => {
    const job = await submit("spills");
    await job.log.says(/^grouped 100 of 20000$/);
    later(full.end);
    full.begin();
    const late = cluster.startExecutor(1); // the record of the job says how many it has
    await late.says(/member of the cluster/);
    await cluster.driver.says(/JOB_NOT_RECORDED.*ENOSPC/);
    full.end();
    expect((await job.stop()).state).toBe("finished");
  });
});

describe.skipIf(noMounts !== undefined)("an executor's work directory", () => {
  beforeAll(async () => {
    cluster = await TestCluster.start({ executors: 0, slots: 1, driverOptions: ["--restart-pause", "1s"] });
  });

  /** The only executor of the cluster. */
  async function executorOn(name: string, size: string) {
    const workDir = join(cluster.directory, name);
    const executor = cluster.startExecutor(1, name, {}, [], smallDisk(workDir, size));
    later(() => executor.end());
    await executor.says(/member of the cluster/);
    return { remount: (options: string) => remount(executor.pid, workDir, options) };
  }

  const RETRIES = ["task.attempts.max=255", "task.retry.delay.max=200ms"];

  test("that is full fails the tasks that spill, and what they compute is right when there is room", async () => {
    const disk = await executorOn("e-spills", "1m");
    const job = await submit("spills", [], ["shuffle.spill.bytes=64k", ...RETRIES]);
    await job.log.says(/\[TASK_RETRIED\].*\[DISK_FULL\].*ENOSPC/);
    disk.remount("size=64m");
    await groupsAll(job);
  });

  test("that is full fails the tasks whose state is in a store there, and no key is lost when there is room", async () => {
    const keys = 12_000;
    const disk = await executorOn("e-stores", "8m"); // and each key has a kilobyte
    const directory = join(cluster.directory, "state");
    const job = await submit("large-state", [String(keys), directory], ["state.store=lmdb", ...RETRIES]);
    await job.log.says(/\[TASK_RETRIED\].*\[DISK_FULL\] could not write state to .*the disk is full\. Nothing is lost/);
    disk.remount("size=256m");
    const [, characters] = await job.log.says(new RegExp(`^${keys} keys, ([0-9]+) characters$`));
    expect(Number(characters)).toBe(charactersOf(keys));
    expect(await job.ended).toMatchObject({ batchesFailed: 0 }); // it has stopped itself
  });

  test("that is read-only keeps the job from starting there, which is told, until it is writable", async () => {
    const disk = await executorOn("e-read-only", "64m");
    disk.remount("ro");
    const job = await submit("spills");
    await job.log.says(/EROFS/);
    disk.remount("rw");
    await groupsAll(job);
  });
});

/** Of the texts of `jobs/large-state.ts`: `NUMBER: `, and 1008 more. */
function charactersOf(keys: number): number {
  return Array.from({ length: keys }, (_, n) => String(n).length + 2 + 1_008).reduce((sum, length) => sum + length, 0);
}
