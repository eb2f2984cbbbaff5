import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob } from "@millrace/api";
import { JobRegistry } from "@millrace/api/engine";
import { epochMs, ManualClock, millis } from "@millrace/base";
import { FileSystems } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BatchJournal } from "./batch-journal.ts";
import { JobThreadBody } from "./body.ts";
import type { FromJobThread } from "./protocol.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-proof-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A start of the job, which takes every other process for dead, as a contender does when a lease has expired. */
async function start() {
  const clock = new ManualClock(epochMs(0));
  const posted: FromJobThread[] = [];
  let arrived = (): void => undefined;
  /** The first of these messages, from now on. */
  const next = async (...types: readonly FromJobThread["type"][]): Promise<FromJobThread> => {
    for (let at = posted.length; ; at++) {
      while (posted.length <= at)
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      const message = posted[at];
      if (message !== undefined && types.includes(message.type)) return message;
    }
  };
  const body = new JobThreadBody({
    load: async () => ({
      exported: defineJob({ name: "job", batchInterval: "1s", checkpointDir: directory }, (ssc) => {
        ssc.queueStream([[1]]).foreachRDD(() => undefined);
      }),
      registry: new JobRegistry(),
    }),
    loadJournal: async () => BatchJournal,
    post: (message) => {
      posted.push(message);
      arrived();
    },
    leave: () => undefined,
    clock,
    processes: { self: { host: "h", machine: "", pid: 1, start: "" }, fateOf: () => "dead" },
    files: new FileSystems({ systems: [new LocalFileSystem()], directory }),
    write: () => undefined,
  });
  const built = next("built", "failed");
  body.onMessage({
    ...{ type: "build", name: undefined, args: [], drop: [], compareWith: undefined, conf: {}, directory },
    ...{ looksOnly: false, probes: false, connects: false, availableNow: false, heapBytes: undefined },
  });
  expect((await built).type).toBe("built");
  const prove = (): Promise<FromJobThread> => {
    const answer = next("proved", "failed");
    body.onMessage({ type: "prove" });
    return answer;
  };
  return { body, clock, posted, prove, next };
}

test("the owner of the checkpoint directory proves it, also after a pause in which nobody else came", async () => {
  const { clock, prove } = await start();
  expect(await prove()).toEqual({ type: "proved" });
  clock.standStill(millis(60_000));
  expect(await prove()).toEqual({ type: "proved" });
});

test("one that was paused, and replaced, does not", async () => {
  const paused = await start();
  const other = await start();
  paused.clock.standStill(millis(60_000));
  expect(await paused.prove()).toMatchObject({ type: "failed", error: { kind: { code: "CHECKPOINT_TAKEN" } } });
  expect(await other.prove()).toEqual({ type: "proved" });
});

test("one that has left the directory to the next owner says nothing: its job has ended well", async () => {
  const { body, posted, next } = await start();
  const ended = next("ended");
  body.onMessage({ type: "end", error: undefined });
  await ended;
  body.onMessage({ type: "prove" });
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(posted.at(-1)?.type).toBe("ended");
});
