import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { TestCluster, type TestJob } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

async function world() {
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const files = await fileWorld();
  later(() => files.gates.open());
  return { cluster, ...files };
}

/** Kills the job's driver process. @returns Its pid. */
async function killDriverOf(job: TestJob): Promise<number> {
  const { driverPid } = await job.status();
  if (driverPid === undefined) throw new Error("the job has no driver process");
  process.kill(driverPid, "SIGKILL");
  return driverPid;
}

test("a job whose driver process is killed at any step of a batch goes on by itself, as if nothing had happened", async () => {
  const { cluster, ...here } = await world();
  const job = await cluster.submit("restarts", here.args);
  for (const [at, words] of [
    ["task", ["a", "b"]],
    ["output", ["a", "c", "c"]],
    ["commit", ["d", "a"]],
  ] as const) {
    const mark = job.log.mark;
    const stands = here.stands(at);
    await here.feed(...words);
    await stands; // a batch with these words is under way
    const [saved, counted] = [await here.visible("words"), await here.visible("totals")];
    if (at === "commit") expect(saved.length).toBe(counted.length + 1); // it is cut off in the middle of its commit
    const before = await killDriverOf(job);
    await job.log.says(/JOB_DRIVER_RESTARTED.*ended by SIGKILL/, mark);
    const committed = here.stands("commit");
    await job.log.says(
      at === "commit" ? /resumed from .*, batch \S+ to be committed/ : /, batch \S+ to run again/,
      mark,
    );
    (await committed).pass();
    expect((await job.status()).driverPid).not.toBe(before);
  }
  await here.feed("e");
  const { restarts, warnings, state } = await job.stop(); // which reads the directory once more
  expect({ restarts, state }).toEqual({ restarts: 3, state: "finished" });
  expect(warnings).toMatchObject([{ code: "JOB_DRIVER_RESTARTED", count: 3 }]);
  expect(await here.words()).toEqual([...here.fed].sort());
  expect(await here.totals()).toEqual(countsOf(here.fed));
});

test("a job without a checkpoint directory has failed with its driver process, and says what would have helped", async () => {
  const { cluster } = await world();
  const job = await cluster.submit("ticks");
  await killDriverOf(job);
  const { state, error } = await job.ended;
  expect(state).toBe("failed");
  expect(error?.message).toMatch(/^\[DRIVER_PROCESS_EXITED\] .*by SIGKILL.*checkpointDir.*submit it again\.$/);
});
