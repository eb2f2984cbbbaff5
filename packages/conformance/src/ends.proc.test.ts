import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, SystemClock, type Timer } from "@millrace/base";
import { afterEach, describe, expect, test } from "vitest";
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

/** Sends a thousand lines to whoever connects first: what is lost of them is lost for good. */
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

/** Signals within the blink of an eye are one press: the second one goes on until it is heard as such. */
function pressUntilEnded(job: TestProcess): void {
  const clock = new SystemClock();
  const press = (): Timer =>
    clock.after(millis(400), () => {
      job.signal("SIGINT");
      pressing = press();
    });
  let pressing = press();
  void job.ended.then(() => pressing.cancel());
}

test.each(["local[2]", "local-cluster[2,1]"])(
  "what came in within the first interval, files too, is processed at once when the job is stopped, on %s",
  async (master) => {
    const directory = await folder();
    const { port } = await thousandLines();
    const job = run("received", ["--master", master], [String(port), directory]);
    await job.says(/all records are read/);
    await writeFile(join(directory, ".new"), "one\ntwo\nthree\n");
    await rename(join(directory, ".new"), join(directory, "new"));
    job.signal("SIGINT");
    expect(await job.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^counted 1003$/m) });
  },
);

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "a signal to the whole process group is one to whoever decides: %s",
  async (signal) => {
    const { port } = await thousandLines();
    const args = ["--master", "local-cluster[2,1]", "--", String(port), await folder()];
    const job = TestProcess.millrace(["run", jobFile("received"), ...args], { group: true });
    later(() => job.end());
    await job.says(/all records are read/);
    job.signalGroup(signal);
    expect(await job.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^counted 1000$/m) });
  },
);

describe("a driver and its executors that are told to end at once process what was received, when it is heard", () => {
  const stopping = (process: TestProcess): Promise<unknown> => process.says(/stopping the (driver|executor)/);

  test.each<[string, (driver: TestProcess, executors: readonly TestProcess[]) => Promise<void>]>([
    [
      "by the executors first",
      async (driver, executors) => {
        for (const executor of executors) executor.signal("SIGTERM");
        await Promise.all(executors.map(stopping));
        driver.signal("SIGTERM");
      },
    ],
    [
      "by the driver first",
      async (driver, executors) => {
        driver.signal("SIGTERM");
        await stopping(driver);
        for (const executor of executors) executor.signal("SIGTERM");
      },
    ],
    [
      "by one executor, the driver, and the other executor",
      async (driver, [first, second]) => {
        first?.signal("SIGTERM");
        await driver.says(/executor e-0 was told to end/);
        driver.signal("SIGTERM");
        await stopping(driver);
        second?.signal("SIGTERM");
      },
    ],
  ])("%s", async (_, tellAll) => {
    const cluster = await TestCluster.start({ executors: 2, slots: 1 });
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

describe("a drain that is cut off is no success", () => {
  test("of run: 1, and what was lost", async () => {
    const job = run("misbehaves", ["--master", "local[2]", "--conf", "stop.timeout=500ms"], ["loops"]);
    await job.says(/^batch 3$/);
    job.signal("SIGINT");
    const { code, stderr } = await job.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^\[JOB_STOPPED\] .* within stop\.timeout = 500 ms .* Batch \d+ \(.*Z\) was cut off/m);
  });

  test("on a cluster: killed, with the limit of the job itself, and 1 from submit --follow", async () => {
    const cluster = await TestCluster.start({ executors: 1, slots: 2 });
    later(() => cluster.stop());
    const options = ["--conf", "stop.timeout=500ms", "--follow", "--driver", cluster.address];
    const submit = TestProcess.millrace(["submit", jobFile("misbehaves"), ...options, "--", "loops"]);
    later(() => submit.end());
    await submit.says(/^batch 3$/);
    await cluster.command("stop", "misbehaves-1");
    const { code, stderr } = await submit.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/job misbehaves-1 is killed\n\[JOB_STOPPED\] .* within stop\.timeout = 500 ms/);
    const batches = await cluster.operator.batches((await cluster.operator.jobs())[0]?.id ?? expect.fail("no job"));
    const states = batches.map(({ state }) => state);
    expect(states.slice(0, 3)).toEqual(["completed", "completed", "cancelled"]);
    expect(states).not.toContain("running");
  });
});

test("a job that ends after its batches lets its receivers stop", async () => {
  const directory = await folder();
  const job = run("ends", ["--master", "local[2]", "--batches", "4"], ["polite", directory]);
  expect(await job.ended).toMatchObject({ code: 0 });
  expect((await readdir(directory)).sort()).toEqual(["started", "stopped"]);
});

describe("nothing is left behind", () => {
  /** What is in the directory for temporary files that a process was given. */
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
    pressUntilEnded(job);
    const { code, stderr } = await job.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\[JOB_STOPPED\] the job was ended at once, as asked\. Batch \d+ .* was cut off/);
    expect([await leftIn(temporary), await readdir(directory)]).toEqual([[], []]);
  });

  test("by logs -f and submit --follow whose reader goes away, and the job goes on", async () => {
    const cluster = await TestCluster.start({ executors: 1, slots: 2 });
    later(() => cluster.stop());
    const submit = TestProcess.millrace(["submit", jobFile("ticks"), "--follow", "--driver", cluster.address]);
    await submit.says(/^tick 1 /);
    const logs = TestProcess.millrace(["logs", "ticks-1", "-f", "--driver", cluster.address]);
    await logs.says(/^tick 1 /);
    for (const command of [submit, logs]) {
      command.child.stdout?.destroy();
      const { code, stderr } = await command.ended;
      expect({ code, errors: /rror|EPIPE/.test(stderr) }).toEqual({ code: 0, errors: false });
    }
    expect(await cluster.ask("status", "ticks-1")).toMatchObject({ state: "running" });
  });
});
