import { epochMs } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { nextLook, type Pace, type PaceEffect, pace, stepPace } from "./pace.ts";

/** Batches of `intervalMs`, one after the other, which take `processingMs` and receive `perSecond` records. */
function run(
  state: Pace,
  batches: number,
  load: { readonly processingMs: number; readonly perSecond?: number; readonly lasts?: boolean },
  from: { time: number; now: number },
): readonly PaceEffect[] {
  const effects: PaceEffect[] = [];
  for (let n = 0; n < batches; n++) {
    from.time += state.intervalMs;
    const begins = Math.max(from.time, from.now);
    const received = Math.round(((load.perSecond ?? 0) * Math.max(state.intervalMs, load.processingMs)) / 1000);
    const due = 1 + Math.floor((begins - from.time) / state.intervalMs);
    effects.push(
      ...stepPace(state, { type: "allocated", at: epochMs(begins), received }),
      ...stepPace(state, {
        type: "batchStarted",
        at: epochMs(begins),
        time: epochMs(from.time),
        due,
        lasts: load.lasts ?? true,
      }),
    );
    from.now = begins + load.processingMs;
    effects.push(...stepPace(state, { type: "batchEnded", received, processingMs: load.processingMs }));
  }
  return effects;
}

const start = () => ({ time: 0, now: 0 });

describe("a job that falls behind says so", () => {
  test("once, with its rates, what waits and what to do", () => {
    expect(run(pace(1000), 100, { processingMs: 1500, perSecond: 3000 }, start())).toEqual([
      {
        type: "behind",
        message:
          "batches come faster than they are processed: the latest took 1.5 s each, and one is due every 1 s. " +
          "This one starts 7 s late, and 8 are due. Receivers deliver 3,000 records/s, batches process 3,000/s. " +
          "The delay keeps growing; each receiver is held back beyond receiver.buffer.bytes. " +
          "Give the job more slots, a longer batchInterval or more partitions (default.parallelism), or reduce its input.",
      },
    ]);
  });

  test("without rates when it has no receivers", () => {
    const [effect] = run(pace(1000), 100, { processingMs: 1500 }, start());
    expect(effect?.message).toMatch(/and 8 are due\. The delay/);
  });

  test("and that it has caught up, then again", () => {
    const state = pace(1000);
    const at = start();
    expect(run(state, 20, { processingMs: 1500 }, at).map(({ type }) => type)).toEqual(["behind"]);
    expect(run(state, 12, { processingMs: 200 }, at)).toEqual([]); // not there yet
    expect(run(state, 4, { processingMs: 200 }, at).map(({ type }) => type)).toEqual(["caughtUp"]);
    expect(run(state, 40, { processingMs: 1500 }, at).map(({ type }) => type)).toEqual(["behind"]);
  });
});

describe("a batch that does not end", () => {
  /** Looks when the machine wants to, until `until`. */
  function look(state: Pace, until: number, due = 1): readonly PaceEffect[] {
    const effects: PaceEffect[] = [];
    for (let at = nextLook(state); at !== undefined && at <= until; at = nextLook(state))
      effects.push(...stepPace(state, { type: "looked", at, due }));
    return effects;
  }
  const begin = (state: Pace, time: number, at = time) =>
    stepPace(state, { type: "batchStarted", at: epochMs(at), time: epochMs(time), due: 1, lasts: true });
  const over = (state: Pace) => stepPace(state, { type: "batchEnded", received: 0, processingMs: 0 });

  test("is named while it runs, with what waits for it and what to do", () => {
    const state = pace(1000);
    begin(state, 1000);
    expect(look(state, 10_999)).toEqual([]);
    expect(look(state, 11_000, 11)).toEqual([
      {
        type: "behind",
        message:
          "batch 1970-01-01T00:00:01.000Z has been running for 10 s, one is due every 1 s, and 10 wait for it. " +
          "It keeps running: batches have no time limit. If its code can hang, in an endless loop or on a promise that never settles, " +
          "stop the job and add a timeout there; " +
          "if it has much to do, give the job more slots, a longer batchInterval or more partitions (default.parallelism).",
      },
    ]);
  });

  test("is named again each time it has been running twice as long", () => {
    const state = pace(1000);
    begin(state, 0);
    const running = look(state, 3_600_000).map(({ message }) => / for (.*?),/.exec(message)?.[1]);
    expect(running.slice(0, 3)).toEqual(["10 s", "20 s", "40 s"]);
    expect(running).toHaveLength(9);
  });

  test("is forgiven when a batch begins in time again, and not before", () => {
    const state = pace(1000);
    begin(state, 1000);
    expect(look(state, 12_000)).toHaveLength(1);
    over(state);
    expect(nextLook(state)).toBeUndefined();
    expect(begin(state, 2000, 12_000)).toEqual([]);
    over(state);
    expect(begin(state, 12_000, 12_100)).toEqual([expect.objectContaining({ type: "caughtUp" })]);
    expect(look(state, 22_100)).toHaveLength(1); // as for the first time
  });

  test("gives way to what is said of late batches", () => {
    const state = pace(1000);
    begin(state, 1000);
    look(state, 11_000);
    over(state);
    const said = run(state, 20, { processingMs: 1500 }, { time: 1000, now: 11_000 });
    expect(said.map(({ message }) => message)).toEqual([expect.stringMatching(/batches come faster/)]);
  });

  test("is one only after ten intervals, when those are long", () => {
    const state = pace(60_000);
    begin(state, 0);
    expect(look(state, 599_999)).toEqual([]);
    expect(look(state, 600_000)).toHaveLength(1);
  });
});

describe("nothing is said", () => {
  test("of one slow batch", () => {
    const state = pace(1000);
    const at = start();
    expect(run(state, 1, { processingMs: 20_000 }, at)).toEqual([]);
    expect(run(state, 100, { processingMs: 100 }, at)).toEqual([]);
  });

  test("of a job that catches up in fits and starts", () => {
    const state = pace(1000);
    const at = start();
    expect(run(state, 1, { processingMs: 60_000 }, at)).toEqual([]);
    for (let n = 0; n < 20; n++) {
      expect(run(state, 3, { processingMs: 100 }, at)).toEqual([]);
      expect(run(state, 1, { processingMs: 1500 }, at)).toEqual([]);
    }
  });

  test("of batches that are late by less than five intervals, or than five seconds", () => {
    expect(run(pace(10_000), 9, { processingMs: 15_000 }, start())).toEqual([]);
    expect(run(pace(100), 30, { processingMs: 250 }, start())).toEqual([]);
  });

  test("of a job that stops, and works off what it has", () => {
    expect(run(pace(1000), 100, { processingMs: 1500, lasts: false }, start())).toEqual([]);
  });

  test("of a job that keeps up", () => {
    expect(run(pace(1000), 1000, { processingMs: 990, perSecond: 1e6 }, start())).toEqual([]);
  });
});
