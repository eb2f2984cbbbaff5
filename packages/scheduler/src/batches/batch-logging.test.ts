import { epochMs, SeededRng } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { PreparedOutput } from "@millrace/plan";
import { describe, expect, test } from "vitest";
import type { BatchEvent } from "./batch-events.ts";
import { stepBatches } from "./batch-generator.ts";
import {
  after,
  allAfter,
  allocated,
  committed,
  error,
  fixed,
  generator,
  inWords,
  outputsDone,
  statesAt,
  stopNow,
  tick,
} from "./batch-script.fixture.ts";
import type { BatchGenerator, BatchSettings } from "./batch-state.ts";
import type { ResumedBatches } from "./logged-batches.ts";

const logged = (time: number): BatchEvent => ({ type: "logged", time: epochMs(time) });
const started = (now: number, resumed?: ResumedBatches): BatchEvent => ({
  type: "started",
  now: epochMs(now),
  ...(resumed === undefined ? {} : { resumed }),
});
const output = (id: number): PreparedOutput => ({
  kind: "files",
  output: { id, name: `o${id}`, label: `save ${id}` },
  staging: locationFrom(`/.o${id}`),
  directory: locationFrom(`/o${id}`),
  files: [],
});
const [a, b] = [output(0), output(1)];
const refused = (prepared: PreparedOutput) => ({
  prepared,
  error: { name: "Error", message: "no", kind: { code: "NO", blame: "user", retry: "never" } as const },
});

describe("with a log", () => {
  const running = (settings: Partial<BatchSettings> = {}): BatchGenerator => {
    const state = generator({ logged: true, ...settings });
    after(state, started(0), tick(200), allocated(100), allocated(200), fixed(100));
    return state;
  };

  test("what its outputs have prepared before any is visible, and its end before the next batch", () => {
    const state = running();
    expect(allAfter(state, outputsDone(100, { outputs: [a] }))).toEqual(["logPrepared 100"]);
    expect(allAfter(state, logged(100))).toEqual(["commit 100 o0"]);
    expect(state.committed.last).toBe(0);
    expect(allAfter(state, committed(100))).toEqual(["logEnded 100", "batchEnded 100", "fixInput 200"]);
    expect(state.committed.last).toBe(100);
  });

  test("a batch whose outputs have nothing to commit is only planned and ended", () => {
    expect(allAfter(running(), outputsDone(100))).toEqual(["commit 100"]);
  });

  test("a batch with a refused output is to run again under stop, without those that are committed", () => {
    const state = running();
    after(state, outputsDone(100, { states: statesAt(100, "totals"), outputs: [a, b] }), logged(100));
    const effects = stepBatches(state, { type: "committed", time: epochMs(100), refused: [refused(b)] });
    expect(effects[0]).toEqual({ type: "logEnded", end: "abandoned", time: 100, done: [a.output] });
    expect(effects.slice(1).map(inWords)).toEqual([
      "discard o1", // not before the log ceases to ask for it
      "batchEnded 100: no",
      "cancelTimer",
      "batchesEnded failed",
    ]);
    expect(state.committed.states.size).toBe(0);
  });

  test("and counts as failed under continue", () => {
    const state = running({ onFailure: "continue" });
    after(state, outputsDone(100, { states: statesAt(100, "totals"), outputs: [a, b] }), logged(100));
    const effects = stepBatches(state, { type: "committed", time: epochMs(100), refused: [refused(b)] });
    const states = statesAt(100, "totals");
    expect(effects[0]).toEqual({ type: "logEnded", end: "committed", time: 100, states, failed: true });
    expect(effects.slice(1).map(inWords)).toEqual(["discard o1", "batchEnded 100: no", "fixInput 200"]);
  });

  test("a batch that fails under stop stays planned: nothing is logged", () => {
    expect(allAfter(running(), outputsDone(100, {}, error))).toEqual([
      "batchEnded 100: boom",
      "cancelTimer",
      "batchesEnded failed",
    ]);
  });

  test("a job that is ended at once commits what it is about to log as prepared", () => {
    const state = running();
    after(state, outputsDone(100, { outputs: [a] }));
    expect(allAfter(state, stopNow)).toEqual([]);
    expect(allAfter(state, logged(100), committed(100))).toEqual([
      "logEnded 100",
      "batchEnded 100",
      "cancelTimer",
      "batchesEnded killed",
    ]);
  });
});

describe("a job that goes on", () => {
  const before = {
    zeroTime: epochMs(0),
    committed: { last: epochMs(200), states: statesAt(200, "totals") },
  };

  test("runs the batch that was planned with its time, then those whose ticks it has missed, each once", () => {
    const state = generator({ logged: true });
    const pending = { time: epochMs(300), prepared: undefined, error: undefined };
    expect(after(state, started(620, { ...before, last: epochMs(300), pending }))).toEqual([
      "timer 700",
      "allocate 300",
    ]);
    expect(after(state, allocated(300))).toEqual(["fixInput 300", "allocate 400"]);
    expect([state.zeroTime, state.last, state.committed]).toEqual([0, 600, before.committed]);
  });

  test("finishes the commit of a batch that was prepared, and logs that alone", () => {
    const state = generator({ logged: true });
    const prepared = { states: statesAt(300, "totals"), outputs: [a] };
    after(
      state,
      started(310, { ...before, last: epochMs(300), pending: { time: epochMs(300), prepared, error: undefined } }),
    );
    expect(after(state, allocated(300))).toEqual(["finishBatch 300"]);
    expect(allAfter(state, outputsDone(300, prepared))).toEqual(["commit 300 o0"]);
    expect(allAfter(state, committed(300))).toEqual(["logEnded 300", "batchEnded 300"]);
    expect(state.committed).toEqual({ last: 300, states: statesAt(300, "totals") });
  });

  test("never repeats a batch time, though the clock was set back meanwhile", () => {
    const state = generator({ logged: true });
    expect(after(state, started(50, { ...before, last: epochMs(200), pending: undefined }))).toEqual(["timer 300"]);
    expect(after(state, tick(250))).toEqual(["timer 300"]);
  });

  test("counts the batch that runs again among --batches N", () => {
    const state = generator({ logged: true, batchesMax: 1 });
    const pending = { time: epochMs(300), prepared: undefined, error: undefined };
    expect(after(state, started(620, { ...before, last: epochMs(300), pending }))).toEqual([
      "allocate 300",
      "stopReceivers",
    ]);
  });
});

test.each(Array.from({ length: 50 }, (_, i) => i))(
  "the end of each batch is logged once, before the next one begins, seed %i",
  (seed) => {
    const rng = new SeededRng(seed);
    const state = generator({ logged: true, onFailure: "continue" });
    let now = 0;
    let open: BatchEvent[] = [];
    const entries: string[] = [];
    const dispatch = (event: BatchEvent): void => {
      for (const effect of stepBatches(state, event)) {
        if (effect.type === "allocate") open.push(allocated(effect.time));
        if (effect.type === "fixInput") open.push(fixed(effect.time));
        if (effect.type === "runBatch")
          open.push(
            outputsDone(effect.time, { outputs: rng.int(2) === 0 ? [] : [a, b] }, rng.int(5) === 0 ? error : undefined),
          );
        if (effect.type === "commit") {
          const some = effect.outputs.filter(() => rng.int(4) === 0).map(refused);
          open.push(committed(effect.time, some));
        }
        if (effect.type === "logPrepared") open.push(logged(effect.time));
        if (effect.type === "fixInput" || effect.type === "logPrepared" || effect.type === "logEnded")
          entries.push(`${effect.type} ${effect.time}`);
      }
    };
    dispatch(started(0));
    for (let i = 0; i < 300; i++) {
      now += rng.int(60);
      dispatch(tick(now));
      const answer = open[rng.int(Math.max(1, open.length))];
      open = open.filter((one) => one !== answer);
      if (answer !== undefined) dispatch(answer);
    }
    const times = [...new Set(entries.map((entry) => entry.split(" ")[1]))];
    expect(times.length).toBeGreaterThan(5);
    const ordered = entries.filter((entry) => !entry.startsWith("logPrepared"));
    expect(ordered).toEqual(times.flatMap((time) => [`fixInput ${time}`, `logEnded ${time}`]).slice(0, ordered.length));
  },
);
