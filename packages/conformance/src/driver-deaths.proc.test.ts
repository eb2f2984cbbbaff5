import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { LineServer } from "./line-server.fixture.ts";
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
  expect(warnings).toContainEqual(expect.objectContaining({ code: "JOB_DRIVER_RESTARTED", count: 3 }));
  expect(await here.words()).toEqual([...here.fed].sort());
  expect(await here.totals()).toEqual(countsOf(here.fed));
});

describe("a job whose supervisor dies goes on under the next one on the data directory", () => {
  test.each([
    ["SIGKILL of the supervisor alone", "supervisor"],
    ["SIGKILL of the supervisor and of the job's driver process at once", "both"],
  ])("%s, in mid-batch", async (_, who) => {
    const { cluster, ...here } = await world();
    const { id } = await cluster.submit("restarts", here.args);
    const before = cluster.job(id);
    const stands = here.stands("task");
    await here.feed("a", "b");
    await stands; // a batch with these words is under way
    const pid = who === "both" ? await killDriverOf(before) : (await before.status()).driverPid;
    cluster.driver.signal("SIGKILL");
    expect((await cluster.driver.ended).signal).toBe("SIGKILL");
    await expect(before.ended).rejects.toThrow(); // its log was cut off
    await here.feed("a", "down"); // while nothing runs
    const committed = here.stands("commit");
    await cluster.startDriverAgain();
    const job = cluster.job(id);
    await job.log.says(/JOB_DRIVER_RESTARTED.*JOB_INTERRUPTED.*goes on/);
    await job.log.says(/resumed from .*, batch \S+ to run again/);
    (await committed).pass();
    expect((await job.status()).driverPid).not.toBe(pid);
    await here.feed("e");
    expect((await job.stop()).state).toBe("finished"); // which reads the directory once more
    expect(await here.words()).toEqual([...here.fed].sort());
    expect(await here.totals()).toEqual(countsOf(here.fed));
  });

  test("told to end, it drains, and goes on; what was stopped or has ended does not, and is listed with its log", {
    timeout: 120_000, // four submissions and two drivers, one after the other
  }, async () => {
    const { cluster, ...here } = await world();
    const ended = await cluster.submit("ticks");
    await ended.log.says(/tick 3 3/);
    await ended.kill();
    const failed = await cluster.submit("ticks");
    const { id } = await cluster.submit("restarts", here.args);
    const committed = here.stands("commit");
    await here.feed("a", "b");
    (await committed).pass();
    cluster.driver.signal("SIGTERM");
    expect((await cluster.driver.ended).code).toBe(0);
    await cluster.startDriverAgain();
    const job = cluster.job(id);
    await job.log.says(/resumed from /);
    const second = here.stands("commit");
    await here.feed("e");
    (await second).pass();
    expect((await job.stop()).state).toBe("finished");
    expect(await here.totals()).toEqual(countsOf(here.fed));
    const again = cluster.job(ended.id);
    expect(await again.ended).toMatchObject({ state: "killed", error: { kind: { code: "JOB_STOPPED" } } });
    await again.log.says(/tick 3 3/);
    expect(await cluster.job(failed.id).status()).toMatchObject({ state: "finished" });
    const { id: next } = await cluster.submit("ticks");
    expect([ended.id, failed.id, id, next]).toEqual(["ticks-1", "ticks-2", "restarts-3", "ticks-4"]);
  });
});

describe("received records outlive the job's driver in executors", () => {
  test.each([
    ["the driver process of the job", "job"],
    ["the supervisor", "supervisor"],
  ])("SIGKILL of %s, in mid-batch", async (_, who) => {
    const { cluster, ...here } = await world();
    const source = await LineServer.listen();
    later(() => source.close());
    const words: string[] = [];
    const send = (...some: readonly string[]): void => {
      words.push(...some);
      source.send(some.map((word) => `${word}\n`).join(""));
    };
    const { id } = await cluster.submit("received-words", [...here.args, String(source.port)]);
    await source.connected();
    const first = here.stands("task");
    send("a", "b", "a");
    (await first).pass();
    const stands = here.stands("task");
    send("c", "a");
    await stands; // they are in a batch
    send("d"); // in one that waits, or in none
    if (who === "job") await killDriverOf(cluster.job(id));
    else {
      cluster.driver.signal("SIGKILL");
      await cluster.driver.ended;
    }
    send("e", "a"); // while there is no driver
    const again = here.stands("task");
    if (who === "supervisor") await cluster.startDriverAgain();
    const job = cluster.job(id);
    await job.log.says(/resumed from .*, batch \S+ to run again/);
    (await again).pass();
    const last = here.stands("task");
    send("f");
    (await last).pass();
    expect(source.connections).toBe(1); // the receiver has gone on
    const { state, warnings } = await job.stop();
    expect({ state, lost: warnings.filter(({ code }) => code === "CHECKPOINT_INPUT_LOST") }).toEqual({
      state: "finished",
      lost: [],
    });
    expect(await here.words()).toEqual([...words].sort());
    expect(await here.totals()).toEqual(countsOf(words));
    expect(await here.latest("window")).toEqual(countsOf(words));
  });
});

test("a job without a checkpoint directory has failed with its driver process, and says what would have helped", async () => {
  const { cluster } = await world();
  const job = await cluster.submit("ticks");
  await killDriverOf(job);
  const { state, error } = await job.ended;
  expect(state).toBe("failed");
  expect(error?.message).toMatch(/^\[DRIVER_PROCESS_EXITED\] .*by SIGKILL.*checkpointDir.*submit it again\.$/);
});
