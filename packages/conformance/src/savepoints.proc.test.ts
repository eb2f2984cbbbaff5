import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { countsOf, fileWorld } from "./file-world.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

type World = Awaited<ReturnType<typeof fileWorld>>;

async function running(here: World, ...options: readonly string[]): Promise<TestProcess> {
  const args = ["--master", "local[2]", ...options, "--", ...here.args];
  const job = TestProcess.millrace(["run", jobFile("restarts"), ...args]);
  later(() => job.end());
  later(() => here.gates.open());
  await job.says(/running on/);
  return job;
}

/** Moves a file with these words in; resolves when a batch with them is about to be committed. */
async function counted(here: World, ...words: readonly string[]): Promise<void> {
  const committed = here.stands("commit");
  await here.feed(...words);
  (await committed).pass();
}

async function millrace(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await TestProcess.millrace(args).ended;
  expect([code, stderr.includes("[")]).toEqual([0, false]);
  return stdout;
}

const pairs = (lines: string): readonly string[] =>
  lines.split("\n").flatMap((line) => {
    if (line === "") return [];
    const { key, state }: { key: string; state: number } = JSON.parse(line);
    return [`${key}=${state}`];
  });

test("the state of a running job is read and kept, and another job starts from there", async () => {
  const [here, there] = [await fileWorld(), await fileWorld()];
  const [checkpoint = ""] = here.args.map((directory) => join(directory, "checkpoint"));
  const job = await running(here);
  await counted(here, "a", "b", "a");
  await counted(here, "b"); // so the batch before is committed
  const savepoint = (await millrace("savepoint", checkpoint, "--name", "v1")).trim();
  expect(savepoint).toBe(join(checkpoint, "savepoints", "v1"));
  const kept = pairs(await millrace("state", "scan", savepoint, "--format", "jsonl")).toSorted();
  const fed = kept.includes("b=2") ? ["a", "b", "a", "b"] : ["a", "b", "a"];
  expect(kept).toEqual(countsOf(fed));
  await counted(here, "a", "c");
  const fork = await running(there, "--from-savepoint", savepoint, "--drop", "input-0");
  await counted(there, "d", "a");
  for (const one of [job, fork]) {
    one.signal("SIGINT");
    expect((await one.ended).code).toBe(0);
  }
  expect(await here.totals()).toEqual(countsOf(here.fed));
  expect(await there.totals()).toEqual(countsOf([...fed, ...there.fed]));
  const [listed]: { batch: number }[] = JSON.parse(await millrace("savepoint", checkpoint, "--list", "--json"));
  const changed = await millrace("state", "diff", checkpoint, "--from", String(listed?.batch), "--format", "jsonl");
  expect(changed).toContain('"key":"a","before":2,"after":3');
  expect(changed).toMatch(/"key":"c","after":1/);
  await millrace("savepoint", checkpoint, "--delete", "v1");
  expect(await millrace("savepoint", checkpoint, "--list")).toBe("no savepoints\n");
});

test("a job of a cluster is kept under its id, and is submitted again from there beside the one that goes on", async () => {
  const [here, there] = [await fileWorld(), await fileWorld()];
  const cluster = await TestCluster.start({ executors: 1, slots: 1 });
  later(() => cluster.stop());
  later(() => here.gates.open());
  later(() => there.gates.open());
  const job = await cluster.submit("restarts", here.args);
  await counted(here, "a", "b", "a");
  await counted(here, "b"); // so the batch before is committed
  const { code, stdout, stderr } = await cluster.command("savepoint", job.id, "--name", "v1");
  expect([code, stderr]).toEqual([0, expect.stringContaining(`savepoint v1 of the job restarts has batch `)]);
  const savepoint = stdout.trim();
  const kept = pairs(await millrace("state", "scan", savepoint, "--format", "jsonl")).toSorted();
  const fed = kept.includes("b=2") ? ["a", "b", "a", "b"] : ["a", "b", "a"];
  expect(kept).toEqual(countsOf(fed));
  await counted(here, "a", "c");

  const from = ["--from-savepoint", savepoint, "--conf", "batches.missed=one"];
  const refused = await cluster.command("submit", jobFile("restarts"), ...from, "--", ...there.args);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--drop input-0")]);
  const fork = await cluster.submit("restarts", there.args, [...from, "--name", "fork", "--drop", "input-0"]);
  await fork.log.says(/resumed from/);
  await counted(there, "d", "a");
  for (const one of [job, fork]) expect((await one.stop()).state).toBe("finished");
  expect(await here.totals()).toEqual(countsOf(here.fed));
  expect(await there.totals()).toEqual(countsOf([...fed, ...there.fed]));
});
