import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { batchAtMapGate, counting, expectExact } from "./counting.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

describe("an executor that is drained in mid-batch", () => {
  test("hands over its receiver, its blocks and its state, and ends; every word is counted once", async () => {
    const cluster = await TestCluster.start({ executors: 2, slots: 1 });
    later(() => cluster.stop());
    const here = await counting(cluster);
    const { feed, job } = here;
    const arrival = await batchAtMapGate(here);
    const at = cluster.executors.findIndex(({ pid }) => pid === arrival.ppid);
    const [name, executor] = [`e-${at}`, cluster.executors[at]];
    const drained = cluster.command("executors", "drain", name);
    await cluster.driver.says(new RegExp(`executor ${name} drains`));
    const again = await cluster.command("executors", "drain", name);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("[EXECUTOR_DRAINING]") });
    const list = await cluster.operator.executors();
    expect(list.find(({ id }) => id === name)).toMatchObject({
      state: "draining",
      waitsFor: expect.arrayContaining([expect.stringMatching(new RegExp(`^${job.id}: batch `))]),
    });
    arrival.pass();
    expect(await drained).toMatchObject({ code: 0, stdout: "", stderr: `millrace: executor ${name} has left\n` });
    expect(await executor?.ended).toMatchObject({ code: 0, signal: null });
    const others = await cluster.operator.executors();
    expect(others.map(({ id }) => id)).toEqual([`e-${1 - at}`]);

    const unknown = await cluster.command("executors", "drain", name);
    expect(unknown.stderr).toMatch(new RegExp(`\\[EXECUTOR_UNKNOWN\\] there is no executor ${name}; connected are e-`));
    const last = await cluster.command("executors", "drain", `e-${1 - at}`, "--json");
    expect(JSON.parse(last.stdout)).toMatchObject({ error: { code: "LAST_EXECUTOR" } });
    await feed.source.occupied(); // wherever the receiver is
    await expectExact(here, feed.source.connections);
    const { warnings } = await job.status();
    expect(warnings.map(({ code }) => code)).not.toContain("TASK_RETRIED");
  });

  test("ends with 1 when its grace is over, and whoever drains it is told", async () => {
    const cluster = await TestCluster.start({ executors: 1, slots: 1 });
    later(() => cluster.stop());
    const short = cluster.startExecutor(1, "short", {}, ["--grace", "1s"]);
    await short.says(/member of the cluster/);
    const here = await counting(cluster);
    await short.says(/"msg":"1 slots are ready"/);
    later(() => here.gates.open());
    await batchAtMapGate(here); // and never ends
    const drained = await cluster.command("executors", "drain", "short");
    expect(drained).toMatchObject({ code: 1, stderr: expect.stringContaining("[GRACE_OVER]") });
    expect((await short.ended).code).toBe(1);
  });
});

test("a job that is killed with everything else while it drains goes on from its log when it is submitted again", async () => {
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const files = await fileWorld();
  later(() => files.gates.open());
  const job = await cluster.submit("restarts", files.args);
  const first = files.stands("commit");
  await files.feed("a", "b");
  (await first).pass();
  const stands = files.stands("task");
  await files.feed("a", "c");
  await stands;
  await cluster.command("stop", job.id, "--no-wait");
  const { draining, driverPid } = await job.status();
  expect(draining?.waitsFor.join("; ")).toMatch(/^batch \S+, which runs/);
  await files.feed("late");
  for (const one of [cluster.driver, ...cluster.executors]) one.signal("SIGKILL");
  if (driverPid !== undefined) process.kill(driverPid, "SIGKILL");
  for (const one of [cluster.driver, ...cluster.executors]) expect((await one.ended).signal).toBe("SIGKILL");
  await cluster.startDriverAgain();
  for (const name of ["e-2", "e-3"]) await cluster.startExecutor(1, name).says(/member of the cluster/);
  const committed = files.stands("commit");
  const resumed = await cluster.submit("restarts", files.args);
  await resumed.log.says(/resumed from .*, batch \S+ to run again/);
  (await committed).pass();
  expect(await resumed.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  expect(await files.words()).toEqual([...files.fed].sort());
  expect(await files.totals()).toEqual(countsOf(files.fed));
  expect(await files.hidden()).toEqual([]);
});

describe("--available-now", () => {
  test("runs from cron: what is there, then what is new, then nothing; and on a cluster", async () => {
    const files = await fileWorld();
    files.gates.open();
    const work = await mkdtemp(join(tmpdir(), "millrace-cron-"));
    later(() => rm(work, { recursive: true, force: true }));
    const run = async (): Promise<string> => {
      const args = ["run", jobFile("restarts"), "--master", "local[2]", "--available-now", "--", ...files.args];
      const { code, stderr } = await TestProcess.millrace(args, { env: { TMPDIR: work } }).ended;
      expect([code, await readdir(work)]).toEqual([0, []]);
      return stderr;
    };
    await files.feed("a", "b", "a");
    await run();
    expect(await files.totals()).toEqual(["a=2", "b=1"]);
    await files.feed("c", "a");
    expect(await run()).toMatch(/resumed from \S+: last batch/);
    expect(await files.totals()).toEqual(countsOf(files.fed));
    await run();
    expect(await files.words()).toEqual([...files.fed].sort());
    expect(await files.visible("words")).toHaveLength(3);

    const cluster = await TestCluster.start({ executors: 1, slots: 1 });
    later(() => cluster.stop());
    await files.feed("d");
    const { code } = await cluster.command(
      "submit",
      jobFile("restarts"),
      "--available-now",
      "--follow",
      "--",
      ...files.args,
    );
    expect(code).toBe(0);
    expect(await files.totals()).toEqual(countsOf(files.fed));
    expect(await files.visible("words")).toHaveLength(4);
  });
});
