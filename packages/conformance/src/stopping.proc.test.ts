import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { GateServer } from "./gate-server.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";
import { lastTotals, WordFeed } from "./word-feed.fixture.ts";

afterEach(cleanUp);

async function world() {
  const cluster = await TestCluster.start({ executors: 1, slots: 2 });
  later(() => cluster.stop());
  const feed = await WordFeed.listen();
  later(() => feed.close());
  const gates = await GateServer.listen();
  later(() => gates.close());
  const job = await cluster.submit("totals", [...feed.args, String(gates.port)]);
  await feed.source.connected();
  return { cluster, feed, gates, job };
}

describe("what was received is counted before the end", () => {
  test("when a job is stopped in mid-batch", async () => {
    const { cluster, feed, gates, job } = await world();
    const held = gates.hold(({ at }) => at === "map");
    feed.send("all that was received", "is counted");
    const task = await held;
    const { code } = await cluster.command("stop", job.id, "--no-wait");
    expect(code).toBe(0);
    const { state, draining } = await job.status();
    expect(state).toBe("stopping");
    expect(draining?.waitsFor.join("; ")).toMatch(/^batch \S+, which runs/);
    const waiting = cluster.command("stop", job.id);
    task.pass();
    // It may be over by the time that the command asks.
    expect(await waiting).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^millrace: job \S+ .*is finished\n$/),
    });
    expect(await job.ended).toMatchObject({
      state: "finished",
      batchesFailed: 0,
      error: undefined,
      warnings: [expect.objectContaining({ code: "NO_REPLICA_PEER", lasting: true, count: 1 })],
    });
    expect(lastTotals(job.log)).toEqual(feed.expected);
  });

  test("when the driver gets SIGTERM: it answers that it is not ready, drains, and ends with 0", async () => {
    const { cluster, feed, gates, job } = await world();
    const ready = () => fetch(`http://${cluster.uiAddress}/readyz`).then(({ status }) => status);
    expect(await ready()).toBe(200);
    const held = gates.hold(({ at }) => at === "map");
    feed.send("to the very last word");
    const task = await held;
    cluster.driver.signal("SIGTERM");
    await cluster.driver.says(/stopping the driver/);
    expect(await ready()).toBe(503);
    const refused = await cluster.command("submit", jobFile("ticks"));
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("[DRIVER_DRAINING]") });
    task.pass();
    expect(await cluster.driver.ended).toMatchObject({ code: 0, signal: null });
    expect(lastTotals(job.log)).toEqual(feed.expected);
  });
});

test("a driver whose executors are gone when it is to end does not wait for them, and what was lost is no success", async () => {
  const { cluster, feed, gates } = await world();
  const held = gates.hold(({ at }) => at === "map");
  feed.send("never to be counted");
  await held;
  const [executor] = cluster.executors;
  executor?.signal("SIGKILL");
  await executor?.ended;
  cluster.driver.signal("SIGTERM");
  await cluster.driver.says(/is killed: \[JOB_STOPPED\] .* had no executor for 5 s: .* was cut off/);
  expect(await cluster.driver.ended).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("killed before they had drained: totals-1"),
  });
});

test("--json of every command of an operator can be read by a program", async () => {
  const cluster = await TestCluster.start({ executors: 1, slots: 1 });
  later(() => cluster.stop());
  const submitted = await cluster.ask("submit", jobFile("ticks"), "--name", "json");
  expect(submitted).toMatchObject({ id: "json-1", state: "running" });
  const [job] = await cluster.operator.jobs();
  expect(job?.name).toBe("json");
  const follow = TestProcess.millrace(["logs", "json-1", "-f", "--driver", cluster.address]);
  later(() => follow.end());
  await follow.says(/^tick 3 3$/);
  expect(await cluster.ask("jobs")).toMatchObject([{ id: "json-1", name: "json", state: "running" }]);
  expect(await cluster.ask("status", "json-1")).toMatchObject({ id: "json-1", executors: 1, warnings: [] });
  expect(await cluster.ask("batches", "json-1")).toContainEqual(
    expect.objectContaining({ state: "completed", records: 0 }),
  );
  expect(await cluster.ask("executors")).toMatchObject([{ id: "e-0", state: "connected", slots: 1, jobs: ["json-1"] }]);
  const { stdout } = await cluster.command("logs", "json-1", "--json");
  const lines = stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ text: "tick 1 3" }));
  expect(await cluster.ask("stop", "json-1")).toMatchObject({ id: "json-1" });
  await follow.ended;
  expect(await cluster.ask("kill", "json-1")).toMatchObject({ id: "json-1", state: "finished" });
  expect(await cluster.ask("doctor")).toContainEqual(expect.objectContaining({ what: "driver", verdict: "ok" }));
});
