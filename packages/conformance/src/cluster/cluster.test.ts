import { deferred, invariantBroken } from "@millrace/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MemoryCluster, Traffic } from "./memory-cluster.fixture.ts";
import { begins, OutputDirectory, startCluster, TOTALS, totals } from "./totals-job.fixture.ts";

let out: OutputDirectory;
let cluster: MemoryCluster;
beforeEach(() => {
  out = new OutputDirectory();
});
afterEach(async () => {
  await cluster.close();
  out.remove();
});

async function start(...args: Parameters<typeof startCluster>): Promise<void> {
  cluster = await startCluster(...args);
}

const isTo =
  (executor: string, type: string) =>
  (one: Traffic): boolean =>
    one.what === "toExecutor" && one.executor === executor && one.message.type === type;

const hasTold =
  (executor: string, kind: string) =>
  (one: Traffic): boolean =>
    one.what === "toDriver" &&
    one.executor === executor &&
    one.message.type === "tasks" &&
    one.message.statuses.some(({ outcome }) => outcome.kind === kind);

describe("a cluster", () => {
  test("runs the batches of a stateful job, and ends when it is drained", async () => {
    const job = totals();
    await start(job, ["e1", "e2"]);
    await cluster.pass(4_000);
    expect(job.seen).toEqual(TOTALS);
    cluster.driver.stop({ graceful: true });
    await cluster.pass(2_000);
    expect(cluster.end).toBe("finished");
    expect(cluster.warnings).toEqual([]);
  });

  test("runs them the same each time, message by message", async () => {
    const runs: string[][] = [];
    for (let run = 0; run < 2; run++) {
      const job = totals();
      await start(job, ["e1", "e2"], { batches: 2 });
      const messages: string[] = [];
      cluster.once(
        (one) => {
          messages.push(`${one.what} ${one.message.type}`);
          return false;
        },
        () => undefined,
      );
      await cluster.pass(4_000);
      expect(cluster.end).toBe("finished");
      runs.push(messages);
      if (run === 0) await cluster.close();
    }
    expect(runs[0]?.length).toBeGreaterThan(50);
    expect(runs[1]).toEqual(runs[0]);
  });

  test("ends after its number of batches", async () => {
    const job = totals();
    await start(job, ["e1"], { batches: 2 });
    await cluster.pass(4_000);
    expect(job.seen).toEqual(TOTALS.slice(0, 2));
    expect(cluster.end).toBe("finished");
  });

  test("waits for its first executor, says so, and begins when one comes", async () => {
    const job = totals();
    await start(job, []);
    await cluster.pass(6_000);
    expect(cluster.warnings).toEqual(["NO_EXECUTORS"]);
    expect(job.seen).toEqual([]);
    await cluster.join("e1");
    expect(cluster.events).toContainEqual(expect.objectContaining({ type: "warningOver" }));
    await cluster.pass(4_000);
    expect(job.seen).toEqual(TOTALS);
  });

  test("begins with those that have come when others do not", async () => {
    const job = totals();
    await start(job, ["e1"], { executors: 2 });
    await cluster.pass(9_000);
    expect(cluster.events.some(({ type }) => type === "running")).toBe(false);
    await cluster.pass(5_000);
    expect(job.seen).toEqual(TOTALS);
  });

  test("gives tasks to an executor that joins late", async () => {
    const job = totals();
    await start(job, ["e1"], { conf: { "default.parallelism": "4" } });
    await cluster.pass(1_000);
    await cluster.join("late");
    const worked = cluster.once(hasTold("late", "mapOutput"), () => undefined);
    await cluster.pass(3_000);
    expect(worked()).toBe(true);
    expect(job.seen).toEqual(TOTALS);
  });
});

describe("an executor that is lost changes no result", () => {
  const STEPS: readonly (readonly [string, (one: Traffic) => boolean])[] = [
    ["when its first tasks are on their way", isTo("e1", "launch")],
    ["when it has told of its map output", hasTold("e1", "mapOutput")],
    ["when it has told of a result", hasTold("e1", "result")],
    ["when the job has asked for a plan", ({ what, message }) => what === "fromThread" && message.type === "runPlan"],
    ["when the batch runs", begins("runBatch")],
    ["when its outputs are done", ({ what, message }) => what === "fromThread" && message.type === "outputsDone"],
    ["when its commit begins", begins("commit")],
    ["when its commit is answered", ({ what, message }) => what === "fromThread" && message.type === "committed"],
    ["when the batch has ended", begins("batchEnded")],
  ];

  test.each(STEPS)("%s, of the first batch", async (_, step) => {
    const job = totals({ saveTo: out.path });
    await start(job, ["e1", "e2"]);
    const fired = cluster.once(step, () => cluster.lose("e1"));
    await cluster.pass(6_000);
    expect(fired()).toBe(true);
    expect(cluster.warnings).toContain("EXECUTOR_LOST");
    expect(job.seen.slice(0, 4)).toEqual(TOTALS);
    expect(out.totals().slice(0, 4)).toEqual(TOTALS);
  });

  test.each(STEPS)("%s, of a later batch, whose state it held", async (_, step) => {
    const job = totals({ saveTo: out.path });
    await start(job, ["e1", "e2"]);
    await cluster.pass(2_000);
    const fired = cluster.once(step, () => cluster.lose("e1"));
    await cluster.pass(6_000);
    expect(fired()).toBe(true);
    expect(job.seen.slice(0, 4)).toEqual(TOTALS);
    expect(out.totals().slice(0, 4)).toEqual(TOTALS);
    expect(out.hidden()).toEqual([]);
  });

  test("between two batches", async () => {
    const job = totals();
    await start(job, ["e1", "e2"]);
    await cluster.pass(1_500);
    cluster.lose("e2");
    await cluster.pass(5_000);
    expect(cluster.warnings).toContain("EXECUTOR_LOST");
    expect(job.seen.slice(0, 4)).toEqual(TOTALS);
  });

  test("when it was the last one, and another comes", async () => {
    const job = totals();
    await start(job, ["e1"]);
    await cluster.pass(1_500);
    cluster.lose("e1");
    await cluster.pass(3_000);
    expect(cluster.warnings).toContain("NO_EXECUTORS");
    expect(job.seen).toEqual(TOTALS.slice(0, 1));
    await cluster.join("e2");
    await cluster.pass(5_000);
    expect(job.seen.slice(0, 4)).toEqual(TOTALS);
  });

  test("when it says nothing any more for executor.timeout", async () => {
    const job = totals();
    await start(job, ["e1", "e2"], { conf: { "executor.timeout": "3s" } });
    await cluster.pass(1_500);
    cluster.hang("e1");
    await cluster.pass(2_500);
    expect(cluster.warnings).not.toContain("EXECUTOR_LOST");
    await cluster.pass(4_500);
    expect(cluster.warnings).toContain("EXECUTOR_LOST");
    expect(job.seen.slice(0, 4)).toEqual(TOTALS);
  });

  test("between the allocation of a batch and its beginning", async () => {
    const first = deferred<void>();
    const job = totals({ meanwhile: (batch) => (batch === 0 ? first.promise : Promise.resolve()) });
    await start(job, ["e1", "e2"]);
    await cluster.pass(2_500);
    expect(cluster.events).toContainEqual({ type: "waiting", batches: 1 });
    cluster.lose("e1");
    first.resolve();
    await cluster.pass(5_000);
    expect(job.seen.slice(0, 4)).toEqual(TOTALS);
  });
});

describe("a cluster ends", () => {
  test("gracefully when its batches are over, though one of them takes its time", async () => {
    const held = deferred<void>();
    const job = totals({ meanwhile: () => held.promise });
    await start(job, ["e1"]);
    await cluster.pass(1_000);
    cluster.driver.stop({ graceful: true });
    await cluster.pass(3_000);
    expect(cluster.end).toBeUndefined();
    held.resolve();
    await cluster.pass(2_000);
    expect(cluster.end).toBe("finished");
    expect(job.seen[0]).toEqual(TOTALS[0]);
  });

  test("after it has told what its drain waits for, each time that this changes, without being asked", async () => {
    const held = deferred<void>();
    const job = totals({ meanwhile: () => held.promise });
    await start(job, ["e1"]);
    await cluster.pass(1_000);
    cluster.driver.stop({ graceful: true });
    const told = (): readonly string[] =>
      cluster.events.flatMap((event) => (event.type === "draining" ? [event.draining.waitsFor.join()] : []));
    await cluster.pass(2_000);
    const atFirst = told();
    expect(atFirst.at(-1)).toMatch(/^batch \S+, which runs/);
    await cluster.pass(5_000);
    expect(told()).toEqual(atFirst);
    held.resolve();
    await cluster.pass(2_000);
    expect(cluster.end).toBe("finished");
    expect(told().slice(atFirst.length)).not.toEqual([]);
  });

  test("when the drain takes longer than stop.timeout", async () => {
    const job = totals({ meanwhile: () => new Promise<void>(() => undefined) });
    await start(job, ["e1"], { conf: { "stop.timeout": "10s" } });
    await cluster.pass(1_000);
    cluster.driver.stop({ graceful: true });
    await cluster.pass(9_000);
    expect(cluster.end).toBeUndefined();
    await cluster.pass(3_000);
    expect(cluster.end).toMatch(/killed: \[JOB_STOPPED\] the job did not drain within stop.timeout = 10 s/);
  });

  test("when it is to drain and has no executor", async () => {
    const job = totals();
    await start(job, ["e1"]);
    await cluster.pass(1_500);
    cluster.lose("e1");
    await cluster.pass(1_000);
    cluster.driver.stop({ graceful: true });
    await cluster.pass(7_000);
    expect(cluster.end).toMatch(/killed: \[JOB_STOPPED\] the job was draining and had no executor for 5 s/);
  });

  test("at once when it is killed, and the batch that ran is cut off", async () => {
    const job = totals({ meanwhile: () => new Promise<void>(() => undefined) });
    await start(job, ["e1"]);
    await cluster.pass(1_000);
    cluster.driver.stop({ graceful: false, reason: { kind: "operator" } });
    await cluster.pass(1_500);
    expect(cluster.end).toMatch(/killed: .* the job was ended at once, as asked\. Batch \d+ .* was cut off/);
  });

  test("before it has begun, and nothing of it ran", async () => {
    await start(totals(), []);
    cluster.driver.stop({ graceful: false, reason: { kind: "operator" } });
    await cluster.idle();
    expect(cluster.end).toMatch(/before its first batch/);
  });

  test("with its thread, and no batch follows", async () => {
    const job = totals();
    await start(job, ["e1"]);
    await cluster.pass(1_000);
    cluster.loseThread(invariantBroken("the thread of the job's code is gone"));
    await cluster.pass(3_000);
    expect(cluster.end).toMatch(/failed: .*the thread of the job's code is gone/);
    expect(job.seen).toEqual(TOTALS.slice(0, 1));
  });
});
