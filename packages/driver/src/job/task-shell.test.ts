import { type EpochMs, epochMs, executorId, ManualClock, parseConf } from "@millrace/base";
import { type ActionPlan, stageRunId, type TaskOutcome, type TaskStatus } from "@millrace/plan";
import type { FromExecutor } from "@millrace/rpc";
import type { ExecutorFigures } from "@millrace/scheduler";
import { describe, expect, test } from "vitest";
import { TaskShell } from "./task-shell.ts";

const EXECUTOR = executorId("e-1");
const FIRST = epochMs(1_000);
const SECOND = epochMs(2_000);

/** An action of one stage with two tasks. */
function action(run: number, batch: EpochMs): ActionPlan {
  const stage = { run: stageRunId(run), name: "count", templates: [], captures: [], broadcasts: [], partitions: 2 };
  const tasks = [0, 1].map((partition) => ({ partition, template: 0, inputs: [] }));
  return { batch, stages: [{ ...stage, tasks, reads: [], writes: undefined }] };
}

/** A shell with one executor, which answers by hand. */
function shell() {
  const told: (ExecutorFigures | string)[] = [];
  const tasks = new TaskShell(
    { conf: parseConf({ "task.retry.delay.min": 0 }), epoch: 0 },
    {
      executors: { launch: () => {}, send: () => {}, stageDone: () => {}, tidy: () => {} },
      fetch: () => Promise.reject(new Error("results are inline here")),
      clock: new ManualClock(FIRST),
      onFigures: (executor, figures) => told.push(figures ?? `${executor} is gone`),
      warn: () => {},
      warningOver: () => {},
    },
  );
  tasks.dispatch({ type: "executorJoined", executor: EXECUTOR, slots: 4 });
  tasks.dispatch({ type: "executorReady", executor: EXECUTOR });
  const report = (run: number, partition: number, attempt: number, outcome: TaskOutcome): void => {
    const status: TaskStatus = { task: { run: stageRunId(run), partition, attempt }, outcome };
    tasks.onStatuses(EXECUTOR, { type: "tasks", statuses: [status] });
  };
  return { tasks, report, told };
}

const spilled = (spilledBytes: number): Extract<TaskOutcome, { kind: "result" }> => ({
  kind: "result",
  result: { kind: "inline", block: Uint8Array.of(1) },
  metrics: { runMs: 1, recordsIn: 1, recordsOut: 1, spilledBytes },
  accumulators: new Uint8Array(),
});

const storeSpilled = (spilledBytes: number): FromExecutor => ({
  type: "heartbeat",
  rssBytes: 1_000,
  poolBytes: 100,
  blocks: 3,
  spilledBytes,
});

describe("what tasks put on disk", () => {
  test("is added up by batch, over all plans of it", async () => {
    const { tasks, report } = shell();
    const first = tasks.run(action(1, FIRST));
    report(1, 0, 0, spilled(10));
    report(1, 1, 0, spilled(5));
    await first;
    const both = [tasks.run(action(2, FIRST)), tasks.run(action(3, SECOND))];
    report(2, 0, 0, spilled(100));
    report(3, 0, 0, spilled(1_000));
    report(2, 1, 0, spilled(0));
    report(3, 1, 0, spilled(2_000));
    await Promise.all(both);
    expect([tasks.figures(FIRST).spilledBytes, tasks.figures(SECOND).spilledBytes]).toEqual([115, 3_000]);
  });

  test("is known while the batch runs, and of an attempt that failed it is not", async () => {
    const { tasks, report } = shell();
    const done = tasks.run(action(1, FIRST));
    expect(tasks.figures(FIRST).spilledBytes).toBe(0);
    report(1, 0, 0, { kind: "failed", error: { name: "Error", message: "no luck" } });
    report(1, 0, 1, spilled(7));
    expect(tasks.figures(FIRST).spilledBytes).toBe(7);
    report(1, 1, 0, spilled(1));
    await done;
    expect(tasks.figures(FIRST).spilledBytes).toBe(8);
  });

  test("is forgotten with the batch, and a late report does not bring it back", () => {
    const { tasks, report } = shell();
    tasks.run(action(1, FIRST)).catch(() => undefined); // cancelled below
    report(1, 0, 0, spilled(7));
    tasks.cancel("the job is stopped", FIRST);
    tasks.batchEnded(FIRST);
    report(1, 1, 0, spilled(7));
    expect(tasks.figures(FIRST).spilledBytes).toBe(0);
  });
});

test("what the tasks of an action have saved is told in the order of its partitions, and no block is fetched", async () => {
  const { tasks, report } = shell();
  const saved = tasks.run(action(1, FIRST));
  const file = (name: string) => ({ file: name, bytes: 5, token: "5@1" });
  report(1, 1, 0, { ...spilled(0), result: { kind: "written", file: file("0-part-00001") } });
  report(1, 0, 0, { kind: "failed", error: { name: "Error", message: "no luck" } });
  report(1, 0, 1, { ...spilled(0), result: { kind: "written", file: file("1-part-00000") } });
  expect(await saved).toMatchObject({ partitions: [], written: [file("1-part-00000"), file("0-part-00001")] });
});

describe("what block stores put on disk", () => {
  test("is charged to the batch that runs, and between batches to the next one", async () => {
    const { tasks, report } = shell();
    tasks.onMessage(EXECUTOR, storeSpilled(7));
    const first = tasks.run(action(1, FIRST));
    tasks.onMessage(EXECUTOR, storeSpilled(10));
    report(1, 0, 0, spilled(100));
    report(1, 1, 0, spilled(0));
    await first;
    tasks.onMessage(EXECUTOR, storeSpilled(10));
    expect(tasks.figures(FIRST).spilledBytes).toBe(110);
    tasks.batchEnded(FIRST);
    tasks.onMessage(EXECUTOR, storeSpilled(30));
    void tasks.run(action(2, SECOND));
    expect(tasks.figures(SECOND).spilledBytes).toBe(20);
  });

  test("of an executor that is started again counts from nothing", () => {
    const { tasks } = shell();
    tasks.onMessage(EXECUTOR, storeSpilled(1_000));
    void tasks.run(action(1, FIRST));
    tasks.onMessage(EXECUTOR, storeSpilled(5));
    expect(tasks.figures(FIRST).spilledBytes).toBe(1_005);
  });
});

test("what an executor does is told at its heartbeat, and that it is gone", async () => {
  const { tasks, report, told } = shell();
  const done = tasks.run(action(1, FIRST));
  report(1, 0, 0, { kind: "failed", error: { name: "Error", message: "no luck" } });
  report(1, 0, 1, spilled(7));
  report(1, 1, 0, spilled(0));
  await done;
  expect(tasks.figures(FIRST)).toEqual({ tasks: 2, taskMs: 2, recordsRead: 2, spilledBytes: 7 });
  tasks.onMessage(EXECUTOR, storeSpilled(20));
  tasks.dispatch({ type: "executorLost", executor: EXECUTOR });
  const counts = { tasks: 2, failures: 1, taskMs: 2, recordsIn: 2, recordsOut: 2, spilledBytes: 27 };
  expect(told).toEqual([{ executor: EXECUTOR, rssBytes: 1_000, poolBytes: 100, blocks: 3, ...counts }, "e-1 is gone"]);
});
