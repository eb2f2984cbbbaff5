import { RECORD_BYTES_MAX, throwTooLarge } from "../errors.ts";
import { copyBytes } from "./copy-bytes.ts";

const INITIAL_BYTES = 1024;

/**
 * Bytes that grow at the end, up to `RECORD_BYTES_MAX`. Fields are public because hot loops write through them; after
 * `ensure(n)` the next `n` bytes may be written without a check. Memory is aligned to 8.
 */
export class ByteWriter {
  /** Three views of the same memory. Any `ensure` may replace them. */
  bytes: Uint8Array;
  buffer: Buffer;
  view: DataView;
  /** Bytes written. */
  length = 0;
  capacity: number;

  constructor(capacity: number = INITIAL_BYTES) {
    const memory = new ArrayBuffer(capacity);
    this.bytes = new Uint8Array(memory);
    this.buffer = Buffer.from(memory);
    this.view = new DataView(memory);
    this.capacity = capacity;
  }

  /** Makes room for `more` bytes. @throws RECORD_TOO_LARGE */
  ensure(more: number): void {
    if (this.length + more > this.capacity) this.#grow(this.length + more);
  }

  #grow(needed: number): void {
    if (needed > RECORD_BYTES_MAX) throwTooLarge(needed);
    const capacity = Math.min(RECORD_BYTES_MAX, Math.max(needed, this.capacity * 2));
    const memory = new ArrayBuffer(capacity);
    const bytes = new Uint8Array(memory);
    bytes.set(this.bytes.subarray(0, this.length));
    this.bytes = bytes;
    this.buffer = Buffer.from(memory);
    this.view = new DataView(memory);
    this.capacity = capacity;
  }

  /** Discards the content, and the memory too if it has grown beyond `keepBytes`. */
  clear(keepBytes: number): void {
    this.length = 0;
    if (this.capacity <= keepBytes) return;
    const memory = new ArrayBuffer(INITIAL_BYTES);
    this.bytes = new Uint8Array(memory);
    this.buffer = Buffer.from(memory);
    this.view = new DataView(memory);
    this.capacity = INITIAL_BYTES;
  }

  u8(value: number): void {
    if (this.length === this.capacity) this.#grow(this.length + 1);
    this.bytes[this.length++] = value;
  }

  u32(value: number): void {
    this.ensure(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  i32(value: number): void {
    this.ensure(4);
    this.view.setInt32(this.length, value, true);
    this.length += 4;
  }

  f64(value: number): void {
    this.ensure(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** LEB128 of an integer in [0, 2^53). */
  varint(value: number): void {
    this.ensure(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.ensure(length);
    copyBytes(bytes, 0, length, this.bytes, this.length);
    this.length += length;
  }

  /** Pads with zeros to a multiple of 8. */
  align8(): void {
    this.ensure(8);
    while ((this.length & 7) !== 0) this.bytes[this.length++] = 0;
  }
}
