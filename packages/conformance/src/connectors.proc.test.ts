import { mkdir, mkdtemp, readdir, readFile, rm, watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { NumberSource } from "./number-source.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** A source of numbers, and a job that saves what its connector of a class reads. */
async function world(kind: string, master: string, conf: readonly string[] = []) {
  const directory = await mkdtemp(join(tmpdir(), "millrace-connectors-"));
  later(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, "out"));
  const source = await NumberSource.listen();
  later(() => source.close());
  const settings = conf.flatMap((setting) => ["--conf", setting]);
  const args = [...settings, "--master", master, "--", directory, String(source.port), kind];
  /** The numbers of the committed batches of an output, batch by batch. */
  const saved = async (output: string): Promise<readonly number[][]> => {
    const names = await readdir(join(directory, "out")).catch(() => []);
    const batches = names.filter((name) => name.startsWith(`${output}-`)).sort();
    return Promise.all(batches.map((name) => numbersIn(join(directory, "out", name))));
  };
  return {
    directory,
    source,
    args: [directory, String(source.port), kind],
    start: (): TestProcess => {
      const job = TestProcess.millrace(["run", jobFile("connectors"), ...args]);
      later(() => job.end());
      return job;
    },
    saved,
    /** Resolves when the numbers that are saved are so. */
    until: async (fits: (saved: readonly number[]) => boolean): Promise<void> => {
      // Batches come all the time, and each is published there.
      for await (const _ of watch(join(directory, "out"), { signal: AbortSignal.timeout(50_000) })) {
        if (fits((await saved("numbers")).flat())) return;
      }
    },
  };
}

async function numbersIn(directory: string): Promise<number[]> {
  const files = (await readdir(directory)).filter((file) => file.startsWith("part-"));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), "utf8")));
  return texts.flatMap((text) => text.split("\n").filter(Boolean).map(Number)).sort((a, b) => a - b);
}

test("all executors are killed at once: the driver goes on with what they had logged", async () => {
  const here = await world("reliable", "");
  const { source } = here;
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const job = await cluster.submit("connectors", here.args, ["--conf", "receiver.log=on"]);
  let running: readonly TestProcess[] = cluster.executors;
  for (let round = 1; round <= 2; round++) {
    await source.until(() => source.connections >= round);
    await source.makeAcknowledged(100, 5);
    source.make(50);
    const all = [...running];
    for (const executor of all) executor.signal("SIGKILL");
    await Promise.all(all.map((executor) => executor.ended));
    running = all.map(() => cluster.startExecutor(1));
  }
  await source.until(() => source.connections >= 3); // a job that stops does not wait long for executors
  await source.until(() => source.acknowledged === source.end - 1);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0, error: undefined });
  expect((await here.saved("numbers")).flat().sort((a, b) => a - b)).toEqual(upTo(source.end));
  expect(job.log.all.join("\n")).not.toMatch(/RECEIVED_DATA_LOST|INPUT_BLOCK_LOST/);
});

test("the job's driver process alone is killed: the next one goes on with what executors had logged", async () => {
  const here = await world("reliable", "");
  const { source } = here;
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const job = await cluster.submit("connectors", here.args, ["--conf", "receiver.log=on"]);
  for (let round = 1; round <= 2; round++) {
    await source.until(() => source.connections >= round);
    await source.makeAcknowledged(100, 5);
    source.make(50);
    const { mark } = job.log;
    const { driverPid } = await job.status();
    if (driverPid === undefined) throw new Error("the job has no driver process");
    process.kill(driverPid, "SIGKILL");
    await job.log.says(/JOB_DRIVER_RESTARTED/, mark);
  }
  await source.until(() => source.acknowledged === source.end - 1);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0, error: undefined });
  expect((await here.saved("numbers")).flat().sort((a, b) => a - b)).toEqual(upTo(source.end));
  expect(job.log.all.join("\n")).not.toMatch(/RECEIVED_DATA_LOST|CHECKPOINT_INPUT_LOST/);
});

const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, i) => i);

describe("everything is killed with SIGKILL at once, and started again by the same command", () => {
  test("a replayable source: each record is counted once", async () => {
    const here = await world("replayable", "local-cluster[2,1]");
    const { source } = here;
    for (let round = 1; round <= 2; round++) {
      const job = here.start();
      source.make(1_000);
      const { end } = source;
      await here.until((saved) => saved.includes(end - 1));
      source.make(1_000); // some batch has these when it is killed, or none
      job.signal("SIGKILL");
      await job.ended;
    }
    const job = here.start();
    const { end } = source;
    await here.until((saved) => saved.includes(end - 1));
    job.signal("SIGINT");
    expect((await job.ended).code).toBe(0);
    expect((await here.saved("numbers")).flat().sort((a, b) => a - b)).toEqual(upTo(source.end));
  });

  test("an unreliable source with the received log: only what was under way is lost, and nothing is counted twice", async () => {
    const here = await world("unreliable", "local[2]", ["receiver.log=on"]);
    const { source } = here;
    const expected: number[] = [];
    for (let round = 1; round <= 2; round++) {
      const job = here.start();
      await source.until(() => source.connections >= round);
      const { end: before } = source;
      source.make(100);
      expected.push(...upTo(source.end).slice(before));
      await here.until((saved) => saved.includes(source.end - 1));
      source.make(50);
      job.signal(round < 2 ? "SIGKILL" : "SIGINT");
      await job.ended;
    }
    const saved = (await here.saved("numbers")).flat();
    expect(new Set(saved).size).toBe(saved.length);
    expect(saved).toEqual(expect.arrayContaining(expected));
  });

  test.each(["local[2]", "local-cluster[2,1]"])(
    "a reliable source with the received log: what it acknowledged is counted, and nothing twice: %s",
    async (master) => {
      const here = await world("reliable", master, ["receiver.log=on"]);
      const { source } = here;
      for (let round = 1; round <= 2; round++) {
        const job = here.start();
        await source.until(() => source.connections >= round);
        // Right after an acknowledgement, batches have not processed all of it.
        await source.makeAcknowledged(100, 5);
        source.make(50); // some of these are under way
        job.signal("SIGKILL");
        await job.ended;
      }
      const job = here.start();
      await source.until(() => source.acknowledged === source.end - 1);
      job.signal("SIGINT");
      expect((await job.ended).code).toBe(0);
      const saved = await here.saved("numbers");
      expect(saved.flat().sort((a, b) => a - b)).toEqual(upTo(source.end));
      // Windows look back over the kills: each is what the batches of its last 600 ms have.
      for (const [i, window] of (await here.saved("window")).entries()) {
        const recent = saved.slice(Math.max(0, i - 2), i + 1).flat();
        expect(window).toEqual(recent.sort((a, b) => a - b));
      }
      expect((await readdir(join(here.directory, "checkpoint", "received"))).length).toBeLessThan(4);
    },
  );
});
