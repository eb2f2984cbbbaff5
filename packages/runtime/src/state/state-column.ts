import { assert } from "@millrace/base";
import {
  type ClassTable,
  copyBytes,
  detachString,
  type EncodedSink,
  encodeValueTo,
  ValueDecoder,
} from "@millrace/codec";
import type { StateCell } from "@millrace/storage";

const ABSENT: unique symbol = Symbol("absent");
const ENCODED: unique symbol = Symbol("encoded");
const FIRST_BYTES = 1024;
/** Less garbage than this is not worth a copy. */
const GARBAGE_MIN = 64 * 1024;

/**
 * The states of a partition, by the index of their keys. Objects are encoded, so that user code which changes the one
 * that it was given changes nothing that a later attempt sees. They are stored in one buffer, so that a million of them
 * are one object to the garbage collector; space of replaced ones is reclaimed when it is more than half.
 */
export class StateColumn implements EncodedSink {
  readonly #classes: ClassTable;
  #decoder: ValueDecoder;
  readonly #cells: (Exclude<StateCell, Uint8Array> | typeof ABSENT | typeof ENCODED)[] = [];
  #starts = new Float64Array(16);
  #lengths = new Uint32Array(16);
  #bytes = new Uint8Array(FIRST_BYTES);
  #used = 0;
  #garbage = 0;
  /** The index whose state is being encoded. */
  #encoding = 0;

  constructor(classes: ClassTable) {
    this.#classes = classes;
    this.#decoder = new ValueDecoder(classes);
  }

  has(index: number): boolean {
    return index < this.#cells.length && this.#cells[index] !== ABSENT;
  }

  /** True if the state is an object, which is decoded for each `get`. */
  isEncoded(index: number): boolean {
    return this.#cells[index] === ENCODED;
  }

  /** The state; `undefined` if there is none. */
  get(index: number): unknown {
    const cell = this.#cells[index];
    if (cell !== ENCODED) return cell === ABSENT ? undefined : cell;
    const start = this.#startOf(index);
    return this.#decoder.decode(this.#bytes, start, start + this.#lengthOf(index));
  }

  /** The state, which must exist, in stored form. An encoded one is a view, valid until the next change. */
  cell(index: number): StateCell {
    const cell = this.#cells[index];
    assert(cell !== undefined && cell !== ABSENT, `there is no state at ${index}`);
    if (cell !== ENCODED) return cell;
    const start = this.#startOf(index);
    return this.#bytes.subarray(start, start + this.#lengthOf(index));
  }

  /** Sets a state. @throws RECORD_NOT_ENCODABLE It is a function, a symbol, a promise or the like. */
  set(index: number, state: unknown): void {
    switch (typeof state) {
      case "number":
      case "boolean":
      case "bigint":
        this.#setPlain(index, state);
        return;
      case "string":
        this.#setPlain(index, detachString(state));
        return;
      default:
        if (state === null) this.#setPlain(index, null);
        else this.#encode(index, state);
    }
  }

  #encode(index: number, state: unknown): void {
    this.#encoding = index;
    encodeValueTo(this, state, this.#classes);
  }

  /** Called by the encoder during `set`. */
  takeEncoded(bytes: Uint8Array, length: number): void {
    this.#setEncoded(this.#encoding, bytes, 0, length);
  }

  /** Sets a result of {@link cell}. */
  setCell(index: number, cell: StateCell): void {
    if (cell instanceof Uint8Array) this.#setEncoded(index, cell, 0, cell.length);
    else this.#setPlain(index, typeof cell === "string" ? detachString(cell) : cell);
  }

  /** Sets the state that another column has at `from`. */
  setFrom(index: number, other: StateColumn, from: number): void {
    const cell = other.#cells[from];
    assert(cell !== undefined && cell !== ABSENT, `there is no state at ${from}`);
    if (cell === ENCODED) this.#setEncoded(index, other.#bytes, other.#startOf(from), other.#lengthOf(from));
    else this.#setPlain(index, cell);
  }

  /**
   * Whether another column has the same state: -0 and 0 differ, NaN is NaN; objects are equal if their encodings are.
   */
  equals(index: number, other: StateColumn, at: number): boolean {
    const cell = this.#cells[index];
    if (cell !== ENCODED) return Object.is(cell, other.#cells[at]);
    const length = this.#lengthOf(index);
    if (!other.isEncoded(at) || length !== other.#lengthOf(at)) return false;
    const start = this.#startOf(index);
    const start2 = other.#startOf(at);
    for (let i = 0; i < length; i++) if (this.#bytes[start + i] !== other.#bytes[start2 + i]) return false;
    return true;
  }

  delete(index: number): void {
    if (index >= this.#cells.length) return;
    if (this.#cells[index] === ENCODED) this.#release(index);
    this.#cells[index] = ABSENT;
  }

  #startOf(index: number): number {
    return this.#starts[index] ?? 0;
  }

  #lengthOf(index: number): number {
    return this.#lengths[index] ?? 0;
  }

  #setPlain(index: number, cell: Exclude<StateCell, Uint8Array>): void {
    this.#clear(index);
    this.#cells[index] = cell;
  }

  #setEncoded(index: number, bytes: Uint8Array, start: number, length: number): void {
    if (this.#cells[index] === ENCODED && this.#lengths[index] === length) {
      copyBytes(bytes, start, length, this.#bytes, this.#startOf(index));
      return;
    }
    this.#clear(index);
    if (this.#used + length > this.#bytes.length) this.#makeRoom(length);
    if (index >= this.#starts.length) this.#growColumns(index);
    copyBytes(bytes, start, length, this.#bytes, this.#used);
    this.#starts[index] = this.#used;
    this.#lengths[index] = length;
    this.#used += length;
    this.#cells[index] = ENCODED;
  }

  /** Clears an index, and extends the columns to it if necessary. */
  #clear(index: number): void {
    const cells = this.#cells;
    if (index < cells.length) {
      if (cells[index] === ENCODED) this.#release(index);
      cells[index] = ABSENT;
    } else {
      while (cells.length < index) cells.push(ABSENT);
    }
  }

  /** Frees the space of an index; that of the last one set can be reused at once. */
  #release(index: number): void {
    const length = this.#lengthOf(index);
    if (this.#startOf(index) + length === this.#used) this.#used -= length;
    else this.#garbage += length;
  }

  #growColumns(index: number): void {
    const starts = new Float64Array(index * 2);
    starts.set(this.#starts);
    const lengths = new Uint32Array(index * 2);
    lengths.set(this.#lengths);
    this.#starts = starts;
    this.#lengths = lengths;
  }

  /** Moves the live states to a new buffer. */
  #makeRoom(more: number): void {
    const live = this.#used - this.#garbage;
    const old = this.#bytes;
    const compact = this.#garbage > GARBAGE_MIN && this.#garbage > live;
    const bytes = new Uint8Array(2 * ((compact ? live : this.#used) + more));
    if (compact) {
      let used = 0;
      for (let i = 0; i < this.#cells.length; i++) {
        if (this.#cells[i] !== ENCODED) continue;
        const length = this.#lengthOf(i);
        copyBytes(old, this.#startOf(i), length, bytes, used);
        this.#starts[i] = used;
        used += length;
      }
      this.#used = used;
      this.#garbage = 0;
    } else {
      bytes.set(old.subarray(0, this.#used));
    }
    this.#bytes = bytes;
    this.#decoder = new ValueDecoder(this.#classes); // the previous one references the old buffer
  }
}
