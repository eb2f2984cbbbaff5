import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs, jobId, ManualClock, millis } from "@millrace/base";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { findJobs, type JobRecord, JobRecordFile } from "./job-record.ts";

let jobs = "";
beforeEach(() => {
  jobs = mkdtempSync(join(tmpdir(), "millrace-records-"));
  onTestFinished(() => rmSync(jobs, { recursive: true }));
});

const counts = { completed: 0, failed: 0, spilledBytes: 0, restarts: 0 };
const fresh: JobRecord = {
  fallbackName: "chat",
  submittedAt: 7,
  drop: [],
  args: ["a"],
  availableNow: false,
  conf: { "stop.timeout": "1s" },
  token: "t",
  executors: 0,
  counts,
  stopping: false,
};

const clock = new ManualClock(epochMs(0));

async function keep(id: string, record: JobRecord): Promise<JobRecordFile> {
  mkdirSync(join(jobs, id));
  const onError = (reason: string) => {
    throw new Error(reason);
  };
  const file = new JobRecordFile(join(jobs, id), record, { clock, onError });
  await file.create();
  return file;
}

test("what is known of jobs is found again, the job that was submitted first first", async () => {
  const second = await keep("second", { ...fresh, submittedAt: 9 });
  await keep("first", fresh);
  const built = {
    name: "chat",
    batchIntervalMs: 500,
    stopTimeoutMs: 1_000,
    resumable: true,
    restartsMax: 5,
    log: "file:/c",
  };
  const kind = { code: "JOB_STOPPED", blame: "user", retry: "never" } as const;
  const end = {
    state: "killed",
    at: 12,
    error: { name: "EngineError", message: "[JOB_STOPPED] x", kind },
    resumes: true,
  } as const;
  second.change({ built, driver: { host: "h", machine: "m", pid: 3, start: "4" }, counts });
  second.change({ end, counts: { ...counts, completed: 2 } });
  await second.written;
  const found = await findJobs(jobs);
  expect(found.map(({ id }) => id)).toEqual(["first", "second"].map(jobId));
  expect(found[0]?.record).toEqual(fresh);
  expect(found[1]?.record).toMatchObject({ built, driver: { pid: 3, start: "4" }, end, counts: { completed: 2 } });
  expect(readdirSync(join(jobs, "second"))).toEqual(["job.json"]);
});

test("a folder without a record was never accepted, and a directory without jobs has none", async () => {
  mkdirSync(join(jobs, "cut-off"));
  expect([await findJobs(jobs), await findJobs(join(jobs, "none"))]).toEqual([[], []]);
});

test.each([
  ["cut short", (text: string) => text.slice(0, -9), /job\.json cannot be read: .*JSON/],
  [
    "newer",
    (text: string) => text.replace('"format": 1', '"format": 2'),
    /has format 2, and this release of millrace reads 1/,
  ],
  ["of something else", () => "[]", /is not a job's record/],
  ["with a wrong field", (text: string) => text.replace('"executors": 0', '"executors": -1'), /executors: /],
])("a record that is %s is told, and others are found", async (_, damage, why) => {
  await keep("whole", fresh);
  await keep("other", fresh);
  const path = join(jobs, "other", "job.json");
  writeFileSync(path, damage(readFileSync(path, "utf8")));
  const found = await findJobs(jobs);
  const byId = new Map(found.map(({ id, record }) => [id, record]));
  expect(byId.get(jobId("other"))).toMatch(why);
  expect(byId.get(jobId("whole"))).toEqual(fresh);
});

test("a change that cannot be written is told, and later ones are tried", async () => {
  mkdirSync(join(jobs, "gone"));
  const told: string[] = [];
  const file = new JobRecordFile(join(jobs, "gone"), fresh, { clock, onError: (reason) => told.push(reason) });
  rmSync(join(jobs, "gone"), { recursive: true });
  file.change({ executors: 1, counts });
  await file.written;
  expect(told).toEqual([expect.stringContaining("ENOENT")]);
  mkdirSync(join(jobs, "gone"));
  file.change({ executors: 2, counts });
  await file.written;
  expect((await findJobs(jobs))[0]?.record).toMatchObject({ executors: 2 });
});

test("batches are counted within 5 s, and with every other change", async () => {
  const file = await keep("busy", fresh);
  const completed = async () => {
    await file.written;
    const record = (await findJobs(jobs))[0]?.record;
    return typeof record === "object" ? record.counts.completed : undefined;
  };
  file.count({ ...counts, completed: 1 });
  file.count({ ...counts, completed: 2 });
  clock.advance(millis(4_999));
  expect(await completed()).toBe(0);
  clock.advance(millis(1));
  expect(await completed()).toBe(2);
  file.count({ ...counts, completed: 3 });
  file.change({ executors: 1, counts: { ...counts, completed: 4 } });
  expect(await completed()).toBe(4);
  clock.advance(millis(5_000));
  expect(await completed()).toBe(4);
});
