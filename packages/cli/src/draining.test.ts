import { type ErrorFactory, errorKind, executorId, type ManualClock, millis } from "@millrace/base";
import type { ExecutorSummary, JobSummary } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import { failed, running, START, session } from "./program.fixture.ts";

/** Declared for the engine's errors. */
const kindOf: typeof errorKind = (...kind) => errorKind(...kind);
const lastExecutor: ErrorFactory = kindOf("LAST_EXECUTOR", "user");

describe("whoever has something drained", () => {
  /** A job that stops for five questions after its status, and then is `last`. */
  const stopping = (last: JobSummary) => {
    let asked = 0;
    const draining = { by: START + 60_000, waitsFor: ["batch 7, which runs", "2 more batches"] };
    const status = async (): Promise<JobSummary> => {
      asked += 1;
      if (asked === 1) return running;
      return asked > 7 ? { ...last, endedAt: START } : { ...running, state: "stopping", draining };
    };
    return { stop: async () => undefined, status };
  };
  const pass = async (clock: ManualClock, done: Promise<unknown>): Promise<void> => {
    let over = false;
    void done.then(() => {
      over = true;
    });
    while (!over) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(millis(500));
    }
  };
  test("stop waits until the job has ended, and says on a terminal what for", async () => {
    const it = session({ terminal: true, operator: stopping({ ...running, state: "finished" }) });
    const result = it.run("stop", "chat-room-1");
    await pass(it.clock, result);
    expect(await result).toMatchObject({ code: 0, out: "" });
    expect(it.said()).toMatch(
      /^millrace: job chat-room-1 stops, waiting for batch 7, which runs; 2 more batches; ends at once in 5\d s\nmillrace: job chat-room-1 is finished\n$/,
    );
  });
  test("stop is quiet in a pipe, and fails with a job that was killed after all", async () => {
    const it = session({ operator: stopping({ ...failed, state: "killed" }) });
    const result = it.run("stop", "chat-room-1");
    await pass(it.clock, result);
    expect((await result).code).toBe(1);
    expect(it.said()).toMatch(/^millrace: job chat-room-1 is killed\n\[BATCH_FAILED\]/);
  });
  test("stop that nobody waits for any longer leaves the job stopping", async () => {
    const it = session({ operator: stopping(running) });
    const said = it.nextSaid("goes on stopping");
    const result = it.run("stop", "chat-room-1");
    await new Promise((resolve) => setImmediate(resolve));
    it.graceful.abort();
    await said;
    expect((await result).code).toBe(130);
  });
  const draining: ExecutorSummary = {
    id: executorId("e-1"),
    ...{ host: "h", slots: 2, memoryBytes: 2 ** 30, rssBytes: 0, state: "draining", jobs: [], lastSeenAt: START },
    waitsFor: ["chat-room-1: copies of 12 received blocks"],
  };
  test("executors shows which of them drain, and what for", async () => {
    const { out } = await session({ operator: { executors: async () => [draining] } }).run("executors");
    expect(out).toContain("draining");
    expect(out).toContain("\ne-1 drains, waiting for\n  chat-room-1: copies of 12 received blocks\n");
  });
  test("executors drain waits until the executor has left", async () => {
    const drained: string[] = [];
    const drain = async (id: string) => void drained.push(id);
    const one = () => session({ operator: { drain } });
    expect(await one().run("executors", "drain", "e-1")).toMatchObject({
      code: 0,
      out: "",
      err: "millrace: executor e-1 has left\n",
    });
    const { out } = await one().run("executors", "drain", "e-2", "--json");
    expect(JSON.parse(out)).toEqual({ id: "e-2", state: "left" });
    expect(drained).toEqual(["e-1", "e-2"]);
  });
  test("executors drain says on a terminal what it waits for, and fails as the drain does", async () => {
    let refuse = (_: Error): void => undefined;
    let looks = 0;
    const it = session({
      terminal: true,
      operator: {
        drain: () => new Promise<void>((_, reject) => (refuse = reject)),
        executors: async () => {
          looks += 1;
          if (looks === 7) refuse(lastExecutor("no other"));
          return [draining];
        },
      },
    });
    const result = it.run("executors", "drain", "e-1");
    await pass(it.clock, result);
    expect((await result).code).toBe(1);
    expect(it.said()).toContain("executor e-1 drains, waiting for chat-room-1: copies of 12 received blocks\n");
    expect(it.said()).toContain("[LAST_EXECUTOR] no other");
  });
});
