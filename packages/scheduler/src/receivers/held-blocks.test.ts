import { epochMs, executorId, SeededRng, streamId } from "@millrace/base";
import { type BatchInput, type FixedInput, placeOf, type ReceivedPlace, receivedBlockId } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { recalledInputs } from "./recalled-blocks.ts";
import type { HeldInventory, HeldRun, RecalledInput, ReceivedBlock, ReceiverEvent } from "./receiver-events.ts";
import {
  after,
  allAfter,
  allocate,
  blocksOf,
  changes,
  done,
  fixed,
  lost,
  ready,
  released,
  runBatch,
  taken,
} from "./receiver-script.fixture.ts";
import { type ReceiverTracker, receiverTracker } from "./receiver-state.ts";
import { stepReceivers } from "./receiver-tracker.ts";

const STREAM = streamId(0);
const INPUT = "chat";

const tracker = (): ReceiverTracker => receiverTracker({ bufferBytes: 1e9, rng: new SeededRng(1), epoch: 2 });
const at = (block: number, run = 0): ReceivedPlace => ({ epoch: 1, run, block });
const id = (block: number, run = 0) => receivedBlockId(STREAM, at(block, run));
/** Of 100 bytes and 10 records. */
const block = (place: ReceivedPlace, position?: number): ReceivedBlock => ({
  id: receivedBlockId(STREAM, place),
  ...{ bytes: 100, records: 10, at: [] },
  ...(position === undefined ? {} : { position: Uint8Array.of(position) }),
});
const RUN: HeldRun = { stream: STREAM, epoch: 1, run: 0, running: true };
const holds = (name: string, blocks: readonly ReceivedBlock[], ...runs: readonly HeldRun[]): ReceiverEvent => ({
  type: "executorReady",
  executor: executorId(name),
  held: { blocks, runs } satisfies HeldInventory,
});
const planned = (time: number, ...blocks: readonly number[]): BatchInput => {
  const input: FixedInput = {
    kind: "received",
    blocks: blocks.map((n) => ({ id: id(n), bytes: 100, records: 10, at: [executorId("old")] })),
    records: 10 * blocks.length,
  };
  return { time: epochMs(time), inputs: new Map([[INPUT, input]]) };
};
const started = (recalled: Partial<RecalledInput> = {}, copies: 1 | 2 = 1): ReceiverEvent => ({
  type: "started",
  receivers: [{ stream: STREAM, input: INPUT, name: "chat", copies }],
  recalled: {
    ...{ pending: undefined, remembered: [], marks: new Map(), dropped: [] },
    log: { segments: [], runs: [], blocks: [] },
    ...recalled,
  },
});
const given = (place: ReceivedPlace, position?: number): RecalledInput["marks"] =>
  new Map([[INPUT, { place, ...(position === undefined ? {} : { position: Uint8Array.of(position) }) }]]);
/** A block of the receiver as this driver, or an earlier one, has started it. */
const reports = (name: string, of: ReceivedBlock): ReceiverEvent => ({
  type: "received",
  executor: executorId(name),
  stream: STREAM,
  blocks: [{ ...of, at: [executorId(name)] }],
});
const next = (time: number): readonly ReceiverEvent[] => [allocate(time), fixed(time), runBatch(time)];

describe("blocks that executors hold from under an earlier driver", () => {
  test("are the input of the batch that was planned with them; those of no batch go into the next one, once", () => {
    const state = tracker();
    const inventory = [3, 1, 2, 0].map((n) => block(at(n)));
    after(state, holds("e1", inventory, RUN));
    expect(after(state, started({ pending: planned(1_000, 1), marks: given(at(1)) }))).toEqual([
      "drop recv/0/1.0/0 on e1", // of a batch that is committed, and that none looks back on
      "start 0 on e1",
    ]);
    expect(after(state, ...next(1_000))).toEqual(["input 1000: recv/0/1.0/1@e1"]);
    expect(after(state, ...next(2_000))).toEqual(["input 2000: recv/0/1.0/2@e1 recv/0/1.0/3@e1"]);
    expect(after(state, ...next(3_000))).toEqual(["input 3000:"]);
  });

  test("are there for windows; what nobody holds any more is left out", () => {
    const state = tracker();
    after(state, holds("e1", [block(at(0))]), started({ remembered: [planned(1_000, 0, 1)], marks: given(at(1)) }));
    expect(recalledInputs(state).get(epochMs(1_000))?.get(INPUT)).toMatchObject({
      records: 10,
      blocks: [{ id: id(0), at: ["e1"] }],
    });
  });

  test("are confirmed to their receivers, also if an earlier driver had taken them", () => {
    const state = tracker();
    const events = [
      holds("e1", [block(at(1)), block(at(2))], RUN),
      started({ pending: planned(1_000, 1), marks: given(at(1)) }),
    ];
    expect(taken(state, ...events)).toEqual(["taken recv/0/1.0/1 recv/0/1.0/2 from e1"]);
  });

  test("have all their holders, and survive the loss of one of them", () => {
    const state = tracker();
    const both = [block(at(1)), block(at(2))];
    after(state, holds("e1", both, RUN), holds("e2", both), started({ marks: given(at(0)) }, 2), lost("e1"));
    expect(after(state, ...next(1_000))).toEqual(["input 1000: recv/0/1.0/1@e2 recv/0/1.0/2@e2"]);
  });

  test("of an executor that comes late are added to what is known, or go into the next batch", () => {
    const state = tracker();
    after(state, holds("e1", [block(at(1))], RUN), started({ pending: planned(1_000, 1), marks: given(at(1)) }));
    after(state, ...next(1_000));
    expect(after(state, holds("e2", [block(at(1)), block(at(2))]))).toEqual(["e2 holds recv/0/1.0/1"]);
    expect(after(state, ...next(2_000))).toEqual(["input 2000: recv/0/1.0/2@e2"]);
  });

  test("of an executor that comes late do not set back how far the input has come", () => {
    const state = tracker();
    const newer: ReceivedPlace = { epoch: 2, run: 0, block: 0 };
    after(state, ready("e1"), started({ marks: given(at(1)) }), reports("e1", block(newer)), ...next(1_000));
    after(state, holds("e2", [block(at(2))]));
    expect(after(state, ...next(2_000))).toEqual(["input 2000: recv/0/1.0/2@e2"]);
    expect(state.receivers.get(STREAM)).toMatchObject({ given: { place: newer }, last: newer });
  });

  test("of an executor that comes too late are dropped there: they were read from another one", () => {
    const state = tracker();
    after(state, holds("e1", [block(at(1))], RUN), started({ marks: given(at(0)) }), ...next(1_000), done(1_000));
    after(state, released(1_000));
    expect(after(state, holds("e2", [block(at(1))]))).toEqual(["drop recv/0/1.0/1 on e2"]);
  });

  test("count towards back-pressure", () => {
    const state = receiverTracker({ bufferBytes: 150, rng: new SeededRng(1), epoch: 2 });
    allAfter(state, holds("e1", [block(at(1)), block(at(2))], RUN));
    expect(allAfter(state, started({ marks: given(at(0)) }))).toContain("backlog 0 on e1: 200");
  });

  test("do not count where a later run of the receiver has received the same again", () => {
    const state = tracker();
    // The driver of that time had taken the block 0 of the first run when the second one began.
    const later: HeldRun = { ...RUN, run: 1, after: at(0) };
    after(state, holds("e1", [block(at(0)), block(at(1))]), holds("e2", [block(at(0, 1))], later));
    expect(after(state, started())).toEqual(["drop recv/0/1.0/1 on e1", "start 0 on e2"]);
    expect(after(state, ...next(1_000))).toEqual(["input 1000: recv/0/1.0/0@e1 recv/0/1.1/0@e2"]);
  });

  test("do not count beyond the last known position of a source that is read again from there", () => {
    const state = tracker();
    after(state, holds("e2", [block(at(1), 11), block(at(2))]));
    expect(after(state, started({ marks: given(at(0), 10) }))).toEqual(["drop recv/0/1.0/2 on e2", "start 0 on e2"]);
    expect(state.receivers.get(STREAM)).toMatchObject({ position: Uint8Array.of(11), last: at(1) });
  });

  test("do not count if their executor comes when the source is read again already", () => {
    const state = tracker();
    after(state, ready("e1"), started({ marks: given(at(0), 10) }));
    expect(after(state, holds("e2", [block(at(1), 11)], RUN))).toEqual(["drop recv/0/1.0/1 on e2", "stop 0 on e2"]);
  });
});

describe("a receiver that has outlived the job's driver", () => {
  test("goes on where it is, and is running", () => {
    const state = tracker();
    const events = [ready("e1"), holds("e2", [], RUN), started()];
    expect(changes(state, ...events)).toEqual(["changed 0 on e2: started"]);
    expect(state.receivers.get(STREAM)).toMatchObject({ state: "running", executor: "e2", runs: 0 });
  });

  test("stops if it runs elsewhere by now, if it was stopping, and if the job has no such stream", () => {
    const state = tracker();
    after(state, ready("e1"), started());
    const gone = { ...RUN, stream: streamId(7) };
    expect(after(state, holds("e2", [], RUN, gone))).toEqual(["stop 0 on e2", "stop 7 on e2"]);
    const other = tracker();
    after(other, holds("e1", [], { ...RUN, running: false }));
    expect(after(other, started())).toEqual(["stop 0 on e1", "start 0 on e1"]);
  });
});

describe("what a receiver hands over that is stopped because another one has taken its place", () => {
  const replaced = (mark: RecalledInput["marks"]): ReceiverTracker => {
    const state = tracker();
    after(state, ready("e1"), started({ marks: mark }), holds("e2", [], RUN));
    return state;
  };

  test("is read by the next batch if the source cannot be read again", () => {
    const state = replaced(given(at(0)));
    after(state, reports("e2", block(at(1))));
    expect(after(state, ...next(1_000))).toEqual(["input 1000: recv/0/1.0/1@e2"]);
  });

  test("is dropped if the other one has been told to read it again", () => {
    const state = replaced(given(at(0), 10));
    expect(taken(state, reports("e2", block(at(1), 11)))).toEqual([]);
    expect(after(state, reports("e2", block(at(2), 12)))).toEqual(["drop recv/0/1.0/2 on e2"]);
    expect(after(state, ...next(1_000))).toEqual(["input 1000:"]);
    expect(state.receivers.get(STREAM)).toMatchObject({ position: Uint8Array.of(10), last: at(0) });
  });
});

test.each(Array.from({ length: 20 }, (_, i) => i))(
  "each block is read once, whatever the driver knew and whoever comes late, seed %i",
  (seed) => {
    const rng = new SeededRng(seed);
    const blocks = Array.from({ length: 12 }, (_, n) => n);
    /** Each block has one holder or two. */
    const holders = blocks.map(() => (rng.int(3) === 0 ? ["e1", "e2"] : [rng.int(2) === 0 ? "e1" : "e2"]));
    const of = (name: string) => blocks.filter((n) => holders[n]?.includes(name)).map((n) => block(at(n)));
    const allocated = 1 + rng.int(10);
    const pending = blocks.slice(rng.int(allocated), allocated);
    const state = tracker();
    const first = rng.int(2) === 0 ? "e1" : "e2";
    const second = first === "e1" ? "e2" : "e1";
    const late = rng.int(2) === 0;
    after(state, holds(first, of(first), ...(first === "e1" ? [RUN] : [])));
    if (!late) after(state, holds(second, of(second)));
    after(state, started({ pending: planned(1_000, ...pending), marks: given(at(allocated - 1)) }));
    const read: number[] = [];
    for (let time = 1_000; time <= 4_000; time += 1_000) {
      for (const event of next(time))
        for (const effect of stepReceivers(state, event))
          if (effect.type === "batchInput") read.push(...blocksOf(effect).map((one) => placeOf(one.id).block));
      if (late && time === 2_000) after(state, holds(second, of(second)));
    }
    const there = (n: number): boolean => !late || holders[n]?.includes(first) === true;
    expect(read.sort((a, b) => a - b)).toEqual([
      ...pending.filter(there),
      ...blocks.slice(allocated), // also what comes late
    ]);
  },
);
