import { epochMs, millis, SeededRng } from "@millrace/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchClock, batchTime, type ClockReading, lookAtClock } from "./batch-clock.ts";
import { stepBatches } from "./batch-generator.ts";
import { batchGenerator } from "./batch-state.ts";
import { checkBatchGenerator } from "./check-batch-generator.ts";

const START = 1_000_000_000_000;
const INTERVAL = 1000;

/** A machine whose wall clock can be set, and a job on it that never falls behind. */
class Lab {
  readonly steps: (readonly [number, number])[] = [];
  readonly batches: number[] = [];
  /** The number of batches that each tick took. */
  readonly taken: number[] = [];
  #monotonicMs = 5;
  wallAheadMs = 0;
  readonly #clock = batchClock(millis(INTERVAL), this.#reading);
  readonly #generator = batchGenerator({
    interval: millis(INTERVAL),
    allocatedMax: 2,
    onFailure: "stop",
    attemptsMax: 1,
    retryDelay: { min: millis(0), max: millis(0) },
    rng: new SeededRng(1),
  });
  #dueAt = 0;

  constructor() {
    this.#dispatch({ type: "started", now: this.#time });
  }

  get #reading(): ClockReading {
    return { wall: epochMs(Math.round(START + this.#monotonicMs + this.wallAheadMs)), monotonicMs: this.#monotonicMs };
  }

  get #time() {
    return batchTime(this.#clock, this.#monotonicMs);
  }

  /** Waits for the timer, and ticks. */
  tick(): void {
    this.#monotonicMs += Math.max(0, this.#dueAt - this.#time);
    const step = lookAtClock(this.#clock, this.#reading, true);
    if (step !== undefined) this.steps.push([step.stepMs, step.offsetMs]);
    const before = this.batches.length;
    this.#dispatch({ type: "tick", now: this.#time });
    this.taken.push(this.batches.length - before);
  }

  #dispatch(event: Parameters<typeof stepBatches>[1]): void {
    const effects = [...stepBatches(this.#generator, event)];
    for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
      if (effect.type === "setTimer") this.#dueAt = effect.at;
      if (effect.type === "allocate") {
        this.batches.push(effect.time);
        effects.push(...stepBatches(this.#generator, { type: "allocated", time: effect.time }));
      }
      if (effect.type === "fixInput")
        effects.push(...stepBatches(this.#generator, { type: "inputFixed", time: effect.time, more: false }));
      if (effect.type === "runBatch")
        effects.push(
          ...stepBatches(this.#generator, {
            type: "outputsDone",
            time: effect.time,
            prepared: { states: new Map(), outputs: [] },
            error: undefined,
          }),
        );
      if (effect.type === "commit")
        effects.push(...stepBatches(this.#generator, { type: "committed", time: effect.time, refused: [] }));
    }
    checkBatchGenerator(this.#generator);
  }

  ticks(n: number): void {
    for (let i = 0; i < n; i++) this.tick();
  }

  get elapsedMs(): number {
    return this.#monotonicMs;
  }
}

const numbers = (from: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => START + (from + i) * INTERVAL);

describe("batches under a wall clock that is set", () => {
  test("follow it while it is not", () => {
    const lab = new Lab();
    for (let i = 0; i < 20; i++) {
      lab.wallAheadMs += 3; // slewed
      lab.tick();
    }
    expect(lab.batches.length).toBe(20);
    expect(lab.steps).toEqual([]);
    expect(lab.elapsedMs).toBeLessThan(20 * INTERVAL); // the wall clock was the faster one
  });

  test("go on at their pace when it is set back, and when it is right again", () => {
    const lab = new Lab();
    lab.ticks(6);
    lab.wallAheadMs = -20_000;
    lab.ticks(5);
    lab.wallAheadMs = 0;
    lab.ticks(5);
    expect(lab.batches).toEqual(numbers(1, 16));
    expect(lab.taken).toEqual(new Array(16).fill(1));
    expect(lab.elapsedMs).toBeGreaterThan(15 * INTERVAL);
    expect(lab.elapsedMs).toBeLessThan(17 * INTERVAL);
    expect(lab.steps).toEqual([
      [-20_000, -20_000],
      [20_000, 0],
    ]);
  });

  test("come two at a time when it is set forward, until they have caught up; none is left out", () => {
    const lab = new Lab();
    lab.ticks(3);
    lab.wallAheadMs = 3_600_000;
    lab.ticks(3599);
    expect(Math.max(...lab.taken)).toBe(2);
    lab.ticks(20);
    expect(lab.batches).toEqual(numbers(1, lab.batches.length));
    expect(lab.taken.slice(-10)).toEqual(new Array(10).fill(1));
    expect(lab.batches.at(-1)).toBe(Math.floor((START + lab.elapsedMs + 3_600_000) / INTERVAL) * INTERVAL);
    expect(lab.steps).toEqual([[3_600_000, 3_600_000]]);
  });

  test("are consecutive multiples of the interval, at least one and at most two for each tick, however it is set", () => {
    const jump = fc.oneof(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: -2000, max: 2000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(jump, fc.integer({ min: 1, max: 30 })), { maxLength: 8 }), (jumps) => {
        const lab = new Lab();
        for (const [by, ticks] of jumps) {
          lab.wallAheadMs += by;
          lab.ticks(ticks);
        }
        expect(lab.batches).toEqual(numbers(1, lab.batches.length));
        expect(lab.taken.every((n) => n <= 2)).toBe(true);
        // Ticks that are early by the wall clock take none and wait for the rest.
        expect(lab.batches.length * INTERVAL).toBeGreaterThan(lab.elapsedMs - 2 * INTERVAL - 100 * jumps.length);
      }),
    );
  });

  test("gain nothing on it while batches wait", () => {
    const clock = batchClock(millis(INTERVAL), { wall: epochMs(START), monotonicMs: 0 });
    lookAtClock(clock, { wall: epochMs(START + 61_000), monotonicMs: 1000 }, false);
    expect(batchTime(clock, 1000)).toBe(START + 1000);
    lookAtClock(clock, { wall: epochMs(START + 62_000), monotonicMs: 2000 }, true);
    expect(batchTime(clock, 2000)).toBe(START + 3000);
  });
});
