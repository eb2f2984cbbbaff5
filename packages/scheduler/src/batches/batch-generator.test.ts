import { millis, SeededRng } from "@millrace/base";
import { describe, expect, test } from "vitest";
import type { BatchEvent } from "./batch-events.ts";
import { stepBatches } from "./batch-generator.ts";
import {
  after,
  allocated,
  done,
  failed,
  fixed,
  generator,
  receiversStopped,
  started,
  stop,
  stopNow,
  tick,
} from "./batch-script.fixture.ts";
import { batchAtTurn, batchesDue } from "./batch-state.ts";
import { checkBatchGenerator } from "./check-batch-generator.ts";

describe("batch times", () => {
  test("are the multiples of the interval after the start", () => {
    const state = generator();
    expect(after(state, started(1_234))).toEqual(["timer 1300"]);
    expect(state.zeroTime).toBe(1_200);
    expect(after(state, tick(1_300))).toEqual(["timer 1400", "allocate 1300"]);
  });

  test("begin one interval later when the job starts on a multiple", () => {
    expect(after(generator(), started(1_200))).toEqual(["timer 1300"]);
  });

  test("are all taken, oldest first, when the clock jumps", () => {
    const state = generator();
    after(state, started(0), tick(250));
    expect(batchesDue(state)).toBe(2);
    expect(after(state, allocated(100))).toEqual(["fixInput 100", "allocate 200"]);
  });

  test("are not taken by a timer that fires early, or twice", () => {
    const state = generator();
    expect(after(state, started(0), tick(99))).toEqual(["timer 100"]);
    expect(after(state, tick(100), tick(100))).toEqual(["timer 200"]);
    expect(batchesDue(state)).toBe(1);
  });

  test("do not come again when the clock is set back", () => {
    const state = generator();
    after(state, started(1_000), tick(1_100), allocated(1_100), fixed(1_100), done(1_100));
    expect(after(state, tick(500))).toEqual(["timer 1200"]);
    expect(batchesDue(state)).toBe(0);
  });
});

describe("batches", () => {
  test("run one at a time, in order", () => {
    const state = generator();
    after(state, started(0), tick(100), allocated(100), tick(200), allocated(200));
    expect(after(state, tick(300))).toEqual(["timer 400", "allocate 300"]);
    expect(after(state, fixed(100), done(100))).toEqual(["fixInput 200"]);
  });

  test("have their blocks at most batches.allocated.max ahead; later ticks are times only", () => {
    const state = generator({ allocatedMax: 1 });
    after(state, started(0), tick(100), allocated(100), tick(200), allocated(200)); // 100 runs, 200 waits
    expect(after(state, tick(1_000))).toEqual(["timer 1100"]);
    expect(batchesDue(state)).toBe(10);
    expect(after(state, fixed(100), done(100))).toEqual(["fixInput 200", "allocate 300"]);
  });

  test("that wait cost nothing, however many", () => {
    const state = generator();
    after(state, started(0), tick(100_000_000));
    expect(batchesDue(state)).toBe(1_000_000);
    expect(state.allocated).toEqual([]);
  });

  test("are given their blocks one after the other", () => {
    const state = generator();
    expect(after(state, started(0), tick(300))).toEqual(["timer 400", "allocate 100"]);
    expect(after(state, allocated(100))).toEqual(["fixInput 100", "allocate 200"]);
    expect(after(state, allocated(200))).toEqual(["allocate 300"]);
  });
});

describe("with --batches N", () => {
  test("N are taken, and the job ends when they are over", () => {
    const state = generator({ batchesMax: 2 });
    expect(after(state, started(0), tick(1_000))).toEqual(["allocate 100"]);
    after(state, allocated(100), allocated(200), receiversStopped(true), fixed(100), done(100));
    expect(after(state, fixed(200), done(200))).toEqual(["batchesEnded finished"]);
    expect(state.end).toEqual({ kind: "finished", bounded: true });
  });

  test("receivers go on until the last of them has its input, and are told to stop then", () => {
    const state = generator({ batchesMax: 4 });
    after(state, started(0), tick(1_000), allocated(100), allocated(200), allocated(300));
    expect(after(state, fixed(100), done(100))).toEqual(["fixInput 200", "allocate 400", "stopReceivers"]);
  });

  test("or until somebody stops the job", () => {
    const state = generator({ batchesMax: 4 });
    after(state, started(0), tick(1_000), allocated(100), allocated(200), allocated(300));
    expect(after(state, stop)).toEqual(["stopReceivers"]);
    expect(
      after(
        state,
        receiversStopped(true),
        fixed(100),
        done(100),
        allocated(400),
        fixed(200),
        done(200),
        fixed(300),
        done(300),
        fixed(400),
        done(400),
      ),
    ).toEqual(["batchesEnded finished"]);
  });

  test("the end waits for the receivers", () => {
    const state = generator({ batchesMax: 1 });
    after(state, started(0), tick(100), allocated(100));
    expect(after(state, fixed(100), done(100))).toEqual(["awaitReceivers"]);
    expect(after(state, stop)).toEqual([]); // a Ctrl-C then has nothing to add
    expect(after(state, receiversStopped(true))).toEqual(["batchesEnded finished"]);
  });

  test("receivers that do not stop take nothing from the job's success", () => {
    const state = generator({ batchesMax: 1 });
    after(state, started(0), tick(100), allocated(100), fixed(100), done(100));
    expect(after(state, stopNow)).toEqual(["batchesEnded finished"]);
  });

  test("failed ones count", () => {
    const state = generator({ batchesMax: 1, onFailure: "continue" });
    after(state, started(0), tick(100), allocated(100), receiversStopped(false));
    expect(after(state, fixed(100), failed(100))).toEqual(["batchesEnded finished"]);
    expect([state.succeeded, state.failed]).toEqual([0, 1]);
  });
});

describe("a batch that fails", () => {
  test("ends the job under the policy stop, and the batches that wait do not run", () => {
    const state = generator();
    after(state, started(0), tick(200), allocated(100), allocated(200));
    expect(after(state, fixed(100), failed(100))).toEqual(["cancelTimer", "batchesEnded failed"]);
    expect(state.end).toMatchObject({ time: 100, error: { message: "boom" } });
    expect(after(state, tick(300), allocated(200))).toEqual([]);
  });

  test("is passed over under the policy continue", () => {
    const state = generator({ onFailure: "continue" });
    after(state, started(0), tick(200), allocated(100), allocated(200));
    expect(after(state, fixed(100), failed(100))).toEqual(["fixInput 200"]);
  });
});

describe("the turn of a batch", () => {
  test("comes when none is before it: its input is fixed, then it runs", () => {
    const state = generator();
    after(state, started(0), tick(200), allocated(100));
    expect(after(state, allocated(200))).toEqual([]);
    expect(after(state, fixed(100))).toEqual(["runBatch 100"]);
    expect(after(state, done(100))).toEqual(["fixInput 200"]);
    expect(batchAtTurn(state)).toBe(200);
  });

  test("ends at once with the job, while its input is fixed", () => {
    const state = generator();
    after(state, started(0), tick(100), allocated(100));
    expect(after(state, stopNow)).toEqual(["cancelBatch 100", "cancelTimer", "batchesEnded killed"]);
    expect(state.end).toMatchObject({ cutOff: 100, notRun: 0 });
    expect(after(state, fixed(100))).toEqual([]);
  });
});

describe("a graceful stop", () => {
  test("stops the receivers first, and keeps on while they stop", () => {
    const state = generator();
    expect(after(state, started(0), stop)).toEqual(["stopReceivers"]);
    expect(after(state, tick(100))).toEqual(["timer 200", "allocate 100"]);
  });

  test("takes one more batch for what the receivers had left, at once and with the next batch time", () => {
    const state = generator({ interval: millis(120_000) });
    expect(after(state, started(130_000), stop, receiversStopped(true, 135_000))).toEqual([
      "cancelTimer",
      "allocate 240000",
    ]);
    expect(after(state, tick(240_000))).toEqual([]);
    expect(after(state, allocated(240_000), fixed(240_000), done(240_000))).toEqual(["batchesEnded finished"]);
  });

  test("takes no batch for nothing", () => {
    expect(after(generator(), started(0), stop, receiversStopped(false, 50))).toEqual([
      "cancelTimer",
      "batchesEnded finished",
    ]);
  });

  test("takes batches whose time has come while the receivers stopped, and the timer was late", () => {
    const state = generator();
    after(state, started(0), stop);
    expect(after(state, receiversStopped(true, 250))).toEqual(["cancelTimer", "allocate 100"]);
    expect([state.nextWaiting, state.last]).toEqual([200, 200]);
  });

  test("looks once more at inputs that are looked at in each batch, also within the first interval", () => {
    const state = generator({ polls: true });
    expect(after(state, started(0), stop, receiversStopped(false, 30))).toEqual(["cancelTimer", "allocate 100"]);
    expect(after(state, allocated(100), fixed(100), done(100))).toEqual(["batchesEnded finished"]);
  });

  test("looks once more though a batch waits, whose time is past", () => {
    const state = generator({ polls: true, allocatedMax: 1 });
    after(state, started(0), tick(100), allocated(100), tick(300), allocated(200), stop); // 300 waits
    after(state, receiversStopped(true, 310));
    expect(state.last).toBe(400);
  });

  test("takes no more than --batches N", () => {
    const state = generator({ polls: true, batchesMax: 2 });
    after(state, started(0), tick(100), allocated(100), stop, tick(200));
    expect(after(state, receiversStopped(true, 210))).toEqual([]);
    expect(state).toMatchObject({ last: 200, taken: 2 });
  });

  test("gives it to a batch that waits, if there is one", () => {
    const state = generator({ allocatedMax: 1 });
    after(state, started(0), tick(100), allocated(100), tick(300), allocated(200), stop); // 300 waits
    expect(after(state, receiversStopped(true, 300))).toEqual(["cancelTimer"]);
    expect(after(state, fixed(100), done(100), allocated(300), fixed(200), done(200), fixed(300), done(300))).toEqual([
      "batchesEnded finished",
    ]);
  });

  test("before the start ends the job", () => {
    expect(after(generator(), stop)).toEqual(["batchesEnded finished"]);
  });

  test("runs every batch whose time had come", () => {
    const state = generator();
    after(state, started(0), tick(200), allocated(100), allocated(200), stop, receiversStopped(false));
    expect(after(state, fixed(100), done(100))).toEqual(["fixInput 200"]);
    expect(after(state, fixed(200), done(200))).toEqual(["batchesEnded finished"]);
  });
});

describe("an immediate stop", () => {
  test("cancels what runs and ends", () => {
    const state = generator();
    after(state, started(0), tick(100), allocated(100), stop);
    expect(after(state, stopNow)).toEqual(["cancelBatch 100", "cancelTimer", "batchesEnded killed"]);
    expect(after(state, fixed(100), done(100))).toEqual([]);
  });

  test("says what it threw away", () => {
    const state = generator();
    after(state, started(0), tick(500), allocated(100), allocated(200), stopNow); // 100 runs, 200 to 500 wait
    expect(state.end).toEqual({ kind: "killed", cutOff: 100, notRun: 4, unread: false });
  });

  test("of a drain says that the last look at its inputs was not taken", () => {
    const state = generator({ polls: true });
    after(state, started(0), stop, stopNow);
    expect(state.end).toEqual({ kind: "killed", cutOff: undefined, notRun: 0, unread: true });
  });
});

test("an answer that nobody asked for is a defect", () => {
  expect(() => after(generator(), started(0), done(100))).toThrow("INVARIANT_BROKEN");
  expect(() => after(generator(), started(0), fixed(100))).toThrow("INVARIANT_BROKEN");
  expect(() => after(generator(), started(0), tick(100), allocated(100), done(100))).toThrow("INVARIANT_BROKEN");
});

test.each(Array.from({ length: 100 }, (_, i) => i))("whatever happens, in order and within bounds, seed %i", (seed) => {
  const rng = new SeededRng(seed);
  const state = generator({ onFailure: "continue", allocatedMax: 1 + rng.int(3) });
  let now = rng.int(1_000);
  let allocating: number | undefined;
  let fixing: number | undefined;
  let running: number | undefined;
  const ran: number[] = [];
  const dispatch = (...events: readonly BatchEvent[]): void => {
    for (const effect of events.flatMap((event) => stepBatches(state, event))) {
      checkBatchGenerator(state);
      if (effect.type === "allocate") allocating = effect.time;
      if (effect.type === "fixInput") {
        expect(running).toBeUndefined();
        fixing = effect.time;
      }
      if (effect.type === "runBatch") running = effect.time;
      if (effect.type === "runBatch") ran.push(effect.time);
      expect(state.allocated.length).toBeLessThanOrEqual(state.settings.allocatedMax);
    }
  };
  dispatch(started(now));
  for (let i = 0; i < 300; i++) {
    now += rng.int(120);
    if (rng.next() < 0.6) dispatch(tick(now));
    const wasAllocating = allocating;
    if (wasAllocating !== undefined && rng.next() < 0.5) {
      allocating = undefined;
      dispatch(allocated(wasAllocating));
    }
    const wasFixing = fixing;
    if (wasFixing !== undefined && rng.next() < 0.8) {
      fixing = undefined;
      dispatch(fixed(wasFixing));
    }
    const wasRunning = running;
    if (wasRunning !== undefined && rng.next() < 0.5) {
      running = undefined;
      dispatch(...(rng.next() < 0.1 ? failed(wasRunning) : done(wasRunning)));
    }
  }
  expect(ran).toEqual([...ran].sort((a, b) => a - b));
  expect(new Set(ran).size).toBe(ran.length);
  expect(ran.length).toBeGreaterThan(20);
});
