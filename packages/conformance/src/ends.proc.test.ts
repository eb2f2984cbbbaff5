import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jobId, SystemClock } from "@millrace/base";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { LineServer } from "./line-server.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-ends-"));
  later(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Sends a thousand lines to the first client, once: lost lines are lost for good. */
async function thousandLines(): Promise<LineServer> {
  const source = await LineServer.listen();
  later(() => source.close());
  void source.connected().then(() => {
    source.send(Array.from({ length: 1_000 }, (_, i) => `line ${i}\n`).join(""));
  });
  return source;
}

function run(job: string, options: readonly string[], args: readonly string[], env = {}): TestProcess {
  const started = TestProcess.millrace(["run", jobFile(job), ...options, "--", ...args], { env });
  later(() => started.end());
  return started;
}

/** Presses Ctrl-C twice. Presses within 300 ms of each other are one: the second comes when the job, by its clock, is past that. */
async function pressTwice(job: TestProcess): Promise<void> {
  const clock = new SystemClock();
  job.signal("SIGINT");
  await job.says(/Ctrl-C again stops at once/);
  const heard = clock.now();
  await job.lines.first((line) => Number(/^it is (\d+)$/.exec(line)?.[1]) > heard + 300);
  job.signal("SIGINT");
}

const toItself = (job: TestProcess, signal: NodeJS.Signals): void => job.signal(signal);
const toItsGroup = (job: TestProcess, signal: NodeJS.Signals): void => job.signalGroup(signal);

test.each([
  ["local[2]", "SIGINT", "to it alone", toItself],
  // As a terminal and a service manager do: in every process but the one that decides, a signal is nothing.
  ["local-cluster[2,1]", "SIGINT", "to its whole group", toItsGroup],
  ["local-cluster[1,1]", "SIGTERM", "to its whole group", toItsGroup],
  ["local-cluster[1,1]", "SIGHUP", "to its whole group", toItsGroup],
] as const)(
  "what came in within the first interval, files too, is processed at once when the job is stopped: on %s, by %s %s",
  async (master, signal, _, send) => {
    const directory = await folder();
    const { port } = await thousandLines();
    const args = ["run", jobFile("received"), "--master", master, "--", String(port), directory];
    const job = TestProcess.millrace(args, { group: true });
    later(() => job.end());
    await job.says(/all records are read/);
    await writeFile(join(directory, ".new"), "one\ntwo\nthree\n");
    await rename(join(directory, ".new"), join(directory, "new"));
    send(job, signal);
    expect(await job.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^counted 1003$/m) });
  },
);

describe("a driver and its executors that are told to end at once process what was received, when it is heard", () => {
  const stopping = (process: TestProcess): Promise<unknown> => process.says(/stopping the (driver|executor)/);

  test.each<[string, number, (driver: TestProcess, executors: readonly TestProcess[]) => Promise<void>]>([
    [
      "by the only executor first",
      1,
      async (driver, executors) => {
        for (const executor of executors) executor.signal("SIGTERM");
        await Promise.all(executors.map(stopping));
        driver.signal("SIGTERM");
      },
    ],
    [
      "by the driver first",
      1,
      async (driver, executors) => {
        driver.signal("SIGTERM");
        await stopping(driver);
        for (const executor of executors) executor.signal("SIGTERM");
      },
    ],
    [
      "by one executor, the driver, and the other executor",
      2,
      async (driver, [first, second]) => {
        first?.signal("SIGTERM");
        await driver.says(/executor e-0 drains/);
        driver.signal("SIGTERM");
        await stopping(driver);
        second?.signal("SIGTERM");
      },
    ],
  ])("%s", async (_, executors, tellAll) => {
    const cluster = await TestCluster.start({ executors, slots: 1 });
    later(() => cluster.stop());
    const { port } = await thousandLines();
    const job = await cluster.submit("received", [String(port), await folder()]);
    await Promise.race(cluster.executors.map((executor) => executor.says(/all records are read/)));
    await tellAll(cluster.driver, cluster.executors);
    for (const process of [cluster.driver, ...cluster.executors])
      expect(await process.ended).toMatchObject({ code: 0, signal: null });
    expect(job.log.all).toContain("counted 1000");
    expect((await cluster.driver.ended).stderr).toMatch(/"state":"finished"/);
  });
});

test("an executor that alone is told to end hands over, leaves, and is not listed; nothing is lost, and nothing warned of", async () => {
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const source = await thousandLines();
  const job = await cluster.submit("received", [String(source.port), await folder()]);
  const reading = cluster.executors.map((executor) => executor.says(/all records are read/).then(() => executor));
  const receiving = await Promise.race(reading);
  receiving.signal("SIGTERM");
  expect(await receiving.ended).toMatchObject({ code: 0, signal: null });
  await cluster.driver.says(/executor e-\d has left/);
  expect(await cluster.operator.executors()).toMatchObject([{ state: "connected" }]);
  await source.connected(2); // its receiver runs on the other
  const { warnings, state } = await job.stop();
  expect(state).toBe("finished");
  expect(warnings.filter(({ code }) => code !== "NO_REPLICA_PEER")).toEqual([]);
  expect(job.log.all).toContain("counted 1000");
});

test("a drain that is cut off is no success of run: 1, and what was lost", async () => {
  const job = run("misbehaves", ["--master", "local[2]", "--conf", "stop.timeout=500ms"], ["loops"]);
  await job.says(/^batch 3$/);
  job.signal("SIGINT");
  const { code, stderr } = await job.ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^\[JOB_STOPPED\] .* within stop\.timeout = 500 ms .* Batch \d+ \(.*Z\) was cut off/m);
});

test("a job that ends after its batches lets its receivers stop", async () => {
  const directory = await folder();
  const job = run("ends", ["--master", "local[2]", "--batches", "4"], ["polite", directory]);
  expect(await job.ended).toMatchObject({ code: 0 });
  expect((await readdir(directory)).sort()).toEqual(["started", "stopped"]);
});

describe("nothing is left behind", () => {
  /** The contents of a process's directory for temporary files. */
  const leftIn = async (directory: string): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => name.startsWith("millrace-run-"));

  test("by a run whose reader goes away: that is a stop, and no failure", async () => {
    const [temporary, directory] = [await folder(), await folder()];
    const job = run("ends", ["--master", "local-cluster[1,2]"], ["printing", directory], { TMPDIR: temporary });
    await job.says(/^Time: /);
    job.child.stdout?.destroy();
    const { code, stderr } = await job.ended;
    expect({ code, errors: /rror|EPIPE/.test(stderr) }).toEqual({ code: 0, errors: false });
    expect(await leftIn(temporary)).toEqual([]);
    const saved = await readdir(directory);
    expect(saved.filter((name) => name.startsWith("."))).toEqual([]);
    for (const name of saved) expect(await readdir(join(directory, name))).toContain("_SUCCESS");
  });

  test("by one that is stopped at once while it saves", async () => {
    const [temporary, directory] = [await folder(), await folder()];
    const job = run("ends", ["--master", "local[2]"], ["saving", directory], { TMPDIR: temporary });
    await job.says(/^saving$/);
    await pressTwice(job);
    const { code, stderr } = await job.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\[JOB_STOPPED\] the job was ended at once, as asked\. Batch \d+ .* was cut off/);
    expect([await leftIn(temporary), await readdir(directory)]).toEqual([[], []]);
  });

  test("by one that was killed, when another has run", async () => {
    const [temporary, directory] = [await folder(), await folder()];
    const job = run("ends", ["--master", "local[2]"], ["saving", directory], { TMPDIR: temporary });
    await job.says(/^saving$/);
    job.signal("SIGKILL");
    await job.ended;
    expect(await leftIn(temporary)).toHaveLength(1);
    const next = run("ends", ["--master", "local[2]", "--batches", "1"], ["printing", directory], {
      TMPDIR: temporary,
    });
    expect(await next.ended).toMatchObject({ code: 0 });
    expect(await leftIn(temporary)).toEqual([]);
  });
});

describe("on a cluster", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await TestCluster.start({ executors: 1, slots: 2 });
  });
  afterAll(() => cluster.stop());

  test("a drain that is cut off: the job is killed, with the limit of the job itself, and 1 from submit --follow", async () => {
    const options = ["--conf", "stop.timeout=500ms", "--follow", "--driver", cluster.address];
    const submit = TestProcess.millrace(["submit", jobFile("misbehaves"), ...options, "--", "loops"]);
    later(() => submit.end());
    const [id] = await submit.says(/^misbehaves-\d+$/);
    await submit.says(/^batch 3$/);
    await cluster.command("stop", id);
    const { code, stderr } = await submit.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/job misbehaves-\d+ is killed\n\[JOB_STOPPED\] .* within stop\.timeout = 500 ms/);
    const batches = await cluster.operator.batches(jobId(id));
    const states = batches.map(({ state }) => state);
    expect(states.slice(0, 3)).toEqual(["completed", "completed", "cancelled"]);
    expect(states).not.toContain("running");
  });

  test("logs -f and submit --follow whose reader goes away: both end, and the job goes on", async () => {
    const submit = TestProcess.millrace(["submit", jobFile("ticks"), "--follow", "--driver", cluster.address]);
    const [id] = await submit.says(/^ticks-\d+$/);
    await submit.says(/^tick 1 /);
    const logs = TestProcess.millrace(["logs", id, "-f", "--driver", cluster.address]);
    await logs.says(/^tick 1 /);
    for (const command of [submit, logs]) {
      command.child.stdout?.destroy();
      const { code, stderr } = await command.ended;
      expect({ code, errors: /rror|EPIPE/.test(stderr) }).toEqual({ code: 0, errors: false });
    }
    expect(await cluster.ask("status", id)).toMatchObject({ state: "running" });
  });
});
