import { SLICE } from "../../source/feeder.ts";
import type { AccumulatedPairs } from "../../table/spilling-table.ts";
import { NEW_KEY, type Overlay } from "../overlay.ts";
import type { PartitionState } from "../partition-state.ts";

/** A batch's change to a partition: the published state, which is not modified, and the overlay on top of it. */
export interface Transaction {
  readonly state: PartitionState;
  readonly overlay: Overlay;
}

/** Part of the output of a stateful operator's task: pairs as columns, or records. Never empty. */
export type StateChunk =
  | AccumulatedPairs
  /** The first `count` of `rows`. */
  | { readonly keys?: undefined; readonly rows: readonly unknown[]; readonly count: number };

/** One kind of state update, for one attempt of a task. */
export interface StateUpdater {
  /** True if it needs the times of the keys' last updates. */
  readonly timed: boolean;
  /** True if it visits every key, whatever the batch touches. */
  readonly everyKey: boolean;
  /** True if its output is the state after the batch, so that it can be repeated without an update. */
  readonly repeatable: boolean;
  /**
   * Collects the input of the update, before the transaction begins.
   *
   * @param first No batch has changed this state before.
   */
  open(first: boolean): Promise<void>;
  /**
   * Updates the overlay to the batch and emits records on the way. All of it runs, whether or not the records are
   * taken.
   */
  update(transaction: Transaction): Generator<StateChunk, void, undefined>;
  /** Further output of the batch, computed only as it is pulled. */
  rest(transaction: Transaction): Generator<StateChunk, void, undefined>;
  /** Called when `update` has run to its end. */
  finish(): void | Promise<void>;
  /** Releases its resources, even after an error. */
  close(): void;
}

/** Collects records until they make a chunk. */
export class PairsBuilder {
  #keys: unknown[] = [];
  #values: unknown[] = [];

  get full(): boolean {
    return this.#keys.length >= SLICE;
  }

  push(key: unknown, value: unknown): void {
    this.#keys.push(key);
    this.#values.push(value);
  }

  take(): AccumulatedPairs {
    const chunk = { keys: this.#keys, values: this.#values };
    this.#keys = [];
    this.#values = [];
    return chunk;
  }

  /** The remaining pairs, if any. */
  *end(): Generator<AccumulatedPairs, void, undefined> {
    if (this.#keys.length > 0) yield this.take();
  }
}

/**
 * Every key that has state on top of the overlay.
 *
 * @param order Keys that come first, in the form of `Overlay.order`: with that of the overlay, keys are in the order in
 *   which the batch met them; with none, in the order in which they were added, which is the same for an overlay, for
 *   published state, and for state loaded elsewhere.
 */
export function* everyKey(
  state: PartitionState,
  overlay: Overlay | undefined,
  order: readonly number[],
): Generator<StateChunk, void, undefined> {
  state.readAll();
  const out = new PairsBuilder();
  const { table } = state;
  const { newKeys = [] } = overlay ?? {};
  const given = table.marks(order);
  const pushKnown = (at: number): void => {
    const known = overlay === undefined ? table.get(at) : overlay.stateAt(at);
    if (known !== undefined) out.push(table.keyAt(at), known);
  };
  const pushNew = (at: number): void => out.push(newKeys[at], overlay?.newStates.get(at));
  let added = 0;
  for (const at of order) {
    if (at === NEW_KEY) pushNew(added++);
    else pushKnown(at);
    if (out.full) yield out.take();
  }
  for (const chunk of table.inOrder()) {
    for (let i = 0; i < chunk.length; i++) {
      const at = chunk[i] ?? 0;
      if (given.has(at) || !table.has(at)) continue;
      pushKnown(at);
      if (out.full) yield out.take();
    }
  }
  for (; added < newKeys.length; added++) {
    pushNew(added);
    if (out.full) yield out.take();
  }
  yield* out.end();
}

/** Keys that a batch has not met, in the order of the published state. */
export function* untouched(
  { state }: Transaction,
  touched: Iterable<number>,
): Generator<AccumulatedPairs, void, undefined> {
  state.readAll();
  const out = new PairsBuilder();
  const { table } = state;
  const met = table.marks(touched);
  for (const chunk of table.inOrder()) {
    for (let i = 0; i < chunk.length; i++) {
      const at = chunk[i] ?? 0;
      if (met.has(at) || !table.has(at)) continue;
      out.push(table.keyAt(at), table.get(at));
      if (out.full) yield out.take();
    }
  }
  yield* out.end();
}
