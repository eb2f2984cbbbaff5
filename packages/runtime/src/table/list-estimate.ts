import { estimateBytes } from "./estimate.ts";

/** An array and the head of its elements. */
const LIST_BYTES = 48;
/** The capacity that V8 gives an array at its second element. */
const SECOND_SLOTS = 17;
/** The bytes of an element's slot, including spare capacity. */
const SLOT_BYTES = 10;
/** The number of values sampled from a list. */
const SAMPLE = 8;

/**
 * Estimates the size of lists by sampling: list overhead, and size of a value, separately. So the number of all values
 * can be counted exactly, and a list far longer than the sampled ones is not missed.
 */
export class ListEstimate {
  #values = 0;
  #bytes = 0;

  /** The mean size of a value. */
  get valueBytes(): number {
    return SLOT_BYTES + (this.#values === 0 ? 0 : this.#bytes / this.#values);
  }

  /** Samples a list; returns its overhead beyond the values. */
  add(list: readonly unknown[]): number {
    const { length } = list;
    const looked = Math.min(length, SAMPLE);
    let bytes = 0;
    for (let i = 0; i < looked; i++) bytes += estimateBytes(list[Math.floor((i * length) / looked)]);
    if (looked > 0) this.#bytes += (bytes / looked) * length;
    this.#values += length;
    const ready = length > 1 ? Math.max(0, SECOND_SLOTS - length) : 0;
    return LIST_BYTES + 8 * ready;
  }

  addAll(lists: readonly (readonly unknown[])[]): number {
    let bytes = LIST_BYTES + 8 * lists.length;
    for (const list of lists) bytes += this.add(list);
    return bytes;
  }
}
