import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DStream, RDD } from "@millrace/api";
import { testJob } from "millrace/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { outcomeOf, TOPICS } from "./conformance.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "millrace-conformance-cache-")));
  vi.spyOn(console, "log").mockImplementation(() => {}); // beneath what notes the job's lines
  await (await testJob(jobFile("conformance"))).stop(); // bundled once: all cases are of one job
}, 60_000);
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

/** Label what they are called on, and change nothing; or are tested where their effect is. */
const NO_RESULT = new Set(["named", "print", "pprint"]);

test.each([
  ["DStream", DStream.prototype],
  ["RDD", RDD.prototype],
])("every operation of %s has a case", async (_, prototype) => {
  const directory = new URL("../jobs/conformance/", import.meta.url);
  const files = (await readdir(directory)).map((name) => readFile(new URL(name, directory), "utf8"));
  const cases = (await Promise.all(files)).join("\n");
  const missing = methodsOf(prototype).filter((name) => !NO_RESULT.has(name) && !cases.includes(`.${name}`));
  expect(missing).toEqual([]);
});

function methodsOf(prototype: object): string[] {
  const own = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
  const parent: object | null = Object.getPrototypeOf(prototype);
  return parent === null || parent === Object.prototype ? own : [...own, ...methodsOf(parent)];
}
