import { isAscii } from "node:buffer";
import { errorKind, formatSize } from "@millrace/base";
import { Feeder } from "./feeder.ts";

export const lineTooLong = errorKind("LINE_TOO_LONG", "user");

const LINE_BYTES_MAX = 256 * 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

/** Bytes [start, end) of a file, whose lines are read: those that begin there, to their ends. */
export interface TextRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Lines of a range of a text file, in UTF-8; an invalid sequence becomes U+FFFD. A line ends at `\n`, and one `\r` before
 * that is no part of it; the last one of a file needs no end.
 */
export class TextFeeder extends Feeder {
  readonly #range: TextRange;
  readonly #pieces: Iterator<Uint8Array>;
  readonly #onRecords: (count: number) => void;
  /** Where in the file the next piece begins. */
  #position: number;
  /** Bytes of a line whose end has not come. */
  #carried: Uint8Array[] = [];
  #carriedBytes = 0;
  /** The beginning of the range lies in a line that belongs to the range before. */
  #skipping: boolean;
  #done: boolean;

  constructor(options: {
    readonly range: TextRange;
    /** Reads a file from a place on, in pieces. */
    readonly read: (path: string, start: number) => Iterable<Uint8Array>;
    readonly onRecords: (count: number) => void;
  }) {
    super();
    const { range } = options;
    this.#range = range;
    this.#done = range.start >= range.end;
    // A line begins at `start` when the byte before ends one: look at that byte too.
    this.#skipping = range.start > 0;
    this.#position = this.#skipping ? range.start - 1 : 0;
    this.#pieces = options.read(range.path, this.#position)[Symbol.iterator]();
    this.#onRecords = options.onRecords;
  }

  override next(): boolean {
    while (!this.#done) {
      const step = this.#pieces.next();
      const lines = step.done === true ? this.#last() : this.#lines(step.value);
      if (lines.length === 0) continue;
      this.#onRecords(lines.length);
      return this.setRows(lines);
    }
    return false;
  }

  override close(): void {
    this.#pieces.return?.();
  }

  #lines(piece: Uint8Array): string[] {
    const position = this.#position;
    this.#position += piece.length;
    let from = 0;
    if (this.#skipping) {
      from = piece.indexOf(NEWLINE) + 1;
      if (from === 0) return this.#nothingIn(position + piece.length);
      this.#skipping = false;
      // The line that begins here may be past the range already.
      if (position + from >= this.#range.end) return this.#end([]);
    }
    // The newline at or after the last byte of the range ends the last line that belongs to it.
    const last = this.#range.end - 1 - position;
    const stop = last < piece.length ? piece.indexOf(NEWLINE, Math.max(last, from)) + 1 : 0;
    if (stop > 0) return this.#end(this.#take(piece.subarray(from, stop)));
    const cut = piece.lastIndexOf(NEWLINE) + 1;
    if (cut <= from) {
      this.#carry(piece.subarray(from));
      return [];
    }
    const lines = this.#take(piece.subarray(from, cut));
    this.#carry(piece.subarray(cut));
    return lines;
  }

  #nothingIn(position: number): string[] {
    return position >= this.#range.end ? this.#end([]) : [];
  }

  #end(lines: string[]): string[] {
    this.#done = true;
    return lines;
  }

  /** The end of the file. */
  #last(): string[] {
    this.#done = true;
    if (this.#carriedBytes === 0) return [];
    return this.#take(new Uint8Array([NEWLINE]));
  }

  /** Lines of what is carried and `bytes`, which end with a newline. */
  #take(bytes: Uint8Array): string[] {
    const whole = this.#carriedBytes === 0 ? bytes : Buffer.concat([...this.#carried, bytes]);
    this.#carried = [];
    this.#carriedBytes = 0;
    return splitLines(whole);
  }

  #carry(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#carried.push(new Uint8Array(bytes));
    this.#carriedBytes += bytes.length;
    if (this.#carriedBytes <= LINE_BYTES_MAX) return;
    throw lineTooLong(
      `a line of ${this.#range.path} is longer than ${formatSize(LINE_BYTES_MAX)}. The task fails. Is this a text file? ` +
        "Cut its lines, or read it with binaryRecordsStream.",
      { fields: { path: this.#range.path } },
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
