import type { StateRef, StateVersion } from "@millrace/plan";
import type { StateStore } from "../state/state-store.ts";
import { everyKey, type StateChunk, type StateUpdater, type Transaction } from "../state/update/updater.ts";
import type { ValueSchema } from "../state/value-schema.ts";
import { Feeder } from "./feeder.ts";

export interface StateFeederOptions {
  readonly store: StateStore;
  readonly ref: StateRef;
  readonly updater: StateUpdater;
  /** Whether a key belongs to the partition. */
  readonly belongs: (key: unknown) => boolean;
  /** A partitioner of the author decides that. */
  readonly placed: boolean;
  readonly schema: ValueSchema;
  /** True if the task has run before, so that its input may differ from that of the update made then. */
  readonly again: boolean;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
  /** Called when the partition is updated to the batch. `version`: the one written; `undefined` if nothing changed. */
  readonly updated: (version: StateVersion | undefined) => void;
}

/**
 * The transaction of one batch on one partition of state, and its output.
 *
 * Updates are made as records are pulled; `finish` makes the remaining ones, then writes the delta. So an output that takes
 * ten records still updates every key. State that the batch does not touch is read only as it is pulled.
 */
export class StateFeeder extends Feeder {
  readonly #options: StateFeederOptions;
  #update: Iterator<StateChunk> | undefined;
  #rest: Iterator<StateChunk> | undefined;
  #transaction: Transaction | undefined;

  constructor(options: StateFeederOptions) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    const { store, ref, updater, belongs, placed, schema, again, updated } = this.#options;
    const needs = { timed: updater.timed, everyKey: updater.everyKey, belongs, placed, schema };
    const { state, done } = await store.prepare(ref, needs);
    if (done && !again && updater.repeatable && state.overlay !== undefined) {
      this.#rest = everyKey(state, state.overlay, state.overlay.order);
      updated(state.overlay.version);
      return;
    }
    await updater.open(ref.first);
    const transaction: Transaction = { state, overlay: state.begin(ref.batch) };
    this.#transaction = transaction;
    this.#update = updater.update(transaction);
    this.#rest = updater.rest(transaction);
  }

  override get opensLater(): boolean {
    return true;
  }

  override next(): boolean {
    return this.#take(this.#update) || this.#take(this.#rest);
  }

  override async finish(): Promise<void> {
    const { store, ref, updater, check, updated } = this.#options;
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    while (this.#take(this.#update)) check();
    await updater.finish();
    await store.complete(ref, transaction.state, transaction.overlay);
    updated(transaction.overlay.version);
    this.#transaction = undefined;
  }

  override close(): void {
    this.#transaction?.state.drop();
    this.#transaction = undefined;
    this.#update?.return?.();
    this.#rest?.return?.();
    this.#options.updater.close();
  }

  #take(chunks: Iterator<StateChunk> | undefined): boolean {
    const step = chunks?.next();
    if (step === undefined || step.done === true) return false;
    const chunk = step.value;
    return chunk.keys === undefined
      ? this.setRows(chunk.rows, 0, chunk.count)
      : this.setPairs(chunk.keys, chunk.values);
  }
}
