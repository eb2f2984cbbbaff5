import type { StateRef } from "@millrace/plan";
import type { ReadState, StateStore } from "../state/state-store.ts";
import { everyKey, type StateChunk } from "../state/update/updater.ts";
import type { ValueSchema } from "../state/value-schema.ts";
import { Feeder } from "./feeder.ts";

interface StateSnapshotOptions {
  readonly store: StateStore;
  readonly ref: StateRef;
  readonly schema: ValueSchema;
}

/** `[K, S]` for every key that has state after a batch whose update another task has made; changes nothing. */
export class StateSnapshotFeeder extends Feeder {
  readonly #options: StateSnapshotOptions;
  #read: ReadState | undefined;
  #chunks: Iterator<StateChunk> | undefined;

  constructor(options: StateSnapshotOptions) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    const { store, ref, schema } = this.#options;
    this.#read = await store.readUpdated(ref, schema);
    this.#chunks = everyKey(this.#read.state, this.#read.overlay, []);
  }

  override get opensLater(): boolean {
    return true;
  }

  override close(): void {
    this.#chunks?.return?.();
    this.#read?.close();
  }

  override next(): boolean {
    const step = this.#chunks?.next();
    if (step === undefined || step.done === true) return false;
    const chunk = step.value;
    return chunk.keys === undefined
      ? this.setRows(chunk.rows, 0, chunk.count)
      : this.setPairs(chunk.keys, chunk.values);
  }
}
