import type { StateRef } from "@millrace/plan";
import type { StateStore } from "../state/state-store.ts";
import { everyKey, type StateChunk } from "../state/update/updater.ts";
import { Feeder } from "./feeder.ts";

/** `[K, S]` for every key that has state after a batch whose update another task has made; changes nothing. */
export class StateSnapshotFeeder extends Feeder {
  readonly #options: { readonly store: StateStore; readonly ref: StateRef };
  #chunks: Iterator<StateChunk> | undefined;

  constructor(options: { readonly store: StateStore; readonly ref: StateRef }) {
    super();
    this.#options = options;
  }

  override async open(): Promise<void> {
    const { store, ref } = this.#options;
    const { state, overlay } = await store.readUpdated(ref);
    this.#chunks = everyKey(state, overlay, []);
  }

  override get opensLater(): boolean {
    return true;
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
