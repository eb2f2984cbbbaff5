import { mkdtemp, rm } from "node:fs/promises";
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
const NO_RESULT: ReadonlySet<string> = new Set(["DStream.named", "DStream.print", "DStream.pprint"]);

test("every operation of streams and RDDs has a case that calls it", { timeout: 60_000 }, async () => {
  const calls = [noteCalls(DStream), noteCalls(RDD)];
  for (const { undo } of calls) later(undo);
  const directory = await mkdtemp(join(tmpdir(), "millrace-conformance-"));
  later(() => rm(directory, { recursive: true, force: true }));
  const t = await testJob(jobFile("conformance"), { args: [directory, ...TOPICS.map(([topic]) => topic)] });
  later(() => t.stop());
  await t.advance(300);
  expect(calls.flatMap(({ missing }) => [...missing]).filter((name) => !NO_RESULT.has(name))).toEqual([]);
});

/** Takes from `missing` each method and accessor of a class that is used from outside the API, as a job does. */
function noteCalls({ name, prototype }: { readonly name: string; readonly prototype: object }) {
  const missing = new Set<string>();
  const wrapped: (() => void)[] = [];
  for (let layer = prototype; layer !== Object.prototype; layer = Object.getPrototypeOf(layer)) {
    for (const [key, member] of Object.entries(Object.getOwnPropertyDescriptors(layer))) {
      const kind = typeof member.value === "function" ? "value" : "get";
      const original: unknown = member[kind];
      if (key === "constructor" || typeof original !== "function") continue;
      missing.add(`${name}.${key}`);
      const noting = function (this: unknown, ...args: readonly unknown[]): unknown {
        if (!/[\\/]packages[\\/]api[\\/]src[\\/]/.test(callerOf(noting))) missing.delete(`${name}.${key}`);
        return Reflect.apply(original, this, args);
      };
      Object.defineProperty(layer, key, { ...member, [kind]: noting });
      wrapped.push(() => Object.defineProperty(layer, key, member));
    }
  }
  const undo = async (): Promise<void> => {
    for (const each of wrapped) each();
  };
  return { missing, undo };
}

/** The line of the stack that called `fn`. */
function callerOf(fn: (...args: readonly unknown[]) => unknown): string {
  const at: { stack?: string } = {};
  Error.captureStackTrace(at, fn);
  return at.stack?.split("\n")[1] ?? "";
}
