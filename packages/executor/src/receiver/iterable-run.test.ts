import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deferred, type EngineError, epochMs, ManualClock, millis, streamId } from "@millrace/base";
import { decodeBlock, emptyClassTable } from "@millrace/codec";
import { BlockPool, readHandle, SpillDirectory } from "@millrace/storage";
import { afterEach, describe, expect, test } from "vitest";
import { RecordCutter } from "./block-cutter.ts";
import { Gate } from "./gate.ts";
import { IterableRun, type MakeIterable } from "./iterable-run.ts";
import type { RunEnd } from "./receiver-run.ts";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A run in this thread, on a clock that stands still. */
function sourceOf(make: MakeIterable) {
  const workDir = mkdtempSync(join(tmpdir(), "millrace-iterable-"));
  directories.push(workDir);
  const clock = new ManualClock(epochMs(0));
  const pool = BlockPool.create({ bytes: 4 << 20 });
  const gate = new Gate(1 << 20);
  const stored: unknown[] = [];
  const troubles: EngineError[] = [];
  const running = deferred<void>();
  const ended = deferred<RunEnd>();
  const cutter = new RecordCutter(
    {
      pool,
      spills: new SpillDirectory(workDir, pool.owner),
      intervalMs: 5,
      clock,
      outlet: {
        emit: async ({ handle }) => {
          for (const frame of readHandle(handle, pool)) stored.push(...decodeBlock(frame, emptyClassTable));
        },
      },
    },
    emptyClassTable,
  );
  const events = {
    running: () => running.resolve(),
    received: () => {},
    ended: ended.resolve,
    trouble: (error: EngineError) => void troubles.push(error),
  };
  const source = new IterableRun(streamId(3), make, { cutter, gate, events }, clock);
  return { source, clock, gate, stored, troubles, running: running.promise, ended: ended.promise };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const forever = () => new Promise<never>(() => {});

describe("the records of an iterable are stored to its end", () => {
  test.each<[string, MakeIterable]>([
    ["an array", () => [1, 2, 3]],
    ["a generator", () => [1, 2, 3].values()],
    [
      "an async generator",
      async function* () {
        yield* [1, 2, 3];
      },
    ],
    ["a promise of an array", async () => [1, 2, 3]],
    ["a web stream", () => ReadableStream.from([1, 2, 3])],
    ["a Set", () => new Set([1, 2, 3])],
  ])("from %s", async (_, make) => {
    const run = sourceOf(make);
    run.source.start();
    expect(await run.ended).toEqual({ kind: "stopped" });
    expect(run.stored).toEqual([1, 2, 3]);
  });
});

describe("an iterable that breaks off is retried, and its earlier records are kept", () => {
  test("when it throws", async () => {
    const run = sourceOf(function* () {
      yield "before";
      throw new RangeError("odd");
    });
    run.source.start();
    expect(await run.ended).toMatchObject({
      kind: "retry",
      error: { code: "RECEIVER_FAILED", message: expect.stringContaining("RangeError: odd") },
    });
    expect(run.stored).toEqual(["before"]);
  });

  test("when a record cannot be encoded, and the iterable is told to return", async () => {
    let told = false;
    const run = sourceOf(function* () {
      try {
        yield "before";
        yield () => {};
      } finally {
        told = true;
      }
    });
    run.source.start();
    expect(await run.ended).toMatchObject({ kind: "retry", error: { code: "RECORD_NOT_ENCODABLE" } });
    expect(run.stored).toEqual(["before"]);
    expect(told).toBe(true);
  });

  test.each([[() => 7], [() => undefined], [() => ({})], [async () => null]])(
    "when it cannot be iterated",
    async (make) => {
      const run = sourceOf(make);
      run.source.start();
      expect(await run.ended).toMatchObject({
        kind: "retry",
        error: { message: expect.stringMatching(/which cannot be iterated. Return an array/) },
      });
    },
  );
});

test("no record is requested while the engine is behind", async () => {
  let askedFurther = false;
  const run = sourceOf(function* () {
    yield 1;
    run.gate.hold(true);
    yield 2;
    askedFurther = true;
    yield 3;
  });
  run.source.start();
  await run.running;
  await turn();
  expect(askedFurther).toBe(false);
  run.gate.hold(false);
  await run.ended;
  expect(run.stored).toEqual([1, 2, 3]);
});

test("records that never end leave the thread its turns", async () => {
  const run = sourceOf(function* () {
    for (let n = 0; ; n += 1) {
      if (n % 1000 === 999) run.clock.advance(millis(20));
      yield n;
    }
  });
  run.source.start();
  await run.running;
  await turn(); // comes at all
  await run.source.stop();
  expect(run.stored.slice(0, 3)).toEqual([0, 1, 2]);
});

describe("a stop", () => {
  test("ends the iterable, waits for it, and hands over its records", async () => {
    const steps: string[] = [];
    const run = sourceOf(async function* () {
      try {
        yield "one";
        run.gate.hold(true);
        yield "two";
      } finally {
        await turn();
        steps.push("freed");
      }
    });
    run.source.start();
    await run.running;
    await turn();
    await run.source.stop();
    expect(steps).toEqual(["freed"]);
    expect(run.stored).toEqual(["one", "two"]);
    expect(run.troubles).toEqual([]);
  });

  test("aborts the signal, so that a wait ends, and accepts no later record", async () => {
    const run = sourceOf(async function* (signal) {
      yield "before";
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield "after";
    });
    run.source.start();
    await run.running;
    await turn();
    await run.source.stop();
    expect(run.stored).toEqual(["before"]);
  });

  test("reports no error for a wait that the signal has ended", async () => {
    const run = sourceOf(async function* (signal) {
      yield 1;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    run.source.start();
    await run.running;
    await turn();
    await run.source.stop();
    expect(run.troubles).toEqual([]);
  });

  test("does not wait for an iterable that does not end", async () => {
    const run = sourceOf(async function* () {
      yield 1;
      await forever();
    });
    run.source.start();
    await run.running;
    await turn();
    const stopped = run.source.stop();
    await turn();
    run.clock.advance(millis(1000));
    await stopped;
    expect(run.stored).toEqual([1]);
    expect(run.troubles.map(({ message }) => message)).toEqual([expect.stringMatching(/did not end within 1000 ms/)]);
  });

  test("before the iterable was returned ends it then", async () => {
    const made = deferred<Iterable<number>>();
    let told = false;
    const run = sourceOf(() => made.promise);
    run.source.start();
    await run.source.stop();
    const steps = (function* () {
      yield 1;
    })();
    made.resolve({
      [Symbol.iterator]: () => ({
        next: () => steps.next(),
        return: () => {
          told = true;
          return steps.return(undefined);
        },
      }),
    });
    await turn();
    expect(told).toBe(true);
    expect(run.stored).toEqual([]);
  });
});
