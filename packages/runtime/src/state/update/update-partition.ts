import { shown } from "@millrace/codec";
import { pairOf } from "@millrace/operators";
import { blame } from "../../compile/blame.ts";
import { iteratorOf } from "../../compile/segment-state.ts";
import { stateMisused } from "../../errors.ts";
import { Feeder } from "../../source/feeder.ts";
import { Records } from "../../source/records.ts";
import { KeyIndex } from "../../table/key-index.ts";
import { NEW_KEY } from "../overlay.ts";
import type { Marks } from "../state-table.ts";
import type { KeyedInput } from "./keyed-input.ts";
import { PairsBuilder, type StateChunk, type StateUpdater, type Transaction, untouched } from "./updater.ts";

/** Keys taken at a time, each with its state decoded. */
const CHUNK = 256;

export interface UpdatePartitionOptions {
  readonly update: (entries: Iterable<unknown>, time: number) => unknown;
  /** True if a key belongs to this partition. */
  readonly belongs: (key: unknown) => boolean;
  readonly label: string;
  /** The batch, in epoch ms. */
  readonly time: number;
  readonly input: KeyedInput;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/** `updateStatePartitions`: one call of the function, whose result replaces all state. */
export class UpdatePartition implements StateUpdater {
  readonly timed = false;
  readonly everyKey = true;
  readonly repeatable = true;
  readonly #options: UpdatePartitionOptions;
  /** The keys that the function has returned: those of the published state, and others. */
  #given: Marks | undefined;
  readonly #added = new KeyIndex();
  #records: Records | undefined;

  constructor(options: UpdatePartitionOptions) {
    this.#options = options;
  }

  open(first: boolean): Promise<void> {
    return this.#options.input.open(first);
  }

  *update(transaction: Transaction): Generator<StateChunk, void, undefined> {
    const { update, time, label, check } = this.#options;
    const { state, overlay } = transaction;
    const given = state.table.marks([]);
    this.#given = given;
    const records = new Records(new EntriesFeeder(this.#entries(transaction)), check);
    this.#records = records;
    const out = new PairsBuilder();
    let made: Iterator<unknown> | undefined;
    try {
      made = iteratorOf(update(records, time));
      for (let step = made.next(); step.done !== true; step = made.next()) {
        this.#accept(transaction, step.value, out);
        if (!out.full) continue;
        check();
        yield out.take();
      }
      made = undefined;
      records.rethrow();
    } catch (error) {
      throw blame(error, label);
    } finally {
      made?.return?.(); // the task fails: the function's generator may have resources to release
    }
    for (const chunk of state.table.inOrder()) {
      for (let i = 0; i < chunk.length; i++) {
        const at = chunk[i] ?? 0;
        if (!given.has(at) && state.table.has(at)) overlay.forget(at);
      }
    }
    yield* out.end();
  }

  *rest(): Generator<StateChunk, void, undefined> {}

  finish(): void {}

  close(): void {
    this.#records?.close();
    this.#options.input.close();
  }

  /** `[key, values, state]` of every key that has either. */
  *#entries(transaction: Transaction): Generator<unknown[], void, undefined> {
    const { input } = this.#options;
    const { table } = transaction.state;
    const seen: number[] = [];
    for (const chunk of input.values.drain()) {
      for (let i = 0; i < chunk.keys.length; i++) {
        const key = chunk.keys[i];
        const at = table.find(key);
        if (at >= 0) seen.push(at);
        const state = at >= 0 ? table.get(at) : input.initial?.take(key);
        yield [key, chunk.values[i], state];
      }
    }
    for (const chunk of untouched(transaction, seen)) {
      for (let i = 0; i < chunk.keys.length; i++) yield [chunk.keys[i], [], chunk.values[i]];
    }
    for (const [key, state] of input.initial?.rest() ?? []) yield [key, [], state];
  }

  #accept({ state, overlay }: Transaction, pair: unknown, out: PairsBuilder): void {
    const [key, after] = pairOf(pair);
    if (after === undefined) return;
    const at = state.table.find(key);
    if (at < 0) {
      this.#add(key);
      overlay.add(key, after);
      overlay.order.push(NEW_KEY);
    } else {
      if (this.#given?.has(at) === true) throw givenTwice(key);
      this.#given?.add(at);
      overlay.order.push(at);
      overlay.change(at, after);
    }
    out.push(key, after);
  }

  #add(key: unknown): void {
    if (this.#added.find(key) >= 0) throw givenTwice(key);
    this.#added.add(key);
    if (this.#options.belongs(key)) return;
    throw stateMisused(
      `it returned state for the key ${shown(key)}, which belongs to another partition. Return state only for keys of the partition: those that the function was given.`,
    );
  }
}

function givenTwice(key: unknown): Error {
  return stateMisused(
    `it returned state for the key ${shown(key)} twice. Return one state per key, or none to forget it.`,
  );
}

/** The input of the function: `[key, values, state]` of each key. */
class EntriesFeeder extends Feeder {
  readonly #entries: Iterator<unknown[]>;

  constructor(entries: Iterator<unknown[]>) {
    super();
    this.#entries = entries;
  }

  override next(): boolean {
    const rows: unknown[] = [];
    while (rows.length < CHUNK) {
      const step = this.#entries.next();
      if (step.done === true) break;
      rows.push(step.value);
    }
    return rows.length > 0 && this.setRows(rows);
  }
}
