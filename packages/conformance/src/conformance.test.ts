import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DStream, RDD } from "@millrace/api";
import { testJob } from "millrace/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Outcome, outcomeOf, TOPICS } from "./conformance.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

const calls = [noteCalls(DStream), noteCalls(RDD)];

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", await mkdtemp(join(tmpdir(), "millrace-conformance-cache-")));
  vi.spyOn(console, "log").mockImplementation(() => {}); // beneath what notes the job's lines
  await (await testJob(jobFile("conformance"))).stop(); // bundled once: all cases are of one job
}, 60_000);
afterAll(async () => {
  for (const { undo } of calls) undo();
  await rm(process.env.XDG_CACHE_HOME ?? "", { recursive: true, force: true });
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

type Topic = readonly [name: string, batches: number];

/** Runs the cases of a topic. */
async function run([topic, batches]: Topic, parallelism: number): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-conformance-"));
  try {
    const t = await testJob(jobFile("conformance"), { parallelism, args: [directory, topic] });
    try {
      await t.advance(batches * 100);
      return outcomeOf(t.log);
    } finally {
      await t.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Runs on one partition, whose calls are looked at as well as their outcome: each once, for whichever test asks first. */
const runs = new Map<string, Promise<Outcome>>();
function runOnce(topic: Topic): Promise<Outcome> {
  const known = runs.get(topic[0]) ?? run(topic, 1);
  runs.set(topic[0], known);
  return known;
}

describe.each([
  [1, runOnce],
  [3, (topic: Topic) => run(topic, 3)],
] as const)("in one thread, on %i partitions, operations give what the reference says", (_, outcome) => {
  // The topic of pipes starts commands of the system, which take their time where cores are busy.
  test.each(TOPICS)("%s", { timeout: 30_000 }, async (...topic) => {
    const { wanted, given } = await outcome(topic);
    expect(given).toEqual(wanted);
    expect(Math.max(...Object.values(wanted).map((each) => each.length))).toBe(topic[1]);
  });
});

/** Operations that only label, or whose effect is tested elsewhere. */
const NO_RESULT: ReadonlySet<string> = new Set(["DStream.named", "DStream.print", "DStream.pprint"]);

test("every operation of streams and RDDs has a case that calls it", { timeout: 60_000 }, async () => {
  for (const topic of TOPICS) await runOnce(topic);
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
        // Stacks are expensive and operations many: only the first call of each is inspected.
        const open = missing.has(`${name}.${key}`);
        if (open && !/[\\/]packages[\\/]api[\\/]src[\\/]/.test(callerOf(noting))) missing.delete(`${name}.${key}`);
        return Reflect.apply(original, this, args);
      };
      Object.defineProperty(layer, key, { ...member, [kind]: noting });
      wrapped.push(() => Object.defineProperty(layer, key, member));
    }
  }
  const undo = (): void => {
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
