import { epochMs, millis } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { BatchEvent } from "./batch-events.ts";
import { stepBatches } from "./batch-generator.ts";
import {
  after,
  allocated,
  committed,
  fixed,
  generator,
  outputsDone,
  receiversStopped,
  stop,
  tick,
} from "./batch-script.fixture.ts";
import type { BatchGenerator, BatchSettings } from "./batch-state.ts";
import { checkBatchGenerator } from "./check-batch-generator.ts";
import type { ResumedBatches } from "./logged-batches.ts";

const started = (now: number, resumed?: ResumedBatches): BatchEvent => ({
  type: "started",
  now: epochMs(now),
  ...(resumed === undefined ? {} : { resumed }),
});

describe("the ticks that were missed while the job was down", () => {
  const position: ResumedBatches = {
    zeroTime: epochMs(0),
    last: epochMs(300),
    committed: { last: epochMs(300), states: new Map() },
    pending: undefined,
  };
  /** The batches that run until nothing is due. */
  const runs = (state: BatchGenerator, resumed: ResumedBatches, now: number): readonly number[] => {
    const ran: number[] = [];
    const queue: BatchEvent[] = [started(now, resumed)];
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      for (const effect of stepBatches(state, event)) {
        checkBatchGenerator(state);
        if (effect.type === "allocate") queue.push(allocated(effect.time));
        if (effect.type === "fixInput") queue.push(fixed(effect.time));
        if (effect.type === "runBatch" || effect.type === "finishBatch") {
          ran.push(effect.time);
          queue.push(outputsDone(effect.time));
        }
        if (effect.type === "commit") queue.push(committed(effect.time));
      }
    }
    return ran;
  };

  test("get a batch each", () => {
    expect(runs(generator(), position, 750)).toEqual([400, 500, 600, 700]);
  });

  test("are none of a job that begins with imported state, whose batches follow the import", () => {
    const states = new Map();
    const imported = (last: number): ResumedBatches => ({
      zeroTime: undefined,
      last: epochMs(last),
      committed: { last: epochMs(last), states },
      pending: undefined,
    });
    for (const missed of ["each", "one"] as const) {
      const state = generator({ missed });
      expect(runs(state, imported(333), 750)).toEqual([]);
      expect(after(state, tick(800))).toEqual(["timer 900", "allocate 800"]);
      expect(state.zeroTime).toBe(700);
      expect(state.committed.states).toBe(states);
    }
    const ahead = generator(); // of this machine's clock
    expect(runs(ahead, imported(812), 812)).toEqual([]);
    expect([ahead.zeroTime, after(ahead, tick(999)), after(ahead, tick(1_000))]).toEqual([
      900,
      ["timer 1000"],
      ["timer 1100", "allocate 1000"],
    ]);
  });

  test("or one batch, after which ticks go on", () => {
    const state = generator({ missed: "one" });
    expect(runs(state, position, 750)).toEqual([700]);
    expect(after(state, tick(800))).toEqual(["timer 900", "allocate 800"]);
  });

  test("or one batch after those that close windows", () => {
    const state = generator({ missed: "one", slides: [millis(200), millis(500)] });
    expect(runs(state, position, 1_950)).toEqual([400, 500, 1_900]);
  });

  test("and the batch that was not committed is not one of them", () => {
    const pending = { time: epochMs(400), prepared: undefined, error: undefined };
    const resumed = { ...position, last: epochMs(400), pending };
    expect(runs(generator({ missed: "one" }), resumed, 750)).toEqual([400, 700]);
    const prepared = { ...resumed, pending: { ...pending, prepared: { states: new Map(), outputs: [] } } };
    expect(runs(generator({ missed: "one" }), prepared, 750)).toEqual([400, 700]);
    expect(runs(generator({ missed: "one", batchesMax: 1 }), resumed, 750)).toEqual([400]);
  });

  test("are none if the clock was set back", () => {
    expect(runs(generator({ missed: "one" }), position, 250)).toEqual([]);
  });
});

describe("up to what is there", () => {
  const start = (now: number, settings: Partial<BatchSettings> = {}, resumed?: ResumedBatches) => {
    const state = generator({ availableNow: true, ...settings });
    return { state, effects: after(state, started(now, resumed)) };
  };

  test("a job runs one batch at once, without a timer, and has finished", () => {
    const { state, effects } = start(1_050);
    expect(effects).toEqual(["allocate 1100"]);
    after(state, allocated(1_100), fixed(1_100));
    expect(after(state, tick(5_000))).toEqual([]);
    expect(after(state, outputsDone(1_100), committed(1_100), receiversStopped(false))).toEqual([
      "batchesEnded finished",
    ]);
    expect(state.end).toEqual({ kind: "finished", bounded: true });
  });

  test("it runs further batches, one after the other, while an input holds more", () => {
    const { state } = start(1_050);
    after(state, allocated(1_100));
    expect(after(state, fixed(1_100, true))).toEqual(["runBatch 1100", "allocate 1200"]);
    expect(after(state, allocated(1_200), outputsDone(1_100), committed(1_100))).toEqual(["fixInput 1200"]);
    expect(after(state, fixed(1_200))).toEqual(["runBatch 1200", "stopReceivers"]);
    expect(after(state, receiversStopped(false), outputsDone(1_200), committed(1_200))).toEqual([
      "batchesEnded finished",
    ]);
  });

  const earlier = (last: number): ResumedBatches => ({
    zeroTime: epochMs(0),
    last: epochMs(last),
    committed: { last: epochMs(last), states: new Map() },
    pending: undefined,
  });

  test("it goes on from an earlier run with one batch, after those that close windows", () => {
    expect(start(9_050, {}, earlier(300)).effects).toEqual(["allocate 9100"]);
    const { state } = start(9_050, { slides: [millis(500)] }, earlier(300));
    expect([...state.gap, state.allocating, ...state.allocated]).toEqual([9_100, 500]);
  });

  test("it runs ahead of the clock if an earlier run did", () => {
    expect(start(1_050, {}, earlier(1_300)).effects).toEqual(["allocate 1400"]);
  });

  test("a stop leaves the rest to the next run", () => {
    const { state } = start(1_050, { polls: true });
    after(state, allocated(1_100), stop, receiversStopped(false), fixed(1_100, true));
    expect(after(state, outputsDone(1_100), committed(1_100))).toEqual(["batchesEnded finished"]);
    expect(state.end).toEqual({ kind: "finished", bounded: false });
  });
});
