import { deferred, type ErrorFactory, errorKind, executorId, millis } from "@millrace/base";
import type { ExecutorSummary, JobSummary, WaitsReport } from "@millrace/rpc";
import { describe, expect, test } from "vitest";
import { failed, running, START, session } from "./program.fixture.ts";

/** Declared for the engine's errors. */
const kindOf: typeof errorKind = (...kind) => errorKind(...kind);
const lastExecutor: ErrorFactory = kindOf("LAST_EXECUTOR", "user");
const peerUnreachable: ErrorFactory = kindOf("PEER_UNREACHABLE", "environment");

describe("whoever has something drained", () => {
  const waitsFor = ["batch 7, which runs", "2 more batches"];
  /** A job that stops until it is `over`, and then is `last`. */
  const stopping = (last: JobSummary) => {
    const over = deferred<void>();
    let ended = false;
    async function* waits(): AsyncGenerator<WaitsReport> {
      yield { waitsFor, by: START + 60_000 };
      await over.promise;
      ended = true;
    }
    const status = async (): Promise<JobSummary> => (ended ? { ...last, endedAt: START } : running);
    return { over, operator: { stop: async () => undefined, status, waits } };
  };
  /** Until everything that was begun has come to its next wait. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  test("stop waits until the job has ended, and says on a terminal what for, once that takes a while", async () => {
    const { over, operator } = stopping({ ...running, state: "finished" });
    const it = session({ terminal: true, operator });
    const result = it.run("stop", "chat-room-1");
    await settle();
    it.clock.advance(millis(1_999));
    expect(it.said()).toBe("");
    it.clock.advance(millis(1));
    over.resolve();
    expect(await result).toMatchObject({ code: 0, out: "" });
    expect(it.said()).toBe(
      "millrace: job chat-room-1 stops, waiting for batch 7, which runs; 2 more batches; ends at once in 58 s\nmillrace: job chat-room-1 is finished\n",
    );
  });
  test("stop is quiet in a pipe, and fails with a job that was killed after all", async () => {
    const { over, operator } = stopping({ ...failed, state: "killed" });
    const it = session({ operator });
    over.resolve();
    expect((await it.run("stop", "chat-room-1")).code).toBe(1);
    expect(it.said()).toMatch(/^millrace: job chat-room-1 is killed\n\[BATCH_FAILED\]/);
  });
  test("stop that nobody waits for any longer leaves the job stopping", async () => {
    const it = session({ operator: stopping(running).operator });
    const said = it.nextSaid("goes on stopping");
    const result = it.run("stop", "chat-room-1");
    await settle();
    it.graceful.abort();
    await said;
    expect((await result).code).toBe(130);
  });
  test("stop asks a driver that died meanwhile again when it is back", async () => {
    const { over, operator } = stopping({ ...failed, state: "killed" });
    let asked = 0;
    async function* waits(): AsyncGenerator<WaitsReport> {
      asked += 1;
      if (asked === 1) throw peerUnreachable("the connection broke");
      yield* operator.waits();
    }
    const it = session({ operator: { ...operator, waits } });
    over.resolve();
    expect((await it.run("stop", "chat-room-1")).code).toBe(1);
    expect(it.said()).toMatch(/^millrace: job chat-room-1 is killed\n/);
    expect(asked).toBe(2);
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
  /** An executor that is asked to leave, until somebody says how that went. */
  const leaving = () => {
    const left = deferred<void>();
    async function* waits(): AsyncGenerator<WaitsReport> {
      yield { waitsFor: draining.waitsFor, by: undefined };
      await left.promise.catch(() => undefined);
    }
    return { left, operator: { drain: () => left.promise, waits } };
  };
  test("executors drain waits until the executor has left", async () => {
    const one = () => {
      const { left, operator } = leaving();
      left.resolve();
      return session({ operator });
    };
    expect(await one().run("executors", "drain", "e-1")).toMatchObject({
      code: 0,
      out: "",
      err: "millrace: executor e-1 has left\n",
    });
    const { out } = await one().run("executors", "drain", "e-2", "--json");
    expect(JSON.parse(out)).toEqual({ id: "e-2", state: "left" });
  });
  test("executors drain says on a terminal what it waits for, and fails as the drain does", async () => {
    const { left, operator } = leaving();
    const it = session({ terminal: true, operator });
    const result = it.run("executors", "drain", "e-1");
    await settle();
    it.clock.advance(millis(2_000));
    left.reject(lastExecutor("no other"));
    expect((await result).code).toBe(1);
    expect(it.said()).toContain("executor e-1 drains, waiting for chat-room-1: copies of 12 received blocks\n");
    expect(it.said()).toContain("[LAST_EXECUTOR] no other");
  });
});
