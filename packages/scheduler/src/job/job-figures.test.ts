import { epochMs, executorId } from "@millrace/base";
import type { TaskOutcome } from "@millrace/plan";
import { expect, test } from "vitest";
import { JobFigures, NO_FIGURES, type StageFigures } from "./job-figures.ts";

const FIRST = epochMs(1_000);
const SECOND = epochMs(2_000);
const [e1, e2] = [executorId("e-1"), executorId("e-2")];
const source: StageFigures = { batch: FIRST, first: true };
const later: StageFigures = { batch: FIRST, first: false };
const idle = { rssBytes: 10, poolBytes: 20, blocks: 1, spilledBytes: 0 };

const done = (recordsIn: number, recordsOut: number, spilledBytes = 0): TaskOutcome => ({
  kind: "result",
  result: { kind: "inline", block: new Uint8Array() },
  metrics: { runMs: 5, recordsIn, recordsOut, spilledBytes },
  accumulators: new Uint8Array(),
});

test("a batch has its tasks, and the records where its input enters; what attempts that failed did counts for no batch", () => {
  const figures = new JobFigures();
  figures.planSubmitted(FIRST);
  figures.taskReported(e1, source, done(100, 10));
  figures.taskReported(e2, source, { kind: "failed", error: { name: "Error", message: "no" } });
  figures.taskReported(e2, source, done(50, 5, 7));
  figures.taskReported(e1, later, done(15, 3));
  expect(figures.of(FIRST)).toEqual({ tasks: 3, taskMs: 15, recordsRead: 150, spilledBytes: 7 });
  figures.forget(FIRST);
  figures.taskReported(e1, source, done(1, 1));
  expect(figures.of(FIRST)).toEqual(NO_FIGURES);
});

test("an executor has what its tasks did for all batches, and what it says of its process", () => {
  const figures = new JobFigures();
  figures.planSubmitted(FIRST);
  figures.taskReported(e1, source, done(100, 10, 3));
  figures.forget(FIRST);
  figures.taskReported(e1, { batch: SECOND, first: true }, done(50, 5));
  figures.taskReported(e1, undefined, { kind: "cancelled" });
  const tasks = { tasks: 2, failures: 0, taskMs: 10, recordsIn: 150, recordsOut: 15 };
  expect(figures.heartbeat(e1, { ...idle, spilledBytes: 4 })).toEqual({
    ...{ executor: e1, ...tasks, rssBytes: 10, poolBytes: 20, blocks: 1 },
    spilledBytes: 7,
  });
});

test("nothing is kept of an executor that is lost: one of its name begins anew", () => {
  const figures = new JobFigures();
  figures.taskReported(e1, undefined, done(1, 1));
  figures.heartbeat(e1, { ...idle, spilledBytes: 9 });
  figures.lost(e1);
  expect(figures.heartbeat(e1, { ...idle, spilledBytes: 2 })).toMatchObject({ tasks: 0, spilledBytes: 2 });
});

test("what block stores spill is charged to the newest batch, and between batches to the next one", () => {
  const figures = new JobFigures();
  figures.heartbeat(e1, { ...idle, spilledBytes: 7 });
  figures.planSubmitted(FIRST);
  figures.planSubmitted(FIRST); // another plan of it
  figures.heartbeat(e1, { ...idle, spilledBytes: 10 });
  figures.planSubmitted(SECOND);
  figures.heartbeat(e2, { ...idle, spilledBytes: 1 });
  figures.heartbeat(e1, { ...idle, spilledBytes: 4 }); // its process is another one
  expect([figures.of(FIRST).spilledBytes, figures.of(SECOND).spilledBytes]).toEqual([10, 5]);
});
