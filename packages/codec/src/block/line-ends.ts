const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Normalises the line ends of a text: "\r\n", and a "\r" alone, become "\n". The text comes in pieces, which may end
 * anywhere. A piece without "\r" is passed on as it is, at the cost of one scan.
 */
export class LineEnds {
  /** The last piece ended with "\r", which ended a line: a "\n" that follows belongs to it. */
  #afterReturn = false;
  #memory: Buffer = Buffer.alloc(0);

  /** The piece itself, a part of it, or a view that is valid until the next call. */
  normalize(piece: Buffer): Buffer {
    const bytes = this.#afterReturn && piece[0] === NEWLINE ? piece.subarray(1) : piece;
    if (piece.length > 0) this.#afterReturn = piece[piece.length - 1] === RETURN;
    const first = bytes.indexOf(RETURN);
    return first < 0 ? bytes : this.#without(bytes, first);
  }

  #without(bytes: Buffer, first: number): Buffer {
    if (this.#memory.length < bytes.length) this.#memory = Buffer.allocUnsafeSlow(Math.max(bytes.length, 65_536));
    const to = this.#memory;
    const last = bytes.length - 1;
    to.set(bytes.subarray(0, first), 0);
    let at = first;
    // Byte by byte: lines are short, and a search and a copy for each would take longer.
    for (let from = first; from <= last; from += 1) {
      const byte = bytes[from] ?? 0;
      if (byte === RETURN) {
        if (from < last && bytes[from + 1] === NEWLINE) from += 1;
        to[at] = NEWLINE;
      } else {
        to[at] = byte;
      }
      at += 1;
    }
    return to.subarray(0, at);
  }
}
