import { epochMs, executorId, SeededRng, streamId } from "@millrace/base";
import {
  type BatchInput,
  type LoggedBlock,
  type LoggedRun,
  type ReceivedLogContent,
  type ReceivedPlace,
  receivedBlockId,
} from "@millrace/plan";
import { describe, expect, test } from "vitest";
import { afterEntry, type LoggedPosition } from "../batches/logged-batches.ts";
import { checkReceiverTracker } from "./check-receiver-tracker.ts";
import { recalledInputs } from "./recalled-blocks.ts";
import { batchInput } from "./received-blocks.ts";
import type { RecalledInput, ReceiverEffect, ReceiverEvent, ReceiverRunStart } from "./receiver-events.ts";
import {
  after,
  allAfter,
  allocate,
  blocksOf,
  done,
  fixed,
  lost,
  ready,
  released,
  runBatch,
} from "./receiver-script.fixture.ts";
import { type ReceiverTracker, receiverTracker } from "./receiver-state.ts";
import { stepReceivers } from "./receiver-tracker.ts";

const INPUT = "chat";
const STREAM = streamId(0);
const NOTHING: RecalledInput = {
  pending: undefined,
  remembered: [],
  marks: new Map(),
  log: { segments: [], runs: [], blocks: [] },
  dropped: [],
};

const tracker = (epoch: number): ReceiverTracker => receiverTracker({ bufferBytes: 1e9, rng: new SeededRng(1), epoch });
const started = (recalled: Partial<RecalledInput> = {}): ReceiverEvent => ({
  type: "started",
  receivers: [{ stream: STREAM, input: INPUT, name: "chat", copies: 1 }],
  recalled: { ...NOTHING, ...recalled },
});
const at = (epoch: number, run: number, block: number): ReceivedPlace => ({ epoch, run, block });
const blockOf = (place: ReceivedPlace, segment: string, input = INPUT): LoggedBlock => ({
  ...{ input, place, bytes: 100, records: 10 },
  at: { segment, offset: place.block },
});
const logOf = (runs: readonly LoggedRun[], blocks: readonly LoggedBlock[], ...more: string[]): ReceivedLogContent => ({
  segments: [...new Set([...blocks.map((block) => block.at.segment), ...more])],
  runs,
  blocks,
});
const planned = (time: number, ...places: readonly ReceivedPlace[]): BatchInput => ({
  time: epochMs(time),
  inputs: new Map([
    [
      INPUT,
      {
        kind: "received",
        blocks: places.map((place) => ({
          id: receivedBlockId(STREAM, place),
          bytes: 100,
          records: 10,
          at: [executorId("old")],
        })),
        records: 10 * places.length,
      },
    ],
  ]),
});
const run = (epoch: number, number: number, last?: ReceivedPlace): LoggedRun => ({
  ...{ input: INPUT, epoch, run: number },
  ...(last === undefined ? {} : { after: last }),
});

describe("what an earlier run has received", () => {
  test("goes into the batch that it was planned for, and what was in none into the next one, in order", () => {
    const log = logOf(
      [run(1, 0)],
      [3, 0, 1, 2].map((n) => blockOf(at(1, 0, n), "s")),
    );
    const state = tracker(2);
    after(
      state,
      started({ pending: planned(1_000, at(1, 0, 1)), marks: new Map([[INPUT, { place: at(1, 0, 1) }]]), log }),
    );
    expect(after(state, ready("e1"), allocate(1_000), fixed(1_000), runBatch(1_000))).toEqual([
      "input 1000: recv/0/1.0/1@",
    ]);
    expect(after(state, allocate(2_000), fixed(2_000), runBatch(2_000))).toEqual([
      "input 2000: recv/0/1.0/2@ recv/0/1.0/3@",
    ]);
  });

  test("is there for windows, and what is nowhere any more is left out", () => {
    const log = logOf([run(1, 0)], [blockOf(at(1, 0, 0), "s")]);
    const state = tracker(2);
    after(state, started({ remembered: [planned(1_000, at(1, 0, 0), at(1, 0, 1))], log }));
    const inputs = recalledInputs(state).get(epochMs(1_000))?.get(INPUT);
    expect(inputs).toMatchObject({
      records: 10,
      blocks: [{ id: "recv/0/1.0/0", logged: { segment: "s", offset: 0 } }],
    });
  });

  test("counts as received for back-pressure until its batch has ended", () => {
    const log = logOf([run(1, 0)], [blockOf(at(1, 0, 0), "s"), blockOf(at(1, 0, 1), "s")]);
    const state = receiverTracker({ bufferBytes: 150, rng: new SeededRng(1), epoch: 2 });
    after(state, started({ log }));
    expect(allAfter(state, ready("e1"), lost("e9"))).toEqual([]);
    expect(state.receivers.get(STREAM)?.backlogBytes).toBe(200);
    expect(allAfter(state, allocate(1_000), fixed(1_000), runBatch(1_000), done(1_000))).toEqual([]);
    expect(state.receivers.get(STREAM)?.backlogBytes).toBe(0);
  });

  test("is not counted again where a later run of the receiver has received it again", () => {
    const log = logOf(
      [run(1, 0), run(1, 1, at(1, 0, 1))],
      [at(1, 0, 0), at(1, 0, 1), at(1, 0, 2), at(1, 1, 0)].map((place) => blockOf(place, `s${place.run}`)),
    );
    const state = tracker(2);
    after(state, started({ log }));
    const effects = after(state, ready("e1"), allocate(1_000), fixed(1_000), runBatch(1_000));
    expect(effects).toEqual(["input 1000: recv/0/1.0/0@ recv/0/1.0/1@ recv/0/1.1/0@"]);
  });

  test("stays in the log if the job has no such input, and the operator is told", () => {
    const log = logOf([], [blockOf(at(1, 0, 0), "s", "gone"), blockOf(at(1, 0, 1), "t", "gone")], "u");
    const marks = new Map([["gone", { place: at(1, 0, 0) }]]);
    expect(after(tracker(2), ready("e1"), started({ log, marks }))).toEqual([
      "warning RECEIVED_INPUT_GONE",
      "free segments s u",
      "start 0 on e1",
    ]);
    const dropped = after(tracker(2), ready("e1"), started({ log, marks, dropped: ["gone"] }));
    expect(dropped).toEqual(["free segments s t u", "start 0 on e1"]);
  });
});

describe("segments of the log", () => {
  const receivedInto = (name: string, n: number, segment: string): ReceiverEvent => ({
    type: "received",
    executor: executorId(name),
    stream: STREAM,
    blocks: [
      {
        ...{ id: receivedBlockId(STREAM, at(1, 0, n)), bytes: 100, records: 10, at: [executorId(name)] },
        logged: { segment, offset: n },
      },
    ],
  });
  const oneBatch = (time: number): readonly ReceiverEvent[] => [
    allocate(time),
    fixed(time),
    runBatch(time),
    done(time),
  ];

  test("are free when their blocks are released and their executor writes to another", () => {
    const state = tracker(1);
    after(state, started(), ready("e1"), receivedInto("e1", 0, "s0"), ...oneBatch(1_000));
    expect(after(state, released(1_000))).toEqual(["drop recv/0/1.0/0 on e1"]);
    expect(after(state, receivedInto("e1", 1, "s1"))).toEqual(["free segments s0"]);
    after(state, ...oneBatch(2_000), released(2_000));
    expect(after(state, lost("e1"))).toContain("free segments s1");
  });

  test("keep what a batch has not processed, though all executors are lost", () => {
    const state = tracker(1);
    after(state, started(), ready("e1"), receivedInto("e1", 0, "s0"));
    expect(after(state, lost("e1")).filter((line) => /LOST|free/.test(line))).toEqual([]);
    after(state, ready("e2"), allocate(1_000), fixed(1_000));
    expect(after(state, runBatch(1_000))).toEqual(["input 1000: recv/0/1.0/0@"]);
  });

  test("are not free while a failed batch waits for the next start of the job", () => {
    const state = tracker(1);
    after(state, started(), ready("e1"), receivedInto("e1", 0, "s0"), allocate(1_000), fixed(1_000), runBatch(1_000));
    after(state, { type: "batchEnded", batch: epochMs(1_000), unfinished: true });
    after(state, released(1_000));
    expect(after(state, lost("e1"))).not.toContain("free segments s0");
  });
});

/**
 * A source whose records are numbered, a receiver that goes on after its position, executors and drivers that are killed at any
 * step, and a log that is written before a block is reported.
 */
class World {
  readonly #rng: SeededRng;
  state: ReceiverTracker;
  #epoch = 0;
  #time = 0;
  /** The committed records. */
  readonly counted: number[] = [];
  /** The last record that was confirmed to the receiver. */
  acknowledged = -1;
  #segments = new Map<string, { runs: LoggedRun[]; blocks: LoggedBlock[] }>();
  readonly #content = new Map<string, readonly number[]>();
  #position: LoggedPosition = {
    committed: { last: epochMs(0), states: new Map() },
    pending: undefined,
    received: new Map(),
  };
  readonly #batches: BatchInput[] = [];
  #running: { readonly executor: string; readonly run: ReceiverRunStart; next: number; blocks: number } | undefined;
  #nextExecutor = 0;
  #due = 0;
  #calm = false;

  constructor(seed: number) {
    this.#rng = new SeededRng(seed);
    this.state = this.#start();
  }

  get segments(): number {
    return this.#segments.size;
  }

  step(): void {
    const dice = this.#rng.next();
    if (dice < 0.45) this.#receive();
    else if (dice < 0.9) this.#advance();
    else if (dice < 0.96) this.#loseExecutor();
    else this.restart();
  }

  /** Everything is killed, and started again. */
  restart(): void {
    this.#running = undefined;
    this.state = this.#start();
  }

  /** Runs until nothing is left to do. */
  finish(): void {
    this.#calm = true;
    for (let step = 0; step < 24; step++) this.#advance();
  }

  #start(): ReceiverTracker {
    this.#epoch++;
    const segments = [...this.#segments];
    const { pending, received } = this.#position;
    const recalled: RecalledInput = {
      pending,
      remembered: this.#batches.slice(-2),
      marks: received,
      dropped: [],
      log: {
        segments: segments.map(([name]) => name),
        runs: segments.flatMap(([, { runs }]) => runs),
        blocks: segments.flatMap(([, { blocks }]) => blocks),
      },
    };
    this.state = tracker(this.#epoch);
    this.#dispatch(started(recalled));
    this.#due = pending?.time ?? 0;
    this.#joinExecutor();
    return this.state;
  }

  #joinExecutor(): void {
    this.#dispatch(ready(`e${this.#nextExecutor++}`));
  }

  #loseExecutor(): void {
    const [executor] = this.state.executors;
    if (executor === undefined) return;
    this.#running = undefined;
    this.#dispatch({ type: "executorLost", executor });
    this.#joinExecutor();
  }

  #receive(): void {
    const running = this.#running;
    if (running === undefined) return;
    const { run, executor } = running;
    const records = Array.from({ length: 1 + this.#rng.int(3) }, () => running.next++);
    const place = at(run.epoch, run.run, running.blocks++);
    const segment = `${executor}-${run.epoch}-${Math.floor(place.block / 3)}`;
    const known = this.#segments.get(segment) ?? { runs: [], blocks: [] };
    this.#segments.set(segment, known);
    const last = running.next - 1;
    const position = Uint8Array.of(last >> 8, last & 255);
    if (this.#rng.next() < 0.1) return this.#loseExecutor(); // before it was logged
    if (known.blocks.length === 0) {
      const { after: begun } = run;
      known.runs.push({
        input: INPUT,
        epoch: run.epoch,
        run: run.run,
        ...(begun === undefined ? {} : { after: begun }),
      });
    }
    const logged = { segment, offset: known.blocks.length };
    known.blocks.push({ input: INPUT, place, bytes: 100, records: records.length, position, at: logged });
    if (this.#rng.next() < 0.1) known.blocks.push(...known.blocks.slice(-1)); // logged twice
    const id = receivedBlockId(STREAM, place);
    this.#content.set(id, records);
    if (this.#rng.next() < 0.1) return this.#rng.next() < 0.5 ? this.#loseExecutor() : this.restart(); // before it is reported
    this.#dispatch({
      type: "received",
      executor: executorId(executor),
      stream: STREAM,
      blocks: [{ id, bytes: 100, records: records.length, at: [executorId(executor)], logged, position }],
    });
    this.acknowledged = Math.max(this.acknowledged, last);
  }

  /** One step in the life of a batch. */
  #advance(): void {
    const batch = [...this.state.batches.values()].find(({ state }) => state !== "ended");
    if (batch === undefined) {
      this.#time = Math.max(this.#time, this.#due) + (this.#due > 0 ? 0 : 1_000);
      const time = this.#due > 0 ? this.#due : this.#time;
      this.#due = 0;
      return this.#dispatch(allocate(time));
    }
    if (batch.state === "allocated") return this.#dispatch(fixed(batch.time));
    if (batch.state === "fixed") {
      this.#log({ kind: "planned", input: batchInput(this.state, batch) });
      if (!this.#calm && this.#rng.next() < 0.2) return this.restart();
      return this.#dispatch(runBatch(batch.time));
    }
    const { pending } = this.#position;
    if (pending === undefined) throw new Error("a batch runs that is not planned");
    const blocks = blocksOf({ type: "batchInput", input: pending });
    this.#log({ kind: "committed", time: batch.time, states: new Map() });
    for (const { id } of blocks) this.counted.push(...(this.#content.get(id) ?? []));
    this.#batches.push(pending);
    if (!this.#calm && this.#rng.next() < 0.2) return this.restart();
    this.#dispatch(done(batch.time));
    for (const { time } of this.state.batches.values()) if (time <= batch.time - 2_000) this.#dispatch(released(time));
  }

  #log(entry: Parameters<typeof afterEntry>[1]): void {
    const next = afterEntry(this.#position, entry);
    if (next === undefined) throw new Error(`an entry ${entry.kind} out of order`);
    this.#position = next;
  }

  #dispatch(event: ReceiverEvent): void {
    for (const effect of stepReceivers(this.state, event)) this.#perform(effect);
    checkReceiverTracker(this.state);
  }

  #perform(effect: ReceiverEffect): void {
    if (effect.type === "segmentsFree") {
      for (const segment of effect.segments) this.#segments.delete(segment);
    } else if (effect.type === "startReceiver") {
      const [high = 0, low = 0] = effect.run.position ?? [];
      const next = effect.run.position === undefined ? 0 : high * 256 + low + 1;
      this.#running = { executor: effect.executor, run: effect.run, next, blocks: 0 };
    } else if (effect.type === "blocksLost") {
      throw new Error("nothing that is logged is lost");
    }
  }
}

test.each(Array.from({ length: 60 }, (_, i) => i))(
  "killed anywhere, nothing that was confirmed is lost and nothing is counted twice, seed %i",
  (seed) => {
    const world = new World(seed);
    for (let i = 0; i < 300; i++) world.step();
    world.restart();
    world.finish();
    expect(world.counted).toEqual(world.counted.map((_, i) => i));
    expect(world.counted.length).toBeGreaterThan(Math.max(world.acknowledged, 20));
    expect(world.segments).toBeLessThan(6);
  },
);
