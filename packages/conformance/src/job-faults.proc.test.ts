import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { batchAtMapGate, counting, expectExact, kill, LINES } from "./counting.fixture.ts";
import { freePort } from "./line-server.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";
import { WordFeed } from "./word-feed.fixture.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ executors: 2, slots: 1 });
});
afterAll(() => cluster.stop());
afterEach(cleanUp);

describe("the counts are right though a job's executor process is killed", () => {
  test("in the map stage", async () => {
    const here = await counting(cluster);
    const victim = await batchAtMapGate(here);
    const connections = here.feed.source.connections;
    const again = here.gates.hold(({ at, attempt }) => at === "map" && attempt > 0);
    kill(victim.pid);
    const retry = await again;
    expect(retry.pid).not.toBe(victim.pid);
    retry.pass();
    await here.feed.counted(here.job.log);
    const { warnings } = await here.job.status();
    expect(warnings.map(({ message }) => message).join("\n")).toMatch(/\[EXECUTOR_KILLED\].*SIGKILL/);
    // The receiver runs on one of the two: where the map task ran, as its block is there.
    await expectExact(here, connections + 1);
  });

  test.each(["state", "mapped"] as const)("in the reduce stage, where it owns partitions of %s", async (how) => {
    const here = await counting(cluster, how);
    const map = await batchAtMapGate(here);
    const reducer = here.gates.hold(({ at, pid }) => at === "reduce" && pid !== map.pid);
    map.pass();
    const victim = await reducer;
    const before = here.gates.seen.length;
    kill(victim.pid);
    await expectExact(here, 1);
    // Others counted its share.
    expect(
      here.gates.seen.slice(before).some(({ at, partition }) => at === "reduce" && partition === victim.partition),
    ).toBe(true);
  });

  test("when it has updated its state and the batch is not done", async () => {
    const here = await counting(cluster, "mapped");
    const map = await batchAtMapGate(here);
    const after = here.gates.hold(({ at, pid }) => at === "mapped" && pid !== map.pid);
    map.pass();
    const victim = await after;
    const before = here.gates.seen.length;
    kill(victim.pid);
    await expectExact(here, 1);
    // Its results were lost with it, and the other recomputed them, from the state before the batch.
    const again = here.gates.seen.slice(before).filter(({ partition }) => partition === victim.partition);
    expect(again.slice(0, 2).map(({ at }) => at)).toEqual(["reduce", "mapped"]);
  });

  test("while it holds shuffle output that reducers have not fetched, and hosts the receiver", async () => {
    const here = await counting(cluster);
    const map = await batchAtMapGate(here);
    const connections = here.feed.source.connections;
    const maps = here.gates.seen.filter(({ at }) => at === "map").length;
    const reducer = here.gates.hold(({ at, pid }) => at === "reduce" && pid !== map.pid);
    map.pass();
    const held = await reducer; // the other reducers of its executor wait for its only slot
    kill(map.pid);
    await here.job.log.says(/\[EXECUTOR_KILLED\]|\[RECEIVER_MOVED\]/);
    held.pass();
    await expectExact(here, connections + 1);
    // Its map output was made again: the map stage ran once more than there were batches with lines.
    expect(here.gates.seen.filter(({ at }) => at === "map").length).toBeGreaterThan(maps + 1);
  });
});

describe("the counts of a window are right though an executor is killed that holds batches of it", () => {
  test.each(["window", "inverse"] as const)("%s", async (how) => {
    const here = await counting(cluster, how);
    here.feed.send(...LINES);
    await here.feed.counted(here.job.log);
    const victim = await batchAtMapGate(here);
    const { connections } = here.feed.source;
    kill(victim.pid);
    await expectExact(here, connections + 1);
    if (how === "inverse") return; // its state was read from where it is kept: the batches before were not needed
    // Its data of earlier batches was recomputed, from the second copies of the received blocks.
    expect(here.gates.seen.filter(({ at, pid }) => at === "map" && pid !== victim.pid).length).toBeGreaterThan(2);
  });
});

test("a source that is down at the start, and goes down later, is tried again, and the job says so", async () => {
  const port = await freePort();
  const job = await cluster.submit("totals", ["127.0.0.1", String(port)]);
  later(() => job.kill());
  await job.log.says(/\[SOURCE_DOWN\].*ECONNREFUSED.*increasing pauses/);
  await job.log.says(/^totals \{\}$/, job.log.mark); // batches go on without it
  // A batch later: log and status take different ways to the supervisor, and the line may be the faster.
  expect((await job.status()).warnings).toEqual([expect.objectContaining({ code: "SOURCE_DOWN", lasting: true })]);
  const feed = await WordFeed.listen(port);
  later(() => feed.close());
  await feed.source.connected();
  feed.send("one two", "two");
  await feed.counted(job.log);
  await job.log.says(/\[SOURCE_BACK\]/);
  const mark = job.log.mark;
  feed.source.drop();
  await job.log.says(/\[SOURCE_DOWN\].*closed the connection/, mark);
  await feed.source.connected(2);
  feed.send("three two");
  await feed.counted(job.log);
  const { state, warnings } = await job.stop();
  expect(state).toBe("finished");
  expect(warnings).toEqual([]); // both outages are over
});

test("a task whose code throws is tried four times, in turn on the executors, then its batch fails with the author's line", async () => {
  const job = await cluster.submit("misbehaves", ["throws"]);
  const { state, error, warnings, batchesFailed } = await job.ended;
  expect({ state, batchesFailed }).toEqual({ state: "failed", batchesFailed: 1 });
  expect(error?.message).toMatch(/failed 4 times.*three is too much/s);
  expect(warnings).toContainEqual(expect.objectContaining({ code: "TASK_RETRIED", count: 3 }));
  const tried = job.log.all.flatMap((line) => /\[TASK_RETRIED\].* failed on (e-\d):/.exec(line)?.[1] ?? []);
  expect(tried).toHaveLength(3);
  expect(tried[0]).not.toBe(tried[1]);
  expect(tried[1]).not.toBe(tried[2]);
  const { stdout } = await cluster.command("status", job.id, "--verbose");
  const source = await readFile(jobFile("misbehaves"), "utf8");
  const line = source.split("\n").findIndex((text) => text.includes("new RangeError")) + 1;
  expect(stdout).toMatch(new RegExp(`RangeError: three is too much[\\s\\S]*at .*misbehaves\\.ts:${line}:\\d+`));
});
