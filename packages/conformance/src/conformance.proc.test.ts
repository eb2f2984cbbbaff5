import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { outcomeOf, TOPICS } from "./conformance.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

/** Topics that share a job, for which processes are started once; it has as many batches as the longest of them needs. */
const PER_JOB = 8;
const byLength = [...TOPICS].sort(([, a], [, b]) => b - a);
const jobs = byLength.map((_, i) => byLength.slice(i, i + PER_JOB)).filter((_, i) => i % PER_JOB === 0);
const named = jobs.map((topics) => ({ names: topics.map(([topic]) => topic).join(", "), topics }));

describe.each(["local[1]", "local[4]", "local-cluster[2,1]"])(
  "on %s operations give what the reference says",
  (master) => {
    test.each(named)("$names", async ({ topics }) => {
      const directory = await mkdtemp(join(tmpdir(), "millrace-conformance-"));
      later(() => rm(directory, { recursive: true, force: true }));
      const batches = String(Math.max(...topics.map(([, most]) => most)));
      const args = [directory, ...topics.map(([topic]) => topic)];
      const run = TestProcess.millrace([
        "run",
        jobFile("conformance"),
        "--master",
        master,
        "--batches",
        batches,
        "--",
        ...args,
      ]);
      later(() => run.end());
      const { code, stdout, stderr } = await run.ended;
      expect(code, stderr).toBe(0);
      const { wanted, given } = outcomeOf(stdout.split("\n"));
      expect(given).toEqual(wanted);
      expect(Object.keys(wanted)).not.toEqual([]);
    });
  },
);
