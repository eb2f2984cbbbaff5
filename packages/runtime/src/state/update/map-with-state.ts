import type { ClassTable } from "@millrace/codec";
import { blame } from "../../compile/blame.ts";
import type { StateCalls, StateLoop } from "../../compile/state-loop.ts";
import { promiseNotAwaited } from "../../errors.ts";
import { type Feeder, SLICE } from "../../source/feeder.ts";
import { KeyIndex } from "../../table/key-index.ts";
import type { PartitionState } from "../partition-state.ts";
import { ofKey } from "../state-of-key.ts";
import type { InitialState } from "./initial-state.ts";
import { isCopy, KeyState, type PassingState, passing, publishedAt, UNREAD } from "./key-state.ts";
import type { StateChunk, StateUpdater, Transaction } from "./updater.ts";

export interface MapUpdaterOptions {
  readonly classes: ClassTable;
  readonly map: StateCalls["map"];
  /** The loop that calls the function. */
  readonly loop: StateLoop;
  /** 0: keys never time out. */
  readonly timeoutMs: number;
  readonly label: string;
  /** The batch, in epoch ms. */
  readonly time: number;
  /** The pairs of the batch. */
  readonly pairs: Feeder;
  /** Turns an asynchronous feeder into a synchronous one, when it is opened. */
  readonly spool: (later: Feeder) => Feeder;
  readonly initial: InitialState | undefined;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * `mapWithState`: emits the function's result for each pair, then for each key that has timed out. The cost depends on
 * what arrives and times out, not on the number of keys.
 */
export class MapWithState implements StateUpdater {
  readonly timed: boolean;
  readonly everyKey = false;
  readonly repeatable = false;
  readonly #options: MapUpdaterOptions;
  readonly #key: KeyState;
  #pairs: Feeder;
  /** The keys of this batch. The two columns below have their places in the published state, or -1, and their current states. */
  readonly #keys = new KeyIndex();
  readonly #places: number[] = [];
  readonly #states: (PassingState | undefined)[] = [];
  /** The results of the function, of which the first `filled` are valid; the array is reused. */
  readonly #out: unknown[] = [];
  #filled = 0;
  #first = false;

  constructor(options: MapUpdaterOptions) {
    this.#options = options;
    this.#key = new KeyState(options.classes);
    this.#pairs = options.pairs;
    this.timed = options.timeoutMs > 0;
  }

  async open(first: boolean): Promise<void> {
    const { spool, initial } = this.#options;
    await this.#pairs.open();
    if (this.#pairs.later) {
      this.#pairs = spool(this.#pairs);
      await this.#pairs.open();
    }
    this.#first = first;
    if (first) await initial?.open();
  }

  *update(transaction: Transaction): Generator<StateChunk, void, undefined> {
    if (this.#first) this.#addInitial();
    const { check } = this.#options;
    const pairs = this.#pairs;
    while (pairs.at < pairs.end || pairs.next()) {
      check();
      this.#take(transaction, Math.min(pairs.end - pairs.at, SLICE));
      if (this.#filled >= SLICE) yield this.#given();
    }
    this.#settle(transaction);
    if (this.timed) yield* this.#timeOut(transaction);
    if (this.#filled > 0) yield this.#given();
  }

  *rest(): Generator<StateChunk, void, undefined> {}

  finish(): void | Promise<void> {
    return this.#pairs.finish();
  }

  close(): void {
    this.#pairs.close();
    this.#options.initial?.close();
  }

  #given(): StateChunk {
    const count = this.#filled;
    this.#filled = 0;
    return { rows: this.#out, count };
  }

  #addInitial(): void {
    const { initial, classes, label } = this.#options;
    for (const [key, state] of initial?.rest() ?? []) {
      try {
        if (this.#keys.find(key) < 0) this.#keys.add(key); // it is there once
        this.#places.push(-1);
        this.#states.push(passing(state, classes));
      } catch (error) {
        throw blame(ofKey(error, key), label);
      }
    }
  }

  /** Processes the next pairs. */
  #take({ state }: Transaction, count: number): void {
    const pairs = this.#pairs;
    const { at } = pairs;
    const end = at + count;
    pairs.at = end;
    this.#key.open(state.table, this.#places, this.#keys.keys);
    try {
      this.#options.loop(pairs, at, end, this.#calls(state));
    } catch (error) {
      throw blame(error, this.#options.label);
    } finally {
      this.#key.close();
    }
  }

  #calls(published: PartitionState): StateCalls {
    const { map, time } = this.#options;
    return {
      keys: this.#keys,
      states: this.#states,
      state: this.#key,
      map,
      time,
      meet: (key) => this.#meet(key, published),
      give: (made) => this.#give(made),
    };
  }

  /** Adds a key that is new to this batch, right after `find` has not found it. */
  #meet(key: unknown, published: PartitionState): number {
    const place = published.find(key);
    this.#places.push(place);
    this.#states.push(place < 0 ? undefined : publishedAt(published.table, place));
    return this.#keys.add(key);
  }

  /** Writes the results of the batch's pairs to the overlay, once per key. */
  #settle({ overlay }: Transaction): void {
    try {
      this.#keys.keys.forEach((key, at) => {
        const place = this.#places[at] ?? -1;
        const last = this.#states[at];
        const state = isCopy(last) ? last.give() : last;
        if (place < 0) {
          if (state !== undefined) overlay.add(key, state);
        } else if (state === undefined) {
          overlay.forget(place);
        } else if (!(state !== UNREAD && overlay.change(place, state)) && this.timed) {
          overlay.touched.add(place);
        }
      });
    } catch (error) {
      throw blame(error, this.#options.label);
    }
  }

  *#timeOut({ state, overlay }: Transaction): Generator<StateChunk, void, undefined> {
    const { map, time, timeoutMs, label, check } = this.#options;
    const { table } = state;
    for (const index of table.idleBefore(time - timeoutMs)) {
      if (overlay.isChanged(index) || overlay.touched.has(index)) continue;
      const key = table.keyAt(index);
      this.#key.open(table, [index], [key]);
      try {
        this.#key.nextIdle(0, publishedAt(table, index));
        const made = map(key, undefined, this.#key, time);
        if (made !== undefined) this.#give(made);
      } catch (error) {
        throw blame(error, label);
      } finally {
        this.#key.close();
      }
      overlay.forget(index);
      if (this.#filled < SLICE) continue;
      check();
      yield this.#given();
    }
  }

  #give(made: unknown): void {
    if (typeof made === "object" && made instanceof Promise) throw notToBeAwaited(made);
    this.#out[this.#filled++] = made;
  }
}

function notToBeAwaited(promise: Promise<unknown>): Error {
  promise.catch(() => undefined); // the error is that there is a promise at all
  return promiseNotAwaited(
    "it returned a promise, but state is updated synchronously, record by record. Await in the function of a preceding mapPartitions, which may be async.",
  );
}
