import { isAscii } from "node:buffer";
import { formatSize } from "@millrace/base";
import { TEXT_LATIN1, TEXT_UTF8 } from "../bytes/text.ts";
import { lineTooLong, throwCorrupt } from "../errors.ts";
import { FRAME_BYTES_DEFAULT } from "./block-writer.ts";
import { COLUMN, COLUMN_HEADER_BYTES, FRAME_HEADER_BYTES, writeFrameHeader } from "./frame.ts";
import { LineEnds } from "./line-ends.ts";

const NEWLINE = 0x0a;
/** Memory for incomplete lines that is retained between chunks. */
const KEEP_BYTES = 1024 ** 2;
const DATA_OFFSET = FRAME_HEADER_BYTES + COLUMN_HEADER_BYTES + 8;

export interface LineOptions {
  /** The origin of the bytes, for messages: `the socket localhost:9999`. */
  readonly source: string;
  /** The setting `line.bytes.max`: a source that never ends its line must not take all memory. */
  readonly lineBytesMax: number;
}

/** Bytes of lines, chunk by chunk; an incomplete line is kept for the next chunk. */
class LineBuffer {
  readonly #ends = new LineEnds();
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  /** The part of the last chunk to keep once the view returned by `push` has been used. */
  #keepLater: Buffer | undefined;
  readonly #options: LineOptions;
  /** Bytes of the source before the current chunk. */
  #read = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /**
   * Takes a chunk and returns the bytes of all lines that are now complete, each ended by "\n", as a view that is valid
   * until the next call; `undefined` when there is none.
   *
   * @throws LINE_TOO_LONG
   */
  push(chunk: Uint8Array): Buffer | undefined {
    const bytes = this.#ends.normalize(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#check(bytes);
    this.#read += chunk.byteLength;
    const last = bytes.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#keep(bytes);
      return undefined;
    }
    const first = this.#length === 0 ? bytes.subarray(0, last + 1) : this.#joined(bytes.subarray(0, last + 1));
    this.#letGo();
    this.#keepLater = bytes.subarray(last + 1);
    return first;
  }

  /** Looks for a line that is too long, if there can be one. */
  #check(bytes: Buffer): void {
    const { source, lineBytesMax } = this.#options;
    if (this.#length + bytes.length <= lineBytesMax) return;
    let length = this.#length;
    for (let at = 0; at < bytes.length; length = 0) {
      const end = bytes.indexOf(NEWLINE, at);
      length += (end < 0 ? bytes.length : end) - at;
      if (length > lineBytesMax) {
        const offset = this.#read + at;
        throw lineTooLong(
          `a line of ${source} is longer than ${formatSize(lineBytesMax)} (line.bytes.max) after ${offset} bytes.  ` +
            'Does it send lines of text that end in "\\n"? Shorten them, raise the setting, or read other formats with a function of your own.',
          { fields: { source, offset, lineBytesMax } },
        );
      }
      if (end < 0) return;
      at = end + 1;
    }
  }

  /** Must be called once the view returned by `push` has been used. */
  settle(): void {
    const rest = this.#keepLater;
    this.#keepLater = undefined;
    if (rest !== undefined && rest.length > 0) this.#keep(rest);
  }

  /** The bytes after the last line end; empty after a complete line. */
  takeRest(): Buffer {
    const rest = this.#bytes.subarray(0, this.#length);
    this.#letGo();
    return rest;
  }

  /** Drops what is kept, and its memory if a long line made it large; existing views stay valid. */
  #letGo(): void {
    this.#length = 0;
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.alloc(0);
  }

  #joined(end: Buffer): Buffer {
    this.#keep(end);
    return this.#bytes.subarray(0, this.#length);
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2, 4096));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}

/**
 * Cuts bytes that arrive in chunks into lines, which end at "\n", "\r\n" or a "\r" alone. Chunks may end anywhere, even
 * within a line end or a character. Invalid UTF-8 becomes U+FFFD; a byte-order mark stays.
 */
export class LineSplitter {
  readonly #lines: LineBuffer;

  constructor(options: LineOptions) {
    this.#lines = new LineBuffer(options);
  }

  /** The lines that this chunk completes. @throws LINE_TOO_LONG */
  push(chunk: Uint8Array): string[] {
    const whole = this.#lines.push(chunk);
    if (whole === undefined) return [];
    const lines = splitLines(whole.subarray(0, whole.length - 1));
    this.#lines.settle();
    return lines;
  }

  /** The last line, if it has no end. The splitter may then be used for another input. */
  end(): string[] {
    const rest = this.#lines.takeRest();
    return rest.length === 0 ? [] : splitLines(rest);
  }
}

/** Lines of bytes with "\n" between them, and none after the last. */
function splitLines(bytes: Buffer): string[] {
  return bytes.toString(isAscii(bytes) ? "latin1" : "utf8").split("\n");
}

/**
 * One frame from the bytes of complete lines, without decoding them: text stays bytes until a row is read.
 *
 * @param bytes Lines separated by "\n", without other line ends; a final "\n" ends the last line.
 * @returns A frame in new memory; `undefined` when there is no line.
 */
export function linesFrame(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.byteLength === 0) return undefined;
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = source[source.length - 1] === NEWLINE ? source.subarray(0, source.length - 1) : source;
  const frame = new Uint8Array(paddedLength(text.length));
  frame.set(text, DATA_OFFSET);
  return finishLinesFrame(frame, text.length);
}

const paddedLength = (textBytes: number): number => DATA_OFFSET + ((textBytes + 7) & ~7);

function finishLinesFrame(frame: Uint8Array, textLength: number): Uint8Array {
  const byteLength = paddedLength(textLength);
  const view = new DataView(frame.buffer, frame.byteOffset, byteLength);
  const text = Buffer.from(frame.buffer, DATA_OFFSET, textLength);
  writeFrameHeader(view, { layout: COLUMN.lines, rows: countLines(text), byteLength });
  view.setUint8(FRAME_HEADER_BYTES, COLUMN.lines);
  view.setUint8(FRAME_HEADER_BYTES + 1, isAscii(text) ? TEXT_LATIN1 : TEXT_UTF8);
  view.setUint32(FRAME_HEADER_BYTES + 4, byteLength - FRAME_HEADER_BYTES - COLUMN_HEADER_BYTES, true);
  view.setUint32(FRAME_HEADER_BYTES + COLUMN_HEADER_BYTES, textLength, true);
  return frame.subarray(0, byteLength);
}

function countLines(text: Buffer): number {
  let lines = 1;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

export interface LineBlockWriterOptions extends LineOptions {
  /** A frame has at most this many bytes unless a single line has more; default 256 KiB. */
  readonly frameBytesMax?: number;
}

/**
 * Makes frames from bytes that arrive in chunks. Like {@link LineSplitter}, but the text stays bytes: nothing is
 * decoded until a row is read.
 */
export class LineBlockWriter {
  readonly #lines: LineBuffer;
  readonly #textMax: number;
  #frames: Uint8Array[] = [];
  /** Complete lines that wait for more, so that small chunks do not make small frames. */
  #pending: Buffer;
  #pendingLength = 0;
  #records = 0;
  #bytes = 0;

  constructor(options: LineBlockWriterOptions) {
    this.#lines = new LineBuffer(options);
    this.#textMax = Math.max(1, (options.frameBytesMax ?? FRAME_BYTES_DEFAULT) - DATA_OFFSET - 8);
    this.#pending = Buffer.allocUnsafeSlow(this.#textMax);
  }

  /** Complete lines since the last `takeFrames`, in frames or not. */
  get records(): number {
    return this.#records;
  }

  /** Bytes of those lines, counting one byte for each line end. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws LINE_TOO_LONG */
  push(chunk: Uint8Array): void {
    const whole = this.#lines.push(chunk);
    if (whole === undefined) return;
    this.#add(whole);
    this.#lines.settle();
  }

  /** Makes an unterminated last line a record. */
  endOfInput(): void {
    const rest = this.#lines.takeRest();
    if (rest.length > 0) this.#add(Buffer.concat([rest, Buffer.of(NEWLINE)]));
  }

  /** All complete lines so far as frames, which the caller owns; an incomplete line stays. */
  takeFrames(): Uint8Array[] {
    this.#flush();
    const frames = this.#frames;
    this.#frames = [];
    this.#records = 0;
    this.#bytes = 0;
    return frames;
  }

  #add(lines: Buffer): void {
    this.#bytes += lines.length;
    this.#records += countLines(lines) - 1;
    let start = 0;
    while (start < lines.length) {
      const room = this.#textMax - this.#pendingLength;
      const fits = lines.length - start <= room;
      const end = fits ? lines.length : start + lines.subarray(start, start + room).lastIndexOf(NEWLINE) + 1;
      if (end > start) {
        this.#pending.set(lines.subarray(start, end), this.#pendingLength);
        this.#pendingLength += end - start;
        start = end;
      } else if (this.#pendingLength > 0) {
        this.#flush();
      } else {
        start = this.#addLongLine(lines, start);
      }
    }
  }

  /** A line longer than a frame becomes one. */
  #addLongLine(lines: Buffer, start: number): number {
    const end = lines.indexOf(NEWLINE, start) + 1;
    if (end === 0) throwCorrupt("lines do not end in a line end");
    this.#push(lines.subarray(start, end));
    return end;
  }

  #flush(): void {
    if (this.#pendingLength > 0) this.#push(this.#pending.subarray(0, this.#pendingLength));
    this.#pendingLength = 0;
  }

  #push(lines: Uint8Array): void {
    const frame = linesFrame(lines);
    if (frame !== undefined) this.#frames.push(frame);
  }
}
