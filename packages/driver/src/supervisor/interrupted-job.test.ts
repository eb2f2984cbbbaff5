import { expect, test } from "vitest";
import { goesOn, interrupted } from "./interrupted-job.ts";
import type { JobRecord } from "./job-record.ts";

const record: JobRecord = {
  fallbackName: "chat",
  submittedAt: 7,
  drop: [],
  args: [],
  availableNow: false,
  conf: {},
  token: "t",
  executors: 1,
  counts: { completed: 0, failed: 0, spilledBytes: 0, restarts: 0 },
  stopping: false,
};
const plain = { name: "chat", batchIntervalMs: 500, stopTimeoutMs: 1_000, resumable: false, restartsMax: 5 };
const resumable = { ...plain, resumable: true, log: "file:/c" };

test.each([
  ["logs its batches goes on", { built: resumable }, true, /goes on from its log\.$/],
  ["logs its batches and was told to end is over", { built: resumable, stopping: true }, false, /from there\.$/],
  ["has no log has failed", { built: plain }, false, /does not name its checkpoint directory.*Submit it again\.$/],
  [
    "has no log and was told to end is over",
    { built: plain, stopping: true },
    false,
    /told to end\. Submit it again\.$/,
  ],
  ["was not built has failed", {}, false, /Nothing of it ran\. Submit it again\.$/],
])("a job whose driver ended and that %s", (_, parts: Partial<JobRecord>, on, why) => {
  const found = { ...record, ...parts };
  expect(goesOn(found)).toBe(on);
  expect(interrupted(found).message).toMatch(why);
});
