import { assert } from "@millrace/base";
import { detachString } from "@millrace/codec";
import type { StateCell } from "./state-cell.ts";

const ABSENT: unique symbol = Symbol("absent");
const ENCODED: unique symbol = Symbol("encoded");
const FIRST_BYTES = 1024;
/** Less garbage than this is not worth a copy. */
const GARBAGE_MIN = 64 * 1024;

/**
 * The cells of a partition, by the index of their keys. Encoded ones lie in one buffer, so that a million of them are one
 * object to the garbage collector; space of replaced ones is reclaimed when it is more than half.
 */
export class StateColumn {
  readonly #cells: (Exclude<StateCell, Uint8Array> | typeof ABSENT | typeof ENCODED)[] = [];
  #starts = new Float64Array(16);
  #lengths = new Uint32Array(16);
  #bytes = new Uint8Array(FIRST_BYTES);
  #used = 0;
  #garbage = 0;

  has(index: number): boolean {
    return index < this.#cells.length && this.#cells[index] !== ABSENT;
  }

  /** An encoded cell is a view, valid until the next `set`. Undefined behaviour where there is none: ask `has`. */
  get(index: number): StateCell {
    const cell = this.#cells[index];
    if (cell === ENCODED) {
      const start = this.#starts[index] ?? 0;
      return this.#bytes.subarray(start, start + (this.#lengths[index] ?? 0));
    }
    assert(cell !== undefined && cell !== ABSENT, `there is no state at ${index}`);
    return cell;
  }

  set(index: number, cell: StateCell): void {
    this.delete(index);
    while (this.#cells.length < index) this.#cells.push(ABSENT);
    if (cell instanceof Uint8Array) this.#setEncoded(index, cell);
    else this.#cells[index] = typeof cell === "string" ? detachString(cell) : cell;
  }

  delete(index: number): void {
    if (index >= this.#cells.length) return;
    if (this.#cells[index] === ENCODED) this.#garbage += this.#lengths[index] ?? 0;
    this.#cells[index] = ABSENT;
  }

  #setEncoded(index: number, cell: Uint8Array): void {
    if (this.#used + cell.length > this.#bytes.length) this.#makeRoom(cell.length);
    if (index >= this.#starts.length) this.#growColumns(index);
    this.#bytes.set(cell, this.#used);
    this.#starts[index] = this.#used;
    this.#lengths[index] = cell.length;
    this.#used += cell.length;
    this.#cells[index] = ENCODED;
  }

  #growColumns(index: number): void {
    const starts = new Float64Array(index * 2);
    starts.set(this.#starts);
    const lengths = new Uint32Array(index * 2);
    lengths.set(this.#lengths);
    this.#starts = starts;
    this.#lengths = lengths;
  }

  /** Moves what is alive to a new buffer. */
  #makeRoom(more: number): void {
    const live = this.#used - this.#garbage;
    const old = this.#bytes;
    const compact = this.#garbage > GARBAGE_MIN && this.#garbage > live;
    const bytes = new Uint8Array(2 * ((compact ? live : this.#used) + more));
    if (compact) {
      let used = 0;
      for (let i = 0; i < this.#cells.length; i++) {
        if (this.#cells[i] !== ENCODED) continue;
        const start = this.#starts[i] ?? 0;
        bytes.set(old.subarray(start, start + (this.#lengths[i] ?? 0)), used);
        this.#starts[i] = used;
        used += this.#lengths[i] ?? 0;
      }
      this.#used = used;
      this.#garbage = 0;
    } else {
      bytes.set(old.subarray(0, this.#used));
    }
    this.#bytes = bytes;
  }
}
