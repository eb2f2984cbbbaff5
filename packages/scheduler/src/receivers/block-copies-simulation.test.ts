import { epochMs, type Rng, SeededRng } from "@millrace/base";
import type { BlockId, BlockLocation } from "@millrace/plan";
import { expect, test } from "vitest";
import { heldBlocks } from "./block-copies.ts";
import { checkReceiverTracker } from "./check-receiver-tracker.ts";
import type { ReceiverEffect, ReceiverEvent } from "./receiver-events.ts";
import { stays } from "./receiver-placement.ts";
import {
  allocate,
  copied,
  copyDue,
  done,
  fixed,
  leaving,
  lost,
  ready,
  received,
  released,
  runBatch,
  started,
  status,
  tracker,
} from "./receiver-script.fixture.ts";
import { stepReceivers } from "./receiver-tracker.ts";

const NAMES = ["e0", "e1", "e2", "e3", "e4"];
/** Lives in one test, each with its own seed: together they see everything. */
const LIVES = 10;
const STEPS = 250;
const TESTS = Array.from({ length: 12 }, (_, i) => i * LIVES);

/** A record of what happened, by which the test proves that it tried everything. */
interface Seen {
  copies: number;
  failures: number;
  useless: number;
  freed: number;
}

/** Executors with what they really hold, driven by the tracker's effects. */
class World {
  readonly state = tracker();
  readonly rng: Rng;
  readonly seen: Seen;
  readonly holds = new Map<string, Set<BlockId>>();
  readonly requests = new Map<string, readonly BlockLocation[]>();
  readonly resting = new Set<string>();
  /** Receivers that were told to stop, and have not answered. */
  readonly stopping: { readonly name: string; readonly stream: number }[] = [];
  lostBlocks = 0;
  time = 0;
  #next = 0;

  constructor(seed: number, seen: Seen) {
    this.rng = new SeededRng(seed);
    this.seen = seen;
    this.step(started(1, 2, 2));
  }

  step(event: ReceiverEvent): void {
    for (const effect of stepReceivers(this.state, event)) this.#perform(effect);
    checkReceiverTracker(this.state);
  }

  #perform(effect: ReceiverEffect): void {
    switch (effect.type) {
      case "copyBlocks":
        expect(this.requests.has(effect.executor), "one request at a time").toBe(false);
        expect(stays(this.state, effect.executor)).toBe(true);
        for (const { at } of effect.blocks) expect(at).not.toContain(effect.executor);
        this.requests.set(effect.executor, effect.blocks);
        // Some arrive at once, so that they are there although their holder is lost before the answer.
        if (this.rng.next() < 0.3) this.#fetch(effect.executor, effect.blocks, 0);
        return;
      case "stopReceiver":
        return void this.stopping.push({ name: effect.executor, stream: effect.stream });
      case "copyAfter":
        return void this.resting.add(effect.executor);
      case "dropBlocks":
        for (const id of effect.blocks) this.holds.get(effect.executor)?.delete(id);
        return;
      case "blocksLost":
        for (const { blocks } of effect.lost) this.lostBlocks += blocks.length;
        return;
      case "executorFree":
        this.seen.freed++;
        return;
      default:
        return;
    }
  }

  #fetch(target: string, blocks: readonly BlockLocation[], failing: number): void {
    for (const { id, at } of blocks) {
      const served = at.some((holder) => this.holds.get(holder)?.has(id) === true);
      if (served && this.rng.next() >= failing) this.holds.get(target)?.add(id);
    }
  }

  join(name: string): void {
    if (!this.holds.has(name)) this.holds.set(name, new Set());
    this.step(ready(name));
  }

  lose(name: string): void {
    this.holds.delete(name);
    this.requests.delete(name);
    this.resting.delete(name);
    this.step(lost(name));
  }

  receive(): void {
    const alive = [...this.holds.keys()];
    const executor = alive[this.rng.int(Math.max(1, alive.length))];
    if (executor === undefined) return;
    const stream = this.rng.int(3);
    const peer = stream > 0 && this.rng.next() < 0.7 ? alive.find((name) => name !== executor) : undefined;
    const event = received(executor, stream, this.#next++, ...(peer === undefined ? [] : [peer]));
    if (event.type !== "received") return;
    for (const { id, at } of event.blocks) for (const holder of at) this.holds.get(holder)?.add(id);
    this.step(event);
  }

  answer(name: string, failing: number): void {
    const blocks = this.requests.get(name);
    if (blocks === undefined) return;
    this.requests.delete(name);
    this.#fetch(name, blocks, failing);
    const there = ({ id }: BlockLocation): boolean => this.holds.get(name)?.has(id) === true;
    const [came, failed] = [blocks.filter(there), blocks.filter((block) => !there(block))];
    this.seen.copies += came.length;
    this.seen.failures += failed.length;
    const before = new Set([...heldBlocks(this.state)].map(({ id }) => id));
    this.seen.useless += came.filter(({ id }) => !before.has(id)).length;
    this.step(
      copied(
        name,
        came.map(({ id }) => id),
        failed.map(({ id }) => id),
      ),
    );
  }

  stopReceivers(): void {
    for (const { name, stream } of this.stopping.splice(0)) this.step(status(name, stream, { state: "stopped" }));
  }

  due(name: string): void {
    if (this.resting.delete(name)) this.step(copyDue(name));
  }
}

/** One random event of a job's life on machines that come and go. */
function stir(world: World): void {
  const { rng, state } = world;
  const name = NAMES[rng.int(NAMES.length)] ?? "e0";
  const dice = rng.next();
  const batchIn = (wanted: string): number | undefined =>
    [...state.batches.values()].find((batch) => batch.state === wanted)?.time;
  if (dice < 0.1) return world.join(name);
  if (dice < 0.13) return world.lose(name);
  if (dice < 0.15) return world.step(leaving(name));
  if (dice < 0.45) return world.receive();
  if (dice < 0.65) return world.answer(name, 0.15);
  if (dice < 0.7) return world.due(name);
  if (dice < 0.75) return world.stopReceivers();
  if (dice < 0.79) return world.step(allocate(++world.time));
  const [allocated, chosen, running, ended] = ["allocated", "fixed", "running", "ended"].map(batchIn);
  if (running !== undefined) return world.step(done(running));
  if (chosen !== undefined) return world.step(runBatch(chosen));
  if (allocated !== undefined) return world.step(fixed(allocated));
  if (ended !== undefined && dice > 0.95) world.step(released(epochMs(ended)));
}

/** Answers everything until nothing is under way. */
function settle(world: World): void {
  for (let round = 0; world.requests.size > 0 || world.resting.size > 0; round++) {
    expect(round, "copies come to an end").toBeLessThan(1_000);
    for (const name of [...world.requests.keys()]) world.answer(name, 0);
    for (const name of [...world.resting]) world.due(name);
  }
}

/** At rest every block has its copies, and executors hold what the tracker thinks that they hold, and nothing else. */
function expectAtRest({ state, holds }: World): void {
  const staying = state.executors.filter((executor) => stays(state, executor)).length;
  const wanted = new Map([...holds.keys()].map((name): [string, Set<string>] => [name, new Set()]));
  for (const { id, at, copies } of heldBlocks(state)) {
    expect(at.filter((holder) => stays(state, holder)).length, id).toBeGreaterThanOrEqual(Math.min(copies, staying));
    for (const holder of at) wanted.get(holder)?.add(id);
  }
  expect(holds).toEqual(wanted);
  expect(state.copies).toMatchObject({ queues: new Map(), underWay: new Map(), missing: false });
}

test.each(TESTS)("at rest every block has its copies, so losses apart in time lose nothing; seeds from %i", (first) => {
  const seen: Seen = { copies: 0, failures: 0, useless: 0, freed: 0 };
  let losses = 0;
  for (let seed = first; seed < first + LIVES; seed++) {
    const world = new World(seed, seen);
    for (let i = 0; i < STEPS; i++) stir(world);
    settle(world);
    expectAtRest(world);
    // One after the other, until one is left: blocks with a second copy survive all of it.
    for (const name of [...world.state.executors].slice(1)) {
      const twice = held(world, 2);
      const others = world.state.executors.filter((other) => other !== name && stays(world.state, other));
      if (others.length === 0) break;
      world.lose(name);
      settle(world);
      expectAtRest(world);
      expect(held(world, 2)).toBe(twice);
      losses++;
    }
  }
  expect(losses).toBeGreaterThan(0);
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0);
});

function held({ state }: World, copies: 1 | 2): number {
  return [...heldBlocks(state)].filter((block) => block.copies === copies).length;
}

test.each(TESTS)("the end of an executor that was released loses nothing, seeds from %i", (first) => {
  let released = 0;
  for (let seed = first; seed < first + LIVES; seed++) {
    const world = new World(seed, { copies: 0, failures: 0, useless: 0, freed: 0 });
    for (let i = 0; i < STEPS; i++) {
      stir(world);
      const free = [...world.state.leaving].find(([, told]) => told)?.[0];
      if (free === undefined) continue;
      const before = world.lostBlocks;
      world.lose(free);
      expect(world.lostBlocks).toBe(before);
      released++;
    }
  }
  expect(released).toBeGreaterThan(0);
});
