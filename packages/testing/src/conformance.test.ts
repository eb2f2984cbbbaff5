import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { outcomeOf, TOPICS } from "./conformance.fixture.ts";
import { testJob } from "./job/test-job.ts";
import { jobFile } from "./test-cluster.fixture.ts";

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "millrace-testing-cache-")));
  vi.spyOn(console, "log").mockImplementation(() => {}); // beneath what notes the job's lines
});
afterEach(cleanUp);
afterAll(async () => {
  await rm(process.env.XDG_CACHE_HOME ?? "", { recursive: true, force: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe.each([1, 3])("in one thread, on %i partitions, operations give what the reference says", (parallelism) => {
  test.each(TOPICS)("%s", async (topic, batches) => {
    const directory = await mkdtemp(join(tmpdir(), "millrace-conformance-"));
    later(() => rm(directory, { recursive: true, force: true }));
    const t = await testJob(jobFile("conformance"), { parallelism, args: [directory, topic] });
    later(() => t.stop());
    await t.advance(batches * 100);
    const { wanted, given } = outcomeOf(t.log);
    expect(given).toEqual(wanted);
    expect(Math.max(...Object.values(wanted).map((each) => each.length))).toBe(batches);
  });
});
