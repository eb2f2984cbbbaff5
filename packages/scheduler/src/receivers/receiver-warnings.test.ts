import { describe, expect, test } from "vitest";
import {
  after,
  allocate,
  done,
  down,
  fixed,
  lost,
  ready,
  received,
  runBatch,
  started,
  status,
  stop,
  tracker,
} from "./receiver-script.fixture.ts";
import { stepReceivers } from "./receiver-tracker.ts";

describe("warnings of receivers", () => {
  test("whose source is down say so once per outage, and when it is back", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), status("e1", 0, { state: "running" }));
    expect(after(state, status("e1", 0, down))).toEqual(["warning SOURCE_DOWN: SOURCE_DOWN/0"]);
    expect(after(state, status("e1", 0, down))).toEqual([]);
    expect(after(state, status("e1", 0, { state: "running" }))).toEqual([
      "over SOURCE_DOWN/0: [SOURCE_BACK] receiver socket 0 is connected to its source again.",
    ]);
  });

  test("whose blocks cannot be logged say so once, and when they can again, or when their executor is lost", () => {
    const state = tracker();
    const unlogged = { state: "unlogged", error: { name: "Error", message: "disk full" } } as const;
    after(state, ready("e1"), started(1), status("e1", 0, { state: "running" }));
    expect(after(state, status("e1", 0, unlogged))).toEqual(["warning RECEIVED_LOG_FAILING: RECEIVED_LOG_FAILING/0"]);
    expect(after(state, status("e1", 0, unlogged))).toEqual([]);
    expect(after(state, status("e1", 0, { state: "logged" }))).toEqual([
      "over RECEIVED_LOG_FAILING/0: blocks of receiver socket 0 are logged again.",
    ]);
    after(state, status("e1", 0, unlogged));
    expect(after(state, lost("e1"))).toContain("over RECEIVED_LOG_FAILING/0");
  });

  test("whose error says all about the outage do not say it twice", () => {
    const state = tracker();
    const kind = { code: "SOURCE_DOWN", blame: "environment", retry: "same-task" } as const;
    const error = {
      name: "EngineError",
      message: "[SOURCE_DOWN] the source h:1 is down: reset. It is tried again.",
      kind,
    };
    after(state, ready("e1"), started(1));
    const effects = stepReceivers(state, status("e1", 0, { state: "retrying", error, retryMs: 200 }));
    expect(effects.filter(({ type }) => type === "warning")).toMatchObject([
      { message: "[SOURCE_DOWN] receiver socket 0: the source h:1 is down: reset. It is tried again." },
    ]);
  });

  test("whose source was down when they moved, and is there at their new place, say that it is back", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1), status("e1", 0, down));
    expect(after(state, lost("e1"))).toEqual(["warning RECEIVER_MOVED", "start 0 on e2"]);
    expect(after(state, status("e2", 0, { state: "running" }))).toEqual([
      "over SOURCE_DOWN/0: [SOURCE_BACK] receiver socket 0 is connected to its source again.",
    ]);
  });

  test("that happen have the name of their receiver as the subject, not the message", () => {
    const state = tracker();
    const error = { name: "Error", message: "odd" };
    after(state, ready("e1"), ready("e2"), started(1));
    const effects = [lost("e1"), status("e2", 0, { state: "trouble", error }), status("e2", 0, { state: "stopped" })]
      .flatMap((event) => stepReceivers(state, event))
      .flatMap((effect) => (effect.type === "warning" ? [`${effect.code} of ${effect.subject}`] : []));
    expect(effects).toEqual([
      "RECEIVER_MOVED of receiver socket 0",
      "RECEIVER_TROUBLE of receiver socket 0",
      "RECEIVER_STOPPED of receiver socket 0",
    ]);
  });

  test("that stop while their source is down no longer say that it is", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), status("e1", 0, down));
    expect(after(state, status("e1", 0, { state: "stopped" }))).toEqual([
      "over SOURCE_DOWN/0",
      "warning RECEIVER_STOPPED",
    ]);
  });

  test("whose code fails say what, and what becomes of them, once", () => {
    const state = tracker();
    const kind = { code: "RECEIVER_FAILED", blame: "user", retry: "same-task" } as const;
    const error = { name: "EngineError", message: "[RECEIVER_FAILED] Queue: boom: Error: away.", kind };
    after(state, ready("e1"), started(1));
    const effects = stepReceivers(state, status("e1", 0, { state: "retrying", error, retryMs: 200 }));
    expect(effects.filter(({ type }) => type === "warning")).toMatchObject([
      {
        message:
          "[SOURCE_DOWN] receiver socket 0: Queue: boom: Error: away. It restarts in 200 ms, after further failures with " +
          "longer pauses; batches go on without it.",
      },
    ]);
  });

  test("that go with one executor are told once, with totals: 3 receivers, 32 blocks, 16 batches", () => {
    const state = tracker(1e9);
    after(state, ready("e1"), started(1, 1, 1, 1));
    for (let n = 0; n < 8; n++)
      after(state, received("e1", n % 4, n), received("e1", 0, 100 + n), allocate(n), done(n));
    for (let n = 8; n < 15; n++) after(state, received("e1", n % 2, n), received("e1", 0, 100 + n), allocate(n));
    after(state, fixed(8), runBatch(8), received("e1", 0, 15), received("e1", 0, 115));
    const told = stepReceivers(state, lost("e1")).flatMap((effect) => {
      if (effect.type === "blocksLost") return effect.warning.message;
      return effect.type === "warning" ? effect.message : [];
    });
    expect(told).toEqual([
      "[RECEIVED_DATA_LOST] 320 records (32 blocks) of receivers socket 0, socket 1, socket 2 and 1 more are gone with " +
        "executor e1, which held the only copy. 20 records: not yet in a batch, so none will read them; " +
        "120 records: allocated to one of 6 batches (9 to 14), which has not started and runs without them; 20 records: allocated to batch 8, which is running and fails if it still needs them; " +
        "160 records: allocated to one of 8 batches (0 to 7), which has ended; windows that look back on it fail or miss them. " +
        "Run at least two executors, with a storage level that keeps a second copy (as the default, MEMORY_AND_DISK_2, does): " +
        "it is made as records arrive, and again when an executor that held one is gone.",
      "[RECEIVER_MOVED] receivers socket 0, socket 1, socket 2 and 1 more start on other executors: e1 was lost. " +
        "Records read there and not yet stored are lost unless the source sends them again.",
      expect.stringMatching(/^\[NO_EXECUTORS\]/),
    ]);
  });

  test("say that a thread does not answer, until it does, or its receiver is gone", () => {
    const kind = { code: "RECEIVER_STUCK", blame: "user", retry: "same-task" } as const;
    const error = { name: "EngineError", message: "[RECEIVER_STUCK] its thread spins.", kind };
    const state = tracker();
    after(state, ready("e1"), started(1));
    expect(after(state, status("e1", 0, { state: "stuck", error }))).toEqual([
      "warning RECEIVER_STUCK: RECEIVER_STUCK/0",
    ]);
    expect(after(state, status("e1", 0, { state: "answering" }))).toEqual([
      "over RECEIVER_STUCK/0: receiver socket 0 responds again.",
    ]);
    after(state, status("e1", 0, { state: "stuck", error }));
    expect(after(state, status("e1", 0, { state: "stopped" }))).toEqual([
      "over RECEIVER_STUCK/0",
      "warning RECEIVER_STOPPED",
    ]);
  });

  test("say what becomes of a receiver that ended by itself, and not of one that was to end", () => {
    const error = { name: "Error", message: "odd" };
    const stopped = status("e1", 0, { state: "stopped", error });
    const messages = [[], [stop]].map((before) => {
      const state = tracker();
      after(state, ready("e1"), started(1), ...before);
      return stepReceivers(state, stopped).flatMap((effect) => (effect.type === "warning" ? [effect.message] : []));
    });
    expect(messages).toEqual([
      [
        "[RECEIVER_STOPPED] receiver socket 0 stopped with an error: Error: odd. The job goes on without it; restart the job to start it again.",
      ],
      ["[RECEIVER_STOPPED] receiver socket 0 stopped with an error: Error: odd."],
    ]);
  });
});
