import { isAscii } from "node:buffer";
import { formatSize } from "@millrace/base";
import { lineTooLong } from "@millrace/codec";

const NEWLINE = 10;
const RETURN = 13;
/** U+FEFF in UTF-8, before the first line of a file. */
const MARK = "\ufeff";

export interface LineCutterOptions {
  readonly path: string;
  /** True if the first piece is the beginning of the file. */
  readonly fromStart: boolean;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
}

/**
 * Lines of the bytes of a file, which arrive in pieces valid until the next one, in UTF-8; an invalid sequence becomes
 * U+FFFD, and a byte-order mark at the beginning of the file is removed. A line ends at "\n", "\r\n" or a "\r" alone;
 * the last one of a file needs no end.
 */
export class LineCutter {
  readonly #options: LineCutterOptions;
  /** The bytes of an incomplete line. */
  #carried: Uint8Array[] = [];
  #carriedBytes = 0;
  /** The offset of that line in the text. */
  #carriedFrom = 0;
  /** True if the last piece ended with "\r", which ended a line: a "\n" that follows belongs to it. */
  #afterReturn = false;
  /** True if the next line is the first one of the file. */
  #atStart: boolean;

  constructor(options: LineCutterOptions) {
    this.#options = options;
    this.#atStart = options.fromStart;
  }

  /**
   * The lines that end in a piece; the rest is carried over to the next one.
   *
   * @param position Offset of the piece in the text.
   * @throws LINE_TOO_LONG
   */
  push(piece: Uint8Array, position: number): string[] {
    this.#check(piece, position);
    const from = this.#afterReturn && piece[0] === NEWLINE ? 1 : 0;
    const text = Buffer.from(piece.buffer, piece.byteOffset + from, piece.byteLength - from);
    if (piece.length > 0) this.#afterReturn = piece[piece.length - 1] === RETURN;
    const returns = text.includes(RETURN);
    const cut = lastLineEnd(text, returns) + 1;
    const lines = cut === 0 ? [] : this.#lines(text.subarray(0, cut), returns);
    this.#carry(text.subarray(cut), position + from + cut);
    return lines;
  }

  /** The last line, if it has no line end. */
  end(): string[] {
    if (this.#carriedBytes === 0) return [];
    const lines = this.#lines(Buffer.of(NEWLINE), false);
    return lines[0] === "" ? [] : lines; // only a byte-order mark was there
  }

  /** The lines of the carried bytes and of `bytes`, which end with a line end. */
  #lines(bytes: Buffer, returns: boolean): string[] {
    const all = this.#carriedBytes === 0 ? bytes : Buffer.concat([...this.#carried, bytes]);
    this.#carried = [];
    this.#carriedBytes = 0;
    const lines = splitLines(all, returns);
    if (this.#atStart && lines[0]?.startsWith(MARK) === true) lines[0] = lines[0].slice(MARK.length);
    this.#atStart = false;
    return lines;
  }

  #carry(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return;
    if (this.#carriedBytes === 0) this.#carriedFrom = position;
    this.#carried.push(new Uint8Array(bytes));
    this.#carriedBytes += bytes.length;
    if (this.#carriedBytes > this.#options.lineBytesMax) throw this.#tooLong(this.#carriedFrom);
  }

  /** Checks the length of lines if one of them may be too long. */
  #check(bytes: Uint8Array, position: number): void {
    const max = this.#options.lineBytesMax;
    if (this.#carriedBytes + bytes.length - 1 <= max) return;
    let length = this.#carriedBytes;
    for (let at = 0; at < bytes.length; length = 0) {
      const end = nextLineEnd(bytes, at);
      if (end < 0) return; // the rest is checked when it is carried
      length += end - at;
      if (length > max) throw this.#tooLong(at === 0 && this.#carriedBytes > 0 ? this.#carriedFrom : position + at);
      at = end + 1;
    }
  }

  #tooLong(offset: number) {
    const { path, lineBytesMax } = this.#options;
    const where = path.endsWith(".gz") ? `byte ${offset} of the decompressed text` : `byte ${offset}`;
    return lineTooLong(
      `the line of ${path} that begins at ${where} is longer than ${formatSize(lineBytesMax)} (line.bytes.max). ` +
        "The batch fails. Is this a text file? Shorten its lines, raise the setting, or read it with binaryRecords or a format of your own.",
      { fields: { path, offset, lineBytesMax } },
    );
  }
}

/** The offset of the next line end of any form; -1 if there is none. */
export function nextLineEnd(bytes: Uint8Array, from: number): number {
  const newline = bytes.indexOf(NEWLINE, from);
  const before = newline < 0 ? bytes : bytes.subarray(0, newline);
  const alone = before.indexOf(RETURN, from);
  return alone < 0 ? newline : alone;
}

/** The offset of the last byte of the last line end; -1 if there is none. */
function lastLineEnd(bytes: Uint8Array, returns: boolean): number {
  const newline = bytes.lastIndexOf(NEWLINE);
  if (!returns) return newline;
  const after = bytes.subarray(newline + 1).lastIndexOf(RETURN);
  return after < 0 ? newline : newline + 1 + after;
}

/** The lines of bytes that end with a line end. @param returns True if the bytes contain a "\r". */
function splitLines(bytes: Buffer, returns: boolean): string[] {
  const length = bytes[bytes.length - 1] === NEWLINE ? bytes.length - 1 : bytes.length;
  const text = bytes.toString(isAscii(bytes) ? "latin1" : "utf8", 0, length);
  const lines = text.split("\n");
  if (!returns) return lines;
  // Before each "\n", and at the end, one "\r" belongs to the end of its line.
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (line.endsWith("\r")) lines[i] = line.slice(0, -1);
  }
  return hasLoneReturn(text) ? lines.flatMap((line) => line.split("\r")) : lines;
}

function hasLoneReturn(text: string): boolean {
  for (let at = text.indexOf("\r"); at >= 0; at = text.indexOf("\r", at + 1)) {
    if (at + 1 < text.length && text.charCodeAt(at + 1) !== NEWLINE) return true;
  }
  return false;
}
