import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { type Arrival, GateServer } from "./gate-server.fixture.ts";
import { freePort, LineServer } from "./line-server.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster, type TestJob } from "./test-cluster.fixture.ts";
import { lastTotals, WordFeed } from "./word-feed.fixture.ts";

// Each fault strikes while a task stands at a gate, so it strikes in mid-batch; and when it strikes, all that was sent is
// in that batch, so the totals must come out exact.

afterEach(cleanUp);

interface World {
  readonly cluster: TestCluster;
  readonly feed: WordFeed;
  readonly gates: GateServer;
  readonly job: TestJob;
}

async function world(options: {
  readonly executors: number;
  readonly slots: number;
  /** How the job keeps its totals: as state, or over a window. */
  readonly how?: "state" | "mapped" | "window" | "inverse";
}): Promise<World> {
  const cluster = await TestCluster.start(options);
  later(() => cluster.stop());
  const feed = await WordFeed.listen();
  later(() => feed.close());
  const gates = await GateServer.listen();
  later(() => gates.close());
  const job = await cluster.submit("totals", [...feed.args, String(gates.port), options.how ?? "state"]);
  await feed.source.connected();
  // A first batch, so that there is state to lose.
  feed.send("to be or not to be", "that is the question");
  await feed.counted(job.log);
  return { cluster, feed, gates, job };
}

const LINES = ["whether tis nobler", "in the mind to suffer", "the slings and arrows", "of outrageous fortune to be"];

/** Sends one batch and waits until its only map task, with all its lines, stands at the gate. */
async function batchAtMapGate({ feed, gates }: World): Promise<Arrival> {
  const arrived = gates.hold(({ at }) => at === "map");
  const lines = feed.send(...LINES);
  const arrival = await arrived;
  expect(arrival.records).toBe(lines);
  return arrival;
}

/** Everything counted, then one more batch over whatever the fault has moved, then a drain: the totals are exact. */
async function expectExact({ feed, job }: World, connections: number): Promise<void> {
  await feed.counted(job.log);
  await feed.source.connected(connections);
  feed.send("ay there is the rub", "to be");
  await feed.counted(job.log);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  expect(lastTotals(job.log)).toEqual(feed.expected);
}

/** An executor's process of the job can take tasks; quoted in the report of its end, the line looks another. */
const READY = /"msg":"\d+ slots are ready"/;

const kill = (pid: number): void => void process.kill(pid, "SIGKILL");

describe("the counts are right though a job's executor process is killed", () => {
  test("in the map stage", async () => {
    const here = await world({ executors: 2, slots: 1 });
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
    const here = await world({ executors: 2, slots: 1, how });
    const map = await batchAtMapGate(here);
    const reducer = here.gates.hold(({ at, pid }) => at === "reduce" && pid !== map.pid);
    map.pass();
    const victim = await reducer;
    const before = here.gates.seen.length;
    kill(victim.pid);
    await expectExact(here, 1);
    // What it had owned was counted by others.
    expect(
      here.gates.seen.slice(before).some(({ at, partition }) => at === "reduce" && partition === victim.partition),
    ).toBe(true);
  });

  test("when it has updated its state and the batch is not done", async () => {
    const here = await world({ executors: 2, slots: 1, how: "mapped" });
    const map = await batchAtMapGate(here);
    const after = here.gates.hold(({ at, pid }) => at === "mapped" && pid !== map.pid);
    map.pass();
    const victim = await after;
    const before = here.gates.seen.length;
    kill(victim.pid);
    await expectExact(here, 1);
    // What it had made of its pairs was lost with it, and made again by the other, from the state before the batch.
    const again = here.gates.seen.slice(before).filter(({ partition }) => partition === victim.partition);
    expect(again.slice(0, 2).map(({ at }) => at)).toEqual(["reduce", "mapped"]);
  });

  test("while it holds shuffle output that reducers have not fetched, and hosts the receiver", async () => {
    const here = await world({ executors: 2, slots: 1 });
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

  test("again and again, while those that were killed come back", async () => {
    const here = await world({ executors: 3, slots: 1 });
    const killed = new Set<number>();
    for (let round = 0; round < 3; round += 1) {
      const victim = await batchAtMapGate(here);
      const { connections } = here.feed.source;
      const executor = here.cluster.executors.find(({ pid }) => pid === victim.ppid);
      const mark = executor?.lines.mark;
      killed.add(victim.pid);
      kill(victim.pid);
      await here.feed.counted(here.job.log);
      await here.feed.source.connected(connections + 1);
      await executor?.says(READY, mark);
    }
    expect(killed.size).toBe(3);
    await expectExact(here, here.feed.source.connections);
  });
});

describe("the counts of a window are right though an executor is killed that holds batches of it", () => {
  test.each(["window", "inverse"] as const)("%s", async (how) => {
    const here = await world({ executors: 2, slots: 1, how });
    here.feed.send(...LINES);
    await here.feed.counted(here.job.log);
    const victim = await batchAtMapGate(here);
    const { connections } = here.feed.source;
    kill(victim.pid);
    await expectExact(here, connections + 1);
    if (how === "inverse") return; // its state was read from where it is kept: the batches before were not needed
    // What it had held of earlier batches was computed again, from the second copies of what was received.
    expect(here.gates.seen.filter(({ at, pid }) => at === "map" && pid !== victim.pid).length).toBeGreaterThan(2);
  });
});

test("the counts are right though an executor is killed as a whole, and one that joins late takes its place", async () => {
  const here = await world({ executors: 2, slots: 1 });
  const victim = await batchAtMapGate(here);
  const { connections } = here.feed.source;
  const executor = here.cluster.executors.find(({ pid }) => pid === victim.ppid);
  executor?.signal("SIGKILL");
  expect(await executor?.ended).toMatchObject({ signal: "SIGKILL" });
  await here.feed.counted(here.job.log);
  await here.feed.source.connected(connections + 1);
  // One that joins late takes over from the last of the first two, which is killed between two batches.
  const late = here.cluster.startExecutor(1);
  await late.says(READY);
  const rest = here.cluster.executors.find((one) => one !== executor && one !== late);
  rest?.signal("SIGKILL");
  await here.feed.source.connected(connections + 2);
  here.feed.send("once more unto the breach");
  await here.feed.counted(here.job.log);
  expect(here.gates.seen.at(-1)?.ppid).toBe(late.pid);
  await expectExact(here, connections + 2);
});

test("a batch that has not begun goes on without blocks whose only holder is killed, and the job with it", async () => {
  const cluster = await TestCluster.start({ executors: 1, slots: 1 });
  later(() => cluster.stop());
  const source = await LineServer.listen();
  later(() => source.close());
  const gates = await GateServer.listen();
  later(() => gates.close());
  const first = gates.hold(({ at }) => at === "first");
  const job = await cluster.submit("lost-input", [String(source.port), String(gates.port)]);
  await source.connected();
  const held = await first; // the first batch runs: what comes now is for those behind it
  source.send("one\ntwo\n");
  const [, time] = await job.log.says(/^batch (\d+) was given 2 lines$/);
  kill(held.pid);
  await job.log.says(new RegExp(`\\[RECEIVED_DATA_LOST\\] 2 records .*: batch ${time} had them`));
  await job.log.says(new RegExp(`^batch ${time} read 0 lines$`));
  await source.connected(2);
  source.send("three\n");
  await job.log.says(/^batch \d+ read 1 lines$/);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
});

describe("state moves to an executor that joins", () => {
  /** By executor: which partitions of the state it has updated since then. */
  const served = ({ gates }: World, since: number, executor: TestProcess): ReadonlySet<number> =>
    new Set(
      gates.seen.flatMap(({ at, ppid, partition }, index) =>
        index >= since && at === "reduce" && ppid === executor.pid ? [partition] : [],
      ),
    );

  test.each(["state", "mapped"] as const)("half of it to the second one, and the counts are right: %s", async (how) => {
    const here = await world({ executors: 1, slots: 1, how });
    const late = here.cluster.startExecutor(1);
    await here.job.log.says(/\[STATE_MOVED\] 3 partitions of state move .* all 2 share the work/);
    const since = here.gates.seen.length;
    here.feed.send(...LINES);
    await here.feed.counted(here.job.log);
    const [first] = here.cluster.executors;
    if (first === undefined) throw new Error("there is no first executor");
    const moved = served(here, since, late);
    expect(moved.size).toBeGreaterThan(0);
    expect(moved.size).toBeLessThanOrEqual(3);
    for (const partition of served(here, since, first)) expect(moved).not.toContain(partition);
    expect((await here.job.status()).warnings).toContainEqual(expect.objectContaining({ code: "STATE_MOVED" }));
    await expectExact(here, 1);
  });

  test("and back, when the one that joined is killed before it has updated any", async () => {
    const here = await world({ executors: 1, slots: 1 });
    const late = here.cluster.startExecutor(1);
    await here.job.log.says(/\[STATE_MOVED\]/);
    const since = here.gates.seen.length;
    const arrived = here.gates.hold(({ at, ppid }) => at === "reduce" && ppid === late.pid);
    here.feed.send(...LINES);
    const victim = await arrived; // it stands before its state, which the batch needs
    late.signal("SIGKILL");
    await late.ended;
    await here.feed.counted(here.job.log);
    const [first] = here.cluster.executors;
    if (first === undefined) throw new Error("there is no first executor");
    expect(served(here, since, first)).toContain(victim.partition);
    await expectExact(here, 1);
  });
});

describe("executors come when they like", () => {
  test("a job waits for the first one", async () => {
    const cluster = await TestCluster.start({ executors: 0, slots: 1 });
    later(() => cluster.stop());
    const job = await cluster.submit("ticks");
    expect(await job.status()).toMatchObject({ state: "running", executors: 0, batchesCompleted: 0 });
    cluster.startExecutor(1);
    await job.log.says(/^tick 3 3$/);
    expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  });

  test("one that was killed comes back under its name, and is used again", async () => {
    const cluster = await TestCluster.start({ executors: 1, slots: 1 });
    later(() => cluster.stop());
    const job = await cluster.submit("ticks");
    await job.log.says(/^tick 1 3$/);
    const [killed] = cluster.executors;
    killed?.signal("SIGKILL");
    await killed?.ended;
    const { mark } = job.log;
    const back = cluster.startExecutor(1, "e-0");
    await back.says(/member of the cluster/);
    await job.log.says(/^tick \d+ 3$/, mark);
    expect(await cluster.ask("executors")).toMatchObject([{ id: "e-0", state: "connected", jobs: [job.id] }]);
    expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
  });

  test("an executor looks for its driver for as long as it takes, and says so", async () => {
    const port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), "millrace-test-"));
    later(() => rm(directory, { recursive: true, force: true }));
    const at = `127.0.0.1:${port}`;
    const executor = TestProcess.millrace(["executor", "--driver", at, "--work-dir", join(directory, "e")]);
    later(() => executor.end());
    await executor.says(/no connection to the driver at .* Trying again in 1\d\d ms/);
    await executor.says(/Trying again in [23]\d\d ms/);
    const dataDir = join(directory, "d");
    const driver = TestProcess.millrace(["driver", "--port", String(port), "--ui-port", "0", "--data-dir", dataDir]);
    later(() => driver.end());
    await executor.says(/member of the cluster/);
  });
});

test("a source that is down at the start, and goes down later, is tried again, and the job says so", async () => {
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
  const port = await freePort();
  const job = await cluster.submit("totals", ["127.0.0.1", String(port)]);
  await job.log.says(/\[SOURCE_DOWN\].*ECONNREFUSED.*growing pauses/);
  expect((await job.status()).warnings).toEqual([expect.objectContaining({ code: "SOURCE_DOWN", lasting: true })]);
  await job.log.says(/^totals \{\}$/); // batches go on without it
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
  const cluster = await TestCluster.start({ executors: 2, slots: 1 });
  later(() => cluster.stop());
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
