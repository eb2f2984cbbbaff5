import { SLICE } from "../../source/feeder.ts";
import type { AccumulatedPairs } from "../../table/spilling-table.ts";
import { NEW_KEY, type Overlay } from "../overlay.ts";
import type { PartitionState } from "../partition-state.ts";

/** A batch's change to a partition: the published state, which stays as it is, and what is to be on top of it. */
export interface Transaction {
  readonly state: PartitionState;
  readonly overlay: Overlay;
}

/** Some of what a task of a stateful operator gives: pairs as columns, or records. Never empty. */
export type StateChunk =
  | AccumulatedPairs
  /** Of `rows` the first `count`. */
  | { readonly keys?: undefined; readonly rows: readonly unknown[]; readonly count: number };

/** One way of changing state, for one attempt of a task. */
export interface StateUpdater {
  /** It asks when keys were last updated. */
  readonly timed: boolean;
  /** What it gives is the state after the batch: an output that is made again needs no update. */
  readonly repeatable: boolean;
  /**
   * Gathers what the update needs, before the transaction begins.
   *
   * @param first No batch has changed this state before.
   */
  open(first: boolean): Promise<void>;
  /** Brings the overlay up to the batch and gives records on the way. All of it happens, whoever takes them. */
  update(transaction: Transaction): Generator<StateChunk, void, undefined>;
  /** What the batch gives besides, as far as somebody pulls. */
  rest(transaction: Transaction): Generator<StateChunk, void, undefined>;
  /** All of `update` has happened. */
  finish(): void | Promise<void>;
  /** Lets go of what it holds, also after an error. */
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

  /** What is left, if anything. */
  *end(): Generator<AccumulatedPairs, void, undefined> {
    if (this.#keys.length > 0) yield this.take();
  }
}

/**
 * Every key that has state on top of the overlay.
 *
 * @param order Those that come first, as `Overlay.order` has them: with that of the overlay, keys come in the order in which
 *   the batch gave them; with none, in the order in which they were added, which is the same for an overlay, for what was
 *   published, and for what was loaded elsewhere.
 */
export function* everyKey(
  state: PartitionState,
  overlay: Overlay | undefined,
  order: readonly number[],
): Generator<StateChunk, void, undefined> {
  const out = new PairsBuilder();
  const { column, index } = state;
  const { newKeys = [] } = overlay ?? {};
  const given = maskOf(state, order);
  const pushKnown = (at: number): void => {
    const known = overlay === undefined ? column.get(at) : overlay.stateAt(at);
    if (known !== undefined) out.push(index.keys[at], known);
  };
  const pushNew = (at: number): void => out.push(newKeys[at], overlay?.stateOfNew(at));
  let added = 0;
  for (const at of order) {
    if (at === NEW_KEY) pushNew(added++);
    else pushKnown(at);
    if (out.full) yield out.take();
  }
  for (let at = 0; at < index.capacity; at++) {
    if (given[at] === 1 || !column.has(at)) continue;
    pushKnown(at);
    if (out.full) yield out.take();
  }
  for (; added < newKeys.length; added++) {
    pushNew(added);
    if (out.full) yield out.take();
  }
  yield* out.end();
}

/** For each index of the published state: 1 if it is among those given, of which others, such as `NEW_KEY`, count for nothing. */
export function maskOf({ index }: PartitionState, given: Iterable<number>): Uint8Array {
  const mask = new Uint8Array(index.capacity);
  for (const at of given) if (at >= 0) mask[at] = 1;
  return mask;
}

/** Keys that a batch has not come across, as the published state has them. */
export function* untouched(
  { state }: Transaction,
  touched: Iterable<number>,
): Generator<AccumulatedPairs, void, undefined> {
  const out = new PairsBuilder();
  const mask = maskOf(state, touched);
  const { column, index } = state;
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 1 || !column.has(i)) continue;
    out.push(index.keys[i], column.get(i));
    if (out.full) yield out.take();
  }
  yield* out.end();
}
