import { isAscii } from "node:buffer";
import { formatSize } from "@millrace/base";
import { lineTooLong } from "../errors.ts";

const NEWLINE = 10;
const RETURN = 13;

export interface LineCutterOptions {
  readonly path: string;
  /** The setting `file.line.bytes.max`. */
  readonly lineBytesMax: number;
}

/**
 * Lines of the bytes of a file, which come in pieces that are good until the next one, in UTF-8; an invalid sequence becomes
 * U+FFFD. A line ends at `\n`, and one `\r` before that is no part of it; the last one of a file needs no end.
 */
export class LineCutter {
  readonly #options: LineCutterOptions;
  /** Bytes of a line whose end has not come. */
  #carried: Uint8Array[] = [];
  #carriedBytes = 0;
  /** Where in the text that line begins. */
  #carriedFrom = 0;

  constructor(options: LineCutterOptions) {
    this.#options = options;
  }

  /**
   * The lines that end in a piece; what begins after them is carried on to the next one.
   *
   * @param position Where in the text the piece begins.
   * @throws LINE_TOO_LONG
   */
  push(piece: Uint8Array, position: number): string[] {
    const cut = piece.lastIndexOf(NEWLINE) + 1;
    const lines = cut === 0 ? [] : this.whole(piece.subarray(0, cut), position);
    this.#carry(piece.subarray(cut), position + cut);
    return lines;
  }

  /** The lines of what is carried and of `bytes`, which end with a newline. @throws LINE_TOO_LONG */
  whole(bytes: Uint8Array, position: number): string[] {
    this.#check(bytes, position);
    const all = this.#carriedBytes === 0 ? bytes : Buffer.concat([...this.#carried, bytes]);
    this.#carried = [];
    this.#carriedBytes = 0;
    return splitLines(all);
  }

  /** The last line, when it has no end. */
  end(): string[] {
    return this.#carriedBytes === 0 ? [] : this.whole(Uint8Array.of(NEWLINE), 0);
  }

  #carry(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    if (this.#carriedBytes === 0) this.#carriedFrom = position;
    this.#carried.push(new Uint8Array(bytes));
    this.#carriedBytes += bytes.length;
    if (this.#carriedBytes > this.#options.lineBytesMax) throw this.#tooLong(this.#carriedFrom);
  }

  /** Looks for a line that is too long, where there can be one. */
  #check(bytes: Uint8Array, position: number): void {
    const max = this.#options.lineBytesMax;
    if (this.#carriedBytes + bytes.length - 1 <= max) return;
    let length = this.#carriedBytes;
    for (let at = 0; at < bytes.length; length = 0) {
      const end = bytes.indexOf(NEWLINE, at);
      length += end - at;
      if (length > max) throw this.#tooLong(at === 0 && this.#carriedBytes > 0 ? this.#carriedFrom : position + at);
      at = end + 1;
    }
  }

  #tooLong(offset: number) {
    const { path, lineBytesMax } = this.#options;
    const where = path.endsWith(".gz") ? "byte of the unzipped text" : "byte";
    return lineTooLong(
      `the line of ${path} that begins at ${where} ${offset} is longer than ${formatSize(lineBytesMax)} (file.line.bytes.max). ` +
        "The batch fails. Is this a text file? Cut its lines, raise the setting, or read it with binaryRecords or a format of your own.",
      { fields: { path, offset, lineBytesMax } },
    );
  }
}

/** The lines of bytes that end with a newline. */
function splitLines(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength - 1);
  const text = buffer.toString(isAscii(buffer) ? "latin1" : "utf8");
  const lines = text.split("\n");
  if (buffer.includes(RETURN)) {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as string; // i < length
      if (line.endsWith("\r")) lines[i] = line.slice(0, -1);
    }
  }
  return lines;
}
