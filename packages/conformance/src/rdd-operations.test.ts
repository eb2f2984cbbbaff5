import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testJob } from "millrace/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CHECKED_JOBS } from "./rdd-operations.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "millrace-conformance-cache-")));
});
afterAll(async () => {
  await rm(process.env.XDG_CACHE_HOME ?? "", { recursive: true, force: true });
  vi.unstubAllEnvs();
});

test.each(CHECKED_JOBS)("the operations in %s give what they promise", async (job, right) => {
  const t = await testJob(jobFile(job), { parallelism: 2 });
  await t.advance("100ms");
  // A command that fails on purpose says so, once for each attempt.
  expect(t.log.filter((line) => line !== "nothing works")).toEqual([`checks ${right} right`]);
  await t.stop();
});
