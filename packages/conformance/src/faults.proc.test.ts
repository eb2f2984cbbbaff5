import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { batchAtMapGate, type Counting, counting, expectExact, kill, LINES } from "./counting.fixture.ts";
import { GateServer } from "./gate-server.fixture.ts";
import { freePort, LineServer } from "./line-server.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { TestCluster } from "./test-cluster.fixture.ts";

// Executors are killed as a whole, and come and go.

afterEach(cleanUp);

/** A cluster of its own, for tests that change it. */
async function own(executors: number): Promise<TestCluster> {
  const cluster = await TestCluster.start({ executors, slots: 1 });
  later(() => cluster.stop());
  return cluster;
}

/** An executor's process of the job can take tasks; quoted in the report of its end, the line looks another. */
const READY = /"msg":"\d+ slots are ready"/;

test("the counts are right though executor processes of a job are killed again and again, while those that were killed come back", async () => {
  const here = await counting(await own(3));
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

test("the counts are right though an executor is killed as a whole, and one that joins late takes its place", async () => {
  const here = await counting(await own(2));
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
  const cluster = await own(1);
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
  await job.log.says(new RegExp(`\\[RECEIVED_DATA_LOST\\] 2 records .*: allocated to batch ${time}`));
  await job.log.says(new RegExp(`^batch ${time} read 0 lines$`));
  await source.connected(2);
  source.send("three\n");
  await job.log.says(/^batch \d+ read 1 lines$/);
  expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0 });
});

describe("state moves to an executor that joins", () => {
  /** By executor: which partitions of the state it has updated since then. */
  const served = ({ gates }: Counting, since: number, executor: TestProcess): ReadonlySet<number> =>
    new Set(
      gates.seen.flatMap(({ at, ppid, partition }, index) =>
        index >= since && at === "reduce" && ppid === executor.pid ? [partition] : [],
      ),
    );

  test.each(["state", "mapped"] as const)("half of it to the second one, and the counts are right: %s", async (how) => {
    const here = await counting(await own(1), how);
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
    const here = await counting(await own(1));
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
  test("a job waits for the first one, and one that was killed comes back under its name, and is used again", async () => {
    const cluster = await own(0);
    const job = await cluster.submit("ticks");
    expect(await job.status()).toMatchObject({ state: "running", executors: 0, batchesCompleted: 0 });
    const first = cluster.startExecutor(1, "e-0");
    await job.log.says(/^tick 3 3$/);
    first.signal("SIGKILL");
    await first.ended;
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
