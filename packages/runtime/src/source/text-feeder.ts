import type { FileRange } from "@millrace/plan";
import { type FilePieces, letGo } from "../files/pieces.ts";
import { Feeder } from "./feeder.ts";
import { LineCutter, nextLineEnd } from "./line-cutter.ts";

const NEWLINE = 10;
const RETURN = 13;

/** Lines of a range of a text file: those that begin in it, to their ends. See {@link LineCutter}. */
export class TextFeeder extends Feeder {
  readonly #range: FileRange;
  readonly #cutter: LineCutter;
  readonly #pieces: FilePieces;
  readonly #onRecords: (count: number) => void;
  /** The offset of the next piece in the file. */
  #position: number;
  /** True while the current line belongs to the preceding range. */
  #skipping: boolean;
  /** True if that line ended with the last piece, in "\r": a "\n" that follows belongs to the same line end. */
  #afterReturn = false;
  #done: boolean;

  constructor(options: {
    readonly range: FileRange;
    readonly read: (range: FileRange, start: number) => FilePieces;
    readonly lineBytesMax: number;
    readonly onRecords: (count: number) => void;
  }) {
    super();
    const { range, lineBytesMax } = options;
    this.#range = range;
    this.#cutter = new LineCutter({ path: range.path, lineBytesMax, fromStart: range.start === 0 });
    this.#done = range.start >= range.end;
    // A line begins at `start` if the preceding byte ends one, so read that byte too.
    this.#skipping = range.start > 0;
    this.#position = this.#skipping ? range.start - 1 : 0;
    this.#pieces = options.read(range, this.#position);
    this.#onRecords = options.onRecords;
  }

  override get later(): boolean {
    return this.#pieces.later;
  }

  override next(): boolean {
    while (!this.#done) if (this.#take(this.#pieces.next())) return true;
    return false;
  }

  override async nextLater(): Promise<boolean> {
    while (!this.#done) if (this.#take(await this.#pieces.nextLater())) return true;
    return false;
  }

  override finish(): void | Promise<void> {
    return this.#pieces.close();
  }

  override close(): void {
    letGo(this.#pieces);
  }

  #take(piece: Uint8Array | undefined): boolean {
    const lines = piece === undefined ? this.#end(this.#cutter.end()) : this.#lines(piece);
    if (lines.length === 0) return false;
    this.#onRecords(lines.length);
    return this.setRows(lines);
  }

  #lines(piece: Uint8Array): string[] {
    const position = this.#position;
    this.#position += piece.length;
    let from = 0;
    if (this.#skipping || this.#afterReturn) {
      from = this.#skipping ? this.#skip(piece) : piece[0] === NEWLINE ? 1 : 0;
      if (this.#skipping) return this.#nothingIn(position + piece.length);
      this.#afterReturn = from === piece.length && piece[from - 1] === RETURN;
      // The line that begins here may already be past the range.
      if (position + from >= this.#range.end) return this.#end([]);
    }
    // The line end at or after the last byte of the range ends the last line that belongs to it.
    const last = this.#range.end - 1 - position;
    const stop = last < piece.length ? nextLineEnd(piece, Math.max(last, from)) + 1 : 0;
    if (stop > 0) return this.#end(this.#cutter.push(piece.subarray(from, stop), position + from));
    return this.#cutter.push(piece.subarray(from), position + from);
  }

  /** The offset in the piece of the first line that may belong to the range. */
  #skip(piece: Uint8Array): number {
    const end = nextLineEnd(piece, 0);
    this.#skipping = end < 0;
    return piece[end] === RETURN && piece[end + 1] === NEWLINE ? end + 2 : end + 1;
  }

  #nothingIn(position: number): string[] {
    return position >= this.#range.end ? this.#end([]) : [];
  }

  #end(lines: string[]): string[] {
    this.#done = true;
    return lines;
  }
}
