const LINE_END = 0x0a;
const NONE = new Uint8Array(0);

/**
 * Splits a stream of text after line ends, wherever its chunks were cut, so that output of other writers to the same
 * place is never inside a line. Holds one incomplete line of at most `bytesMax`; a longer one is passed on in parts.
 */
export class WholeLines {
  readonly #bytesMax: number;
  #open: Uint8Array = NONE;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns The lines that are now complete, with their ends; empty if there are none. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#open.length === 0 ? chunk : Buffer.concat([this.#open, chunk]);
    const end = bytes.lastIndexOf(LINE_END) + 1;
    const cut = bytes.length - end > this.#bytesMax ? bytes.length : end;
    this.#open = bytes.slice(cut);
    return bytes.subarray(0, cut);
  }

  /** The last line, if the stream ended without a line end. */
  rest(): Uint8Array {
    const rest = this.#open;
    this.#open = NONE;
    return rest;
  }
}
