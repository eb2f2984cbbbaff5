import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testJob } from "millrace/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { printed } from "./printing.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "millrace-conformance-cache-")));
});
afterAll(async () => {
  await rm(process.env.XDG_CACHE_HOME ?? "", { recursive: true, force: true });
  vi.unstubAllEnvs();
});

test("print shows a banner with the local time, records in partition order, and dots when there are more", async () => {
  const t = await testJob(jobFile("printing"), { startTime: new Date(2026, 10, 3, 9, 8, 7, 0), parallelism: 3 });
  await t.advance("300ms");
  expect(t.output).toBe(printed(["2026-11-03 09:08:07.100", "2026-11-03 09:08:07.200", "2026-11-03 09:08:07.300"]));
  await t.stop();
});
