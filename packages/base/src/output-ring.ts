/** The output streams of a process. */
export type OutputStream = "stdout" | "stderr";

export interface OutputPiece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** Int32 fields in front of the data. */
const HEAD = 0;
const TAIL = 1;
const TOLD = 2;
const FIELDS_BYTES = 16;
/** The prefix of each piece: one byte for its stream, four for its length. */
const PREFIX_BYTES = 5;

/**
 * A ring of output shared between a writing thread and a reading thread, so that output outlives its writer, however
 * that ends. A full ring makes the writer wait.
 *
 *     [head][tail][told][-] | data: (stream u8, length u32, bytes)*
 *
 * `head` and `tail` count bytes written and read since the start, modulo 2^32. A piece counts once it is complete: a
 * thread terminated in mid-write leaves nothing of it. At most one writer and one reader at a time.
 */
export class OutputRing {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: number;

  /** Memory for a ring. @param bytes A power of two, at least 64. */
  static allocate(bytes: number): OutputRing {
    return new OutputRing(new SharedArrayBuffer(FIELDS_BYTES + bytes));
  }

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer, 0, FIELDS_BYTES / 4);
    this.#data = new Uint8Array(buffer, FIELDS_BYTES);
    this.#mask = this.#data.length - 1;
  }

  /**
   * Writes all of `bytes`, waiting while the ring is full; not for threads that must not block, such as the main
   * thread.
   *
   * Up to the size of the ring the bytes become one piece, so that lines of several threads do not mix.
   *
   * @param tell Wakes the reader; called for the first piece after the reader found the ring empty.
   */
  write(stream: OutputStream, bytes: Uint8Array, tell: () => void): void {
    const most = this.#data.length - PREFIX_BYTES;
    for (let from = 0; from < bytes.length; from += most) {
      this.#writePiece(stream, bytes.subarray(from, from + most));
      if (Atomics.exchange(this.#fields, TOLD, 1) === 0) tell();
    }
  }

  /** Called before the reader checks the ring: later writes wake it. */
  listen(): void {
    Atomics.store(this.#fields, TOLD, 0);
  }

  /** The next pieces of one stream, joined, up to about `bytesMax`; `undefined` when there are none. */
  read(bytesMax: number): OutputPiece | undefined {
    const head = Atomics.load(this.#fields, HEAD);
    let tail = Atomics.load(this.#fields, TAIL);
    if (head === tail) return undefined;
    const first = this.#data[tail & this.#mask];
    const parts: Uint8Array[] = [];
    for (let total = 0; head !== tail && total < bytesMax && this.#data[tail & this.#mask] === first; ) {
      const length = new DataView(this.#copy(tail + 1, 4).buffer).getUint32(0);
      parts.push(this.#copy(tail + PREFIX_BYTES, length));
      tail = (tail + PREFIX_BYTES + length) | 0;
      total += length;
    }
    Atomics.store(this.#fields, TAIL, tail);
    Atomics.notify(this.#fields, TAIL);
    const [only] = parts;
    const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    return { stream: first === 1 ? "stdout" : "stderr", bytes };
  }

  #writePiece(stream: OutputStream, bytes: Uint8Array): void {
    const head = Atomics.load(this.#fields, HEAD);
    const size = PREFIX_BYTES + bytes.length;
    for (;;) {
      const tail = Atomics.load(this.#fields, TAIL);
      if (((head - tail) >>> 0) + size <= this.#data.length) break;
      Atomics.wait(this.#fields, TAIL, tail);
    }
    const prefix = new Uint8Array(PREFIX_BYTES);
    prefix[0] = stream === "stdout" ? 1 : 2;
    new DataView(prefix.buffer).setUint32(1, bytes.length);
    this.#put(head, prefix);
    this.#put(head + PREFIX_BYTES, bytes);
    Atomics.store(this.#fields, HEAD, (head + size) | 0);
  }

  #put(at: number, bytes: Uint8Array): void {
    const from = at & this.#mask;
    const room = this.#data.length - from;
    this.#data.set(bytes.subarray(0, room), from);
    if (bytes.length > room) this.#data.set(bytes.subarray(room), 0);
  }

  #copy(at: number, length: number): Uint8Array {
    const from = at & this.#mask;
    const bytes = new Uint8Array(length);
    const head = this.#data.subarray(from, from + length);
    bytes.set(head);
    if (head.length < length) bytes.set(this.#data.subarray(0, length - head.length), head.length);
    return bytes;
  }
}
