import { getEventListeners } from "node:events";
import { resolve } from "node:path";
import { millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { Engine, RunRequest } from "./engine.ts";
import { session, syntax } from "./program.fixture.ts";

const JOB = resolve("job.ts");

/** `run --watch` on an engine whose runs end when the test says so, and whose files change likewise. */
function watching() {
  const runs: { readonly request: RunRequest; end(): void; fail(error: Error): void }[] = [];
  const begun: (() => void)[] = [];
  const watched: string[] = [];
  let onChange = (_: string): void => undefined;
  let closed = false;
  const runEmbedded: Engine["runEmbedded"] = (request) =>
    new Promise((resolve, reject) => {
      request.onFile(JOB);
      runs.push({ request, end: () => resolve(undefined), fail: reject });
      begun.shift()?.();
    });
  const cli = session({
    engine: {
      runEmbedded,
      watchFiles(change) {
        onChange = change;
        const close = (): void => {
          closed = true;
        };
        return { add: (file) => void watched.push(file), close };
      },
    },
  });
  return {
    ...cli,
    runs,
    watched,
    isClosed: () => closed,
    nextRun: () => new Promise<void>((resolve) => void begun.push(resolve)),
    /** One save: several touches, then quiet. */
    save: (path = JOB) => {
      onChange(path);
      cli.clock.advance(millis(10));
      onChange(path);
      cli.clock.advance(millis(60));
    },
  };
}

describe("run --watch", () => {
  test("stops a job gracefully when one of its files has changed, and starts it again when it has ended", async () => {
    const it = watching();
    const done = it.run("run", "job.ts", "--watch");
    const [first] = it.runs;
    it.save(resolve("other.ts"));
    expect(first?.request.signal.graceful.aborted).toBe(false);
    it.save();
    expect(first?.request.signal.graceful.aborted).toBe(true);
    expect(first?.request.signal.immediate.aborted).toBe(false);
    const second = it.nextRun();
    first?.end();
    await second;
    expect(it.runs[1]?.request.signal.graceful.aborted).toBe(false);
    it.graceful.abort();
    expect(it.runs[1]?.request.signal.graceful.aborted).toBe(true);
    it.runs[1]?.end();
    expect(await done).toMatchObject({ code: 0, err: expect.stringContaining("job.ts has changed: starting again") });
    expect({ watched: it.watched, closed: it.isClosed() }).toEqual({ watched: [JOB, JOB], closed: true });
  });

  test("ends a job at once when a file changes again while it stops", async () => {
    const it = watching();
    const done = it.run("run", "job.ts", "--watch");
    it.save();
    it.save();
    expect(it.runs[0]?.request.signal.immediate.aborted).toBe(true);
    it.graceful.abort();
    it.runs[0]?.end();
    expect((await done).code).toBe(0);
  });

  test("shows why a job does not compile, and waits for a change of any file nearby that it may import", async () => {
    const it = watching();
    const done = it.run("run", "job.ts", "--watch");
    const waits = it.nextSaid("waiting for a change");
    it.runs[0]?.fail(syntax("job.ts:1:2: unexpected token."));
    await waits;
    expect(it.said()).toContain("[JOB_SYNTAX] job.ts:1:2");
    const second = it.nextRun();
    it.save(resolve("dev.log")); // where the output of this command may go
    expect(it.runs).toHaveLength(1);
    it.save(resolve("missing.ts"));
    await second;
    it.runs[1]?.end();
    await it.nextSaid("waiting for a change");
    it.graceful.abort();
    expect((await done).code).toBe(0);
  });

  test("leaves nothing behind on the interrupts however often a job has ended and starts again", async () => {
    const it = watching();
    const listeners = (): number => getEventListeners(it.graceful.signal, "abort").length;
    const done = it.run("run", "job.ts", "--watch");
    const before = listeners();
    for (let round = 0; round < 3; round++) {
      const waits = it.nextSaid("waiting for a change");
      it.runs.at(-1)?.end();
      await waits;
      const next = it.nextRun();
      it.save();
      await next;
    }
    expect(listeners()).toBe(before);
    it.graceful.abort();
    it.runs.at(-1)?.end();
    expect((await done).code).toBe(0);
  });

  test("does not wait when there is no file that could change", async () => {
    const refused = session({
      engine: {
        runEmbedded: () => Promise.reject(syntax("nowhere.ts cannot be read.")),
        watchFiles: () => ({ add: () => undefined, close: () => undefined }),
      },
    });
    expect((await refused.run("run", "nowhere.ts", "--watch")).code).toBe(2);
  });
});
