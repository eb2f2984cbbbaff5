const LINE_END = 0x0a;
const NONE = new Uint8Array(0);

/**
 * Cuts a stream of text after line ends, wherever its chunks were cut: whoever else writes to the same place then comes between
 * lines and never into one. Holds one unfinished line, of at most `bytesMax`; a longer one is passed on in parts.
 */
export class WholeLines {
  readonly #bytesMax: number;
  #open: Uint8Array = NONE;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** @returns The lines that are complete by now, with their ends; empty when there are none. */
  push(chunk: Uint8Array): Uint8Array {
    const bytes = this.#open.length === 0 ? chunk : Buffer.concat([this.#open, chunk]);
    const end = bytes.lastIndexOf(LINE_END) + 1;
    const cut = bytes.length - end > this.#bytesMax ? bytes.length : end;
    this.#open = bytes.slice(cut);
    return bytes.subarray(0, cut);
  }

  /** The last line, when the stream ended without a line end. */
  rest(): Uint8Array {
    const rest = this.#open;
    this.#open = NONE;
    return rest;
  }
}
