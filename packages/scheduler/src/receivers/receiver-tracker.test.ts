import { epochMs, streamId } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { FixedInput } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { recordsOfBatch } from "./received-blocks.ts";
import type { ReceiverStatus } from "./receiver-events.ts";
import {
  after,
  allAfter,
  allocate,
  changes,
  done,
  down,
  fixed,
  leaving,
  lost,
  ready,
  received,
  released,
  runBatch,
  started,
  status,
  stop,
  taken,
  tracker,
} from "./receiver-script.fixture.ts";
import { stepReceivers } from "./receiver-tracker.ts";
import { leavingWaits, receiverWaits } from "./receiver-waits.ts";

describe("whoever watches receivers is told", () => {
  const running: ReceiverStatus = { state: "running" };
  const trouble: ReceiverStatus = { state: "trouble", error: { name: "Error", message: "odd record" } };

  test("when one has its source, loses it, tries again, and has it again", () => {
    const state = tracker();
    after(state, ready("e1"), started(1));
    const events = [running, running, down, down, running].map((to) => status("e1", 0, to));
    expect(changes(state, ...events)).toEqual([
      "changed 0 on e1: started",
      "changed 0 on e1: error, ECONNREFUSED",
      "changed 0 on e1: error, ECONNREFUSED",
      "changed 0 on e1: started",
    ]);
  });

  test("of a trouble that stops nothing, which the operator sees too", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), status("e1", 0, running));
    expect(allAfter(state, status("e1", 0, trouble))).toEqual([
      "warning RECEIVER_TROUBLE",
      "changed 0 on e1: error, odd record",
    ]);
    expect(state.receivers.get(streamId(0))?.state).toBe("running");
  });

  test("when one is over, by itself, at the end, or with its executor", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1, 1, 1));
    expect(changes(state, status("e1", 0, { state: "stopped" }), lost("e2"))).toEqual([
      "changed 0 on e1: stopped",
      "changed 1 on e2: stopped, executor e2 was lost",
    ]);
    expect(changes(state, stop, status("e1", 1, { state: "stopped" }))).toEqual(["changed 1 on e1: stopped"]);
  });
});

describe("receivers", () => {
  test("spread over the executors", () => {
    expect(after(tracker(), ready("e1"), ready("e2"), started(1, 1, 1))).toEqual([
      "start 0 on e1",
      "start 1 on e2",
      "start 2 on e1",
    ]);
  });

  test("wait for an executor, and say so once", () => {
    const state = tracker();
    expect(after(state, started(1, 1))).toEqual(["warning NO_EXECUTORS: NO_EXECUTORS/receivers"]);
    expect(after(state, ready("e1"))).toEqual(["over NO_EXECUTORS/receivers", "start 0 on e1", "start 1 on e1"]);
  });

  test("with two copies get a peer each, other than themselves", () => {
    expect(after(tracker(), ready("e1"), ready("e2"), ready("e3"), started(2, 2))).toEqual([
      "start 0 on e1 +e2",
      "start 1 on e2 +e1",
    ]);
  });

  test("with two copies and one executor go on with one copy, and say so once", () => {
    const state = tracker();
    expect(after(state, ready("e1"), started(2))).toEqual([
      "warning NO_REPLICA_PEER: NO_REPLICA_PEER/0",
      "start 0 on e1",
    ]);
    expect(after(state, ready("e2"))).toEqual(["over NO_REPLICA_PEER/0", "peer of 0 on e1: e2"]);
  });

  test("want no second copy while there is no executor at all, and say so again with the next one", () => {
    const state = tracker();
    after(state, ready("e1"), started(2));
    expect(after(state, lost("e1"))).toEqual([
      "warning RECEIVER_MOVED",
      "over NO_REPLICA_PEER/0",
      "warning NO_EXECUTORS: NO_EXECUTORS/receivers",
    ]);
    expect(after(state, ready("e2"))).toEqual([
      "over NO_EXECUTORS/receivers",
      "warning NO_REPLICA_PEER: NO_REPLICA_PEER/0",
      "start 0 on e2",
    ]);
  });

  test("want no second copy once the last executor, which was told to end, is gone", () => {
    const state = tracker();
    after(state, ready("e1"), started(2), leaving("e1"), status("e1", 0, { state: "stopped" }));
    expect(after(state, lost("e1"))).toEqual([
      "over NO_REPLICA_PEER/0",
      "warning NO_EXECUTORS: NO_EXECUTORS/receivers",
    ]);
  });

  test("get another peer when theirs is lost", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), ready("e3"), started(2));
    expect(after(state, lost("e2"))).toEqual(["peer of 0 on e1: e3"]);
    expect(after(state, lost("e3"))).toEqual(["warning NO_REPLICA_PEER: NO_REPLICA_PEER/0", "peer of 0 on e1: none"]);
  });

  test("move when their executor is lost", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1));
    expect(after(state, lost("e1"))).toEqual(["warning RECEIVER_MOVED", "start 0 on e2"]);
    expect(after(state, status("e1", 0, { state: "stopped" }))).toEqual([]); // a late report of the old one
  });

  test("that stop by themselves stay stopped, also when their executor is lost", () => {
    const state = tracker();
    after(state, ready("e1"), started(1));
    expect(after(state, status("e1", 0, { state: "stopped" }))).toEqual(["warning RECEIVER_STOPPED"]);
    expect(after(state, lost("e1"))).toEqual([]);
    expect(after(state, ready("e2"))).toEqual([]);
  });
});

describe("received blocks", () => {
  test("go to the next batch, all of them, once, in order of arrival", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), received("e1", 0, 0), received("e1", 0, 1));
    expect(after(state, allocate(100), fixed(100), runBatch(100))).toEqual(["input 100: recv/0/0@e1 recv/0/1@e1"]);
    expect(after(state, allocate(200), fixed(200), runBatch(200))).toEqual(["input 200:"]);
  });

  test("are in the input of the batch beside what is fixed of the others, and every receiver has an entry", () => {
    const state = tracker();
    after(state, ready("e1"), started(1, 1), received("e1", 0, 0));
    const files: FixedInput = { kind: "files", files: [{ path: locationFrom("/in/a"), bytes: 7, version: "7@1" }] };
    after(state, allocate(100), fixed(100, new Map([["logs", files]])));
    const blocks = [{ id: "recv/0/0", bytes: 100, records: 10, at: ["e1"] }];
    const inputs = new Map<string, unknown>([
      ["in-0", { kind: "received", blocks, records: 10 }],
      ["in-1", { kind: "received", blocks: [], records: 0 }],
      ["logs", files],
    ]);
    expect(stepReceivers(state, runBatch(100))).toEqual([{ type: "batchInput", input: { time: 100, inputs } }]);
    expect(recordsOfBatch(state, epochMs(100))).toEqual(
      new Map([
        [0, 10],
        [1, 0],
      ]),
    );
  });

  test("are confirmed to their executor when a batch will have them, and at no other time", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1, 1));
    expect(taken(state, received("e1", 0, 0), received("e2", 1, 0))).toEqual([
      "taken recv/0/0 from e1",
      "taken recv/1/0 from e2",
    ]);
    expect(taken(state, lost("e2"), received("e2", 1, 1), received("e1", 9, 0))).toEqual([]);
    after(state, stop);
    expect(taken(state, received("e1", 0, 1))).toEqual(["taken recv/0/1 from e1"]);
    const stopped = ["e1"].flatMap((name) => [0, 1].map((stream) => status(name, stream, { state: "stopped" })));
    expect(allAfter(state, ...stopped).at(-1)).toBe("allStopped, pending");
    expect(taken(state, received("e1", 0, 2))).toEqual([]);
  });

  test("of a lost executor are ignored when they are announced late", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1), lost("e1"));
    expect(after(state, received("e1", 0, 0), allocate(100), fixed(100), runBatch(100))).toEqual(["input 100:"]);
  });

  test("with a second copy survive the loss of the first", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(2), received("e1", 0, 0, "e2"));
    expect(after(state, lost("e1"))).not.toContain("LOST 10 of 0 in none");
    expect(after(state, allocate(100), fixed(100), runBatch(100))).toEqual(["input 100: recv/0/0@e2"]);
  });

  test("whose every holder is lost are reported, whether a batch has them or not", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1), received("e1", 0, 0), allocate(100), received("e1", 0, 1));
    expect(after(state, lost("e1"))).toEqual([
      "LOST 10 of 0 in 100, 10 of 0 in none",
      "warning RECEIVER_MOVED",
      "start 0 on e2",
    ]);
    expect(after(state, allocate(200), fixed(200), runBatch(200))).toEqual(["input 200:"]);
  });

  test("are dropped where they are when their batch is released", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(2), received("e1", 0, 0, "e2"), allocate(100), done(100));
    expect(after(state, released(100))).toEqual(["drop recv/0/0 on e1", "drop recv/0/0 on e2"]);
    expect(recordsOfBatch(state, epochMs(100))).toEqual(new Map());
  });

  test("are not in the input of a batch that begins after their last holder was lost, nor counted for it", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1, 1), received("e1", 0, 0), received("e2", 1, 0), allocate(100));
    expect([...recordsOfBatch(state, epochMs(100))]).toEqual([
      [0, 10],
      [1, 10],
    ]);
    expect(after(state, lost("e1"))[0]).toBe("LOST 10 of 0 in 100");
    expect(after(state, fixed(100), runBatch(100))).toEqual(["input 100: recv/1/0@e2"]);
    expect(after(state, lost("e2"))[0]).toBe("LOST 10 of 1 in 100");
    expect([...recordsOfBatch(state, epochMs(100))]).toEqual([
      [0, 0],
      [1, 10], // it began with them
    ]);
  });

  test("are given to a batch that begins once, and after all of its input is fixed", () => {
    const state = tracker();
    after(state, started(1), allocate(100), fixed(100), runBatch(100));
    expect(() => after(state, runBatch(100))).toThrow("INVARIANT_BROKEN");
    expect(() => after(state, allocate(200), runBatch(200))).toThrow("INVARIANT_BROKEN");
  });

  test("cannot be allocated to one batch twice", () => {
    const state = tracker();
    after(state, started(1), allocate(100));
    expect(() => after(state, allocate(100))).toThrow("INVARIANT_BROKEN");
  });
});

describe("the backlog", () => {
  test("counts what is in no batch, and in batches that are not done", () => {
    const state = tracker();
    after(state, ready("e1"), started(1));
    expect(allAfter(state, received("e1", 0, 0))).toEqual(["backlog 0 on e1: 100"]);
    expect(allAfter(state, allocate(100), fixed(100), runBatch(100))).toEqual(["input 100: recv/0/0@e1"]);
    expect(allAfter(state, done(100))).toEqual(["backlog 0 on e1: 0"]);
    expect(allAfter(state, released(100))).toEqual(["drop recv/0/0 on e1"]);
  });

  test("is told when it has moved by an eighth of the bound, or crossed it", () => {
    const state = tracker(8_000);
    after(state, ready("e1"), started(1));
    const told = Array.from({ length: 90 }, (_, i) => allAfter(state, received("e1", 0, i))).flat();
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `backlog 0 on e1: ${n * 1_000}`));
  });

  test("follows the receiver to its new executor", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(2), received("e1", 0, 0, "e2"));
    expect(allAfter(state, lost("e1")).at(-1)).toBe("backlog 0 on e2: 100");
  });
});

describe("a graceful stop", () => {
  test("stops every receiver, takes what they had buffered, and answers when all have stopped", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1, 1));
    expect(after(state, stop)).toEqual(["stop 0 on e1", "stop 1 on e2"]);
    expect(after(state, received("e1", 0, 0), status("e1", 0, { state: "stopped" }))).toEqual([]);
    expect(after(state, status("e2", 1, { state: "stopped" }))).toEqual(["allStopped, pending"]);
  });

  test("does not wait for receivers that wait for an executor, or whose executor is lost", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), stop);
    expect(after(state, lost("e1"))).toEqual(["allStopped"]);
    expect(after(tracker(), started(1), stop)).toEqual(["allStopped"]);
    expect(after(tracker(), started(), stop)).toEqual(["allStopped"]);
  });

  test("is answered once", () => {
    const state = tracker();
    expect(after(state, started(1), stop, stop, lost("e9"))).toEqual([]);
  });

  test("starts nothing on executors that come", () => {
    const state = tracker();
    after(state, started(1), stop);
    expect(after(state, ready("e1"))).toEqual(["over NO_EXECUTORS/receivers"]);
  });
});

describe("an executor that leaves", () => {
  const stopped: ReceiverStatus = { state: "stopped" };

  test("hands its receivers over: they stop, what they held is kept, they start elsewhere, and it may go", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(2), status("e1", 0, { state: "running" }));
    expect(after(state, leaving("e1"))).toEqual(["stop 0 on e1"]);
    after(state, received("e1", 0, 0, "e2"));
    expect(after(state, status("e1", 0, stopped))).toEqual(["start 0 on e2", "free e1"]);
    expect(after(state, allocate(100), fixed(100), runBatch(100))).toEqual(["input 100: recv/0/0@e1+e2"]);
    // Of a second copy that cannot be: once it is gone and the job goes on.
    expect(after(state, lost("e1"))).toEqual(["warning NO_REPLICA_PEER: NO_REPLICA_PEER/0"]);
  });

  test("causes no warning of second copies when everything is told to end", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(2), status("e1", 0, { state: "running" }));
    const effects = [...after(state, leaving("e2")), ...after(state, leaving("e1"), stop), ...after(state, lost("e2"))];
    expect(effects).toContain("peer of 0 on e1: none");
    expect(effects.filter((effect) => effect.startsWith("warning"))).toEqual([]);
  });

  test("is no place for receivers or second copies any more", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), ready("e3"), started(2));
    expect(after(state, leaving("e2"))).toEqual(["peer of 0 on e1: e3", "free e2"]);
    expect(after(state, lost("e1"))).toEqual(["warning RECEIVER_MOVED", "start 0 on e3"]);
    expect(after(state, lost("e2"))).toEqual(["warning NO_REPLICA_PEER: NO_REPLICA_PEER/0"]);
  });

  test("stays while only it holds something, while a batch runs, and while it is the last", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(1), received("e1", 0, 0), leaving("e1"), status("e1", 0, stopped));
    expect(after(state, allocate(100), fixed(100), runBatch(100))).toEqual(["input 100: recv/0/0@e1"]);
    expect(after(state, done(100))).toEqual([]); // later batches may look back on it
    expect(after(state, allocate(200), fixed(200), released(100))).toEqual(["drop recv/0/0 on e1"]);
    expect(after(state, runBatch(200), done(200))).toEqual(["free e1"]);
    expect(after(state, leaving("e2"))).toEqual(["stop 0 on e2"]);
    expect(after(state, ready("e3"), status("e2", 0, stopped))).toEqual(["start 0 on e3", "free e2"]);
  });

  test("may go between two batches though the next one has its blocks, so that a job that is behind lets it go", () => {
    const state = tracker();
    after(state, ready("e1"), ready("e2"), started(2), status("e1", 0, { state: "running" }));
    after(state, received("e1", 0, 0, "e2"), allocate(100), fixed(100), runBatch(100), allocate(200));
    after(state, leaving("e2"));
    expect(after(state, done(100))).toEqual(["free e2"]);
  });

  test("says what it waits for", () => {
    const state = tracker();
    const waits = () => Object.fromEntries(leavingWaits(state));
    after(state, ready("e1"), started(1), received("e1", 0, 0), leaving("e1"));
    expect(waits()).toEqual({ e1: ["an executor that takes over"] });
    after(state, ready("e2"), allocate(100), fixed(100), runBatch(100));
    expect(waits()).toEqual({
      e1: ["receiver socket 0 to hand over its data", "copies of 1 received block", "batch 1970-01-01T00:00:00.100Z"],
    });
    after(state, stop);
    expect(waits()).toEqual({ e1: ["the end of the job, which stops"] });
    expect(receiverWaits(state)).toEqual(["receiver socket 0 on e1 to hand over its data"]);
    after(state, status("e1", 0, stopped));
    expect(receiverWaits(state)).toEqual([]);
  });

  test("has stopped its receivers when the job is to stop too, and serves to the end of that", () => {
    const state = tracker();
    after(state, ready("e1"), started(1, 1), leaving("e1"), status("e1", 0, stopped));
    expect(after(state, stop)).toEqual([]);
    after(state, received("e1", 1, 0));
    expect(after(state, status("e1", 1, stopped))).toEqual(["allStopped, pending"]);
    expect(after(state, allocate(100), fixed(100), runBatch(100), done(100))).toEqual([]);
  });

  test("may be told after the job", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), stop);
    expect(after(state, leaving("e1"))).toEqual([]);
    expect(after(state, status("e1", 0, stopped))).toEqual(["allStopped"]);
  });

  test("that is the only one leaves receivers waiting without a word, until it is gone", () => {
    const state = tracker();
    after(state, ready("e1"), started(1), leaving("e1"));
    expect(after(state, status("e1", 0, stopped))).toEqual([]);
    expect(after(state, lost("e1"))).toEqual(["warning NO_EXECUTORS: NO_EXECUTORS/receivers"]);
  });
});
