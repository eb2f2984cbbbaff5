import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { mounted, noMounts, unmount } from "./mounts.fixture.ts";
import { TestCluster, type TestJob } from "./test-cluster.fixture.ts";

// An executor that has another disk, or a read-only one, where the others have the checkpoint directory.

if (noMounts !== undefined) console.warn(`NOT RUN: ${noMounts}`);

let cluster: TestCluster;
let here: Awaited<ReturnType<typeof fileWorld>>;
let checkpoint: string;
beforeEach(async () => {
  here = await fileWorld();
  here.gates.open();
  checkpoint = join(here.args[0] ?? "", "checkpoint");
  await mkdir(checkpoint);
  cluster = await TestCluster.start({ executors: 1, slots: 1, driverOptions: ["--restart-pause", "1s"] });
  later(() => cluster.stop());
});
afterEach(cleanUp);

async function joins(mounts: string): Promise<number> {
  const executor = cluster.startExecutor(1, "e-1", {}, [], mounted(mounts));
  await executor.says(/member of the cluster/);
  return executor.pid;
}

const submit = (): Promise<TestJob> => cluster.submit("restarts", here.args, ["--conf", "default.parallelism=2"]);

describe.skipIf(noMounts !== undefined)("an executor that does not reach the checkpoint directory of a job", () => {
  test.each([
    ["another disk", () => `mount -t tmpfs none ${checkpoint}`, /does not see .*: a shared volume/],
    [
      "a read-only disk",
      () => `mount --bind ${checkpoint} ${checkpoint} && mount -o remount,bind,ro ${checkpoint}`,
      /sees .*, but cannot write there: EROFS\. .* mount it writable/,
    ],
  ])("because of %s is named, and the job is not started", async (_, mounts, why) => {
    await joins(mounts());
    const { state, error } = await (await submit()).ended;
    expect([state, error?.kind?.code]).toEqual(["failed", "CHECKPOINT_NOT_SHARED"]);
    expect(error?.message).toMatch(/executor e-1 on \S+ /);
    expect(error?.message).toMatch(why);
    expect(error?.message).toContain(checkpoint);
  });

  test("and joins later is not used until that is mended, and nothing is lost", async () => {
    const job = await submit();
    await here.feed("a", "b", "a");
    const pid = await joins(`mount -t tmpfs none ${checkpoint}`);
    await job.log.says(/CHECKPOINT_NOT_SHARED\] executor e-1 on \S+ does not see/);
    const { warnings, executors } = await job.status();
    expect([executors, warnings.map(({ code, subject }) => [code, subject])]).toEqual([
      1,
      expect.arrayContaining([["CHECKPOINT_NOT_SHARED", "e-1"]]),
    ]);
    await here.feed("c", "a");
    unmount(pid, checkpoint);
    await job.log.says(/\[STATE_MOVED\]/); // to the executor, when its process was started again
    await here.feed("d");
    expect((await job.stop()).state).toBe("finished");
    expect(await here.totals()).toEqual(countsOf(here.fed));
  });
});
