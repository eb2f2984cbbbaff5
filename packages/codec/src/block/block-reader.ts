import { readText, textBytes } from "../bytes/text.ts";
import type { ClassTable } from "../class-table.ts";
import { throwCorrupt } from "../errors.ts";
import { corruptIfBroken } from "../value/value.ts";
import { ValueReader } from "../value/value-reader.ts";
import {
  COLUMN,
  COLUMN_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  type FrameLayout,
  parseFrameHeader,
  readFrameHeader,
} from "./frame.ts";

/** The elements of a column, one per row, read by index. */
export type Column = unknown[] | Int32Array | Float64Array;

/** A frame of pairs as two columns of equal length. */
export interface PairColumns {
  readonly rows: number;
  readonly keys: Column;
  readonly values: Column;
}

/** Depth of nested pairs that a frame may have; writers make fewer. */
const PAIR_DEPTH_MAX = 8;

/**
 * The frames of a block, in order, as views of it.
 *
 * @throws BLOCK_CORRUPT While iterating: truncated, foreign, or of another version.
 */
export function* readFrames(block: Uint8Array): Generator<Uint8Array, void, undefined> {
  const view = viewOf(block);
  for (let offset = 0; offset < block.byteLength; ) {
    const { byteLength } = readFrameHeader(view, offset);
    yield block.subarray(offset, offset + byteLength);
    offset += byteLength;
  }
}

/**
 * Size of the frame that begins with these {@link FRAME_HEADER_BYTES}. @throws BLOCK_CORRUPT No frame begins like this.
 */
export function frameBytes(header: Uint8Array): number {
  return parseFrameHeader(viewOf(header), 0).byteLength;
}

/** Number of rows, from the header alone. @throws BLOCK_CORRUPT */
export function frameRows(frame: Uint8Array): number {
  return headerOf(frame).rows;
}

/** The layout of the rows of a frame. @throws BLOCK_CORRUPT */
export function frameLayout(frame: Uint8Array): FrameLayout {
  const { layout } = headerOf(frame);
  for (const [name, kind] of Object.entries(COLUMN)) {
    if (kind === layout) return name as FrameLayout; // the names of `COLUMN`
  }
  return throwCorrupt(`layout ${layout} is unknown`);
}

/**
 * The rows of a frame. The result does not refer to the frame's memory; strings of 13 units or more share one text (see
 * `detachString`).
 *
 * @throws BLOCK_CORRUPT
 */
export function decodeFrame<T = unknown>(frame: Uint8Array, classes: ClassTable): T[] {
  return toRows(decodeColumnFrame(frame, classes)) as T[]; // whoever wrote the frame knows its rows
}

/** The rows of a frame as a column: as {@link decodeFrame}, but numbers stay in a typed array. @throws BLOCK_CORRUPT */
export function decodeColumnFrame(frame: Uint8Array, classes: ClassTable): Column {
  return corruptIfBroken(() => {
    const header = headerOf(frame);
    return new FrameReader(frame, header.rows, classes).column(FRAME_HEADER_BYTES, header.byteLength, 0);
  });
}

/** The columns of a frame of pairs, for loops that need no tuple; `undefined` for another layout. @throws BLOCK_CORRUPT */
export function decodePairFrame(frame: Uint8Array, classes: ClassTable): PairColumns | undefined {
  return corruptIfBroken(() => {
    const header = headerOf(frame);
    if (header.layout !== COLUMN.pairs) return undefined;
    return new FrameReader(frame, header.rows, classes).pairs(FRAME_HEADER_BYTES, header.byteLength, 0);
  });
}

/** All records of a block. @throws BLOCK_CORRUPT */
export function decodeBlock(block: Uint8Array, classes: ClassTable): unknown[] {
  let records: unknown[] = [];
  for (const frame of readFrames(block)) {
    const rows = decodeFrame(frame, classes);
    if (records.length === 0) records = rows;
    else for (let i = 0; i < rows.length; i += 1) records.push(rows[i]);
  }
  return records;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function headerOf(frame: Uint8Array): FrameHeader {
  const header = readFrameHeader(viewOf(frame), 0);
  if (header.byteLength !== frame.byteLength) {
    throwCorrupt(`${frame.byteLength} bytes were given for a frame of ${header.byteLength}`);
  }
  return header;
}

function toRows(column: Column): unknown[] {
  if (Array.isArray(column)) return column;
  const length = column.length;
  const rows = new Array<unknown>(length);
  for (let row = 0; row < length; row += 1) rows[row] = column[row];
  return rows;
}

class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rows: number;
  readonly #classes: ClassTable;

  constructor(frame: Uint8Array, rows: number, classes: ClassTable) {
    // Not a Buffer: its `slice` would not copy.
    this.#bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#view = viewOf(frame);
    this.#rows = rows;
    this.#classes = classes;
  }

  column(offset: number, limit: number, depth: number): Column {
    const end = this.#columnEnd(offset, limit);
    const start = offset + COLUMN_HEADER_BYTES;
    const kind = this.#view.getUint8(offset);
    switch (kind) {
      case COLUMN.strings:
        return this.#strings(offset, start, end);
      case COLUMN.float64:
        return new Float64Array(this.#numbers(start, end, 8));
      case COLUMN.int32:
        return new Int32Array(this.#numbers(start, end, 4));
      case COLUMN.pairs:
        return this.#tuples(offset, limit, depth);
      case COLUMN.values:
        return this.#values(offset, start, end);
      case COLUMN.lines:
        return this.#lines(offset, start, end);
      default:
        return throwCorrupt(`column kind ${kind} is unknown`);
    }
  }

  pairs(offset: number, limit: number, depth: number): PairColumns {
    if (depth >= PAIR_DEPTH_MAX) throwCorrupt("its columns are nested too deep");
    if (this.#view.getUint8(offset) !== COLUMN.pairs) throwCorrupt("its layout does not match its column");
    const end = this.#columnEnd(offset, limit);
    const first = offset + COLUMN_HEADER_BYTES;
    const second = this.#columnEnd(first, end);
    const keys = this.column(first, end, depth + 1);
    return { rows: this.#rows, keys, values: this.column(second, end, depth + 1) };
  }

  /** The end of the column at `offset`. */
  #columnEnd(offset: number, limit: number): number {
    if (limit - offset < COLUMN_HEADER_BYTES) throwCorrupt("a column is missing");
    const end = offset + COLUMN_HEADER_BYTES + this.#view.getUint32(offset + 4, true);
    if (end > limit) throwCorrupt("a column is truncated");
    return end;
  }

  #require(start: number, end: number, bytes: number): void {
    if (bytes > end - start) throwCorrupt("a column is truncated");
  }

  /** The numbers of the column in memory of their own, so that they are aligned and outlive the frame. */
  #numbers(start: number, end: number, width: number): ArrayBuffer {
    this.#require(start, end, this.#rows * width);
    const copy = new Uint8Array(this.#rows * width);
    copy.set(this.#bytes.subarray(start, start + this.#rows * width));
    return copy.buffer;
  }

  #strings(offset: number, start: number, end: number): string[] {
    const rows = this.#rows;
    const encoding = this.#view.getUint8(offset + 1);
    const width = this.#view.getUint8(offset + 2);
    this.#require(start, end, 4);
    const units = this.#view.getUint32(start, true);
    const textStart = start + 4 + rows * width;
    const textEnd = textStart + textBytes(encoding, units);
    if (textEnd > end) throwCorrupt("its text is truncated");
    const lengths = this.#lengths(start + 4, width);
    return cutStrings(readText(this.#bytes, encoding, textStart, textEnd), lengths, rows);
  }

  #lengths(start: number, width: number): Uint8Array | Uint16Array | Uint32Array {
    const rows = this.#rows;
    if (width === 1) return this.#bytes.subarray(start, start + rows);
    if (width === 2) return new Uint16Array(this.#numbers(start, this.#bytes.byteLength, 2));
    if (width === 4) return new Uint32Array(this.#numbers(start, this.#bytes.byteLength, 4));
    return throwCorrupt(`lengths of ${width} bytes are impossible`);
  }

  #lines(offset: number, start: number, end: number): string[] {
    this.#require(start, end, 8);
    const bytes = this.#view.getUint32(start, true);
    this.#require(start + 8, end, bytes);
    const text = readText(this.#bytes, this.#view.getUint8(offset + 1), start + 8, start + 8 + bytes);
    const lines = this.#rows === 0 ? [] : text.split("\n");
    if (lines.length !== this.#rows) throwCorrupt(`${lines.length} lines where ${this.#rows} were expected`);
    return lines;
  }

  #values(offset: number, start: number, end: number): unknown[] {
    const rows = this.#rows;
    this.#require(start, end, 8);
    const encoding = this.#view.getUint8(offset + 1);
    const units = this.#view.getUint32(start, true);
    const bytes = this.#view.getUint32(start + 4, true);
    const valuesStart = start + 8 + textBytes(encoding, units);
    if (valuesStart + bytes > end) throwCorrupt("a column is truncated");
    if (rows > bytes) throwCorrupt(`${rows} rows do not fit in ${bytes} bytes`);
    const text = readText(this.#bytes, encoding, start + 8, valuesStart);
    const reader = new ValueReader(this.#bytes, { start: valuesStart, end: valuesStart + bytes }, text, this.#classes);
    const column = new Array<unknown>(rows);
    for (let row = 0; row < rows; row += 1) column[row] = reader.read();
    reader.finish();
    return column;
  }

  #tuples(offset: number, limit: number, depth: number): [unknown, unknown][] {
    const { keys, values } = this.pairs(offset, limit, depth);
    const rows = this.#rows;
    const column = new Array<[unknown, unknown]>(rows);
    for (let row = 0; row < rows; row += 1) column[row] = [keys[row], values[row]];
    return column;
  }
}

function cutStrings(text: string, lengths: Uint8Array | Uint16Array | Uint32Array, rows: number): string[] {
  const column = new Array<string>(rows);
  const used = lengths instanceof Uint8Array ? cutShort(text, lengths, column) : cutLong(text, lengths, column);
  if (used !== text.length) throwCorrupt("the sum of its lengths is not the length of its text");
  return column;
}

/** Separate from `cutLong`, so that each sees few types of array. */
function cutShort(text: string, lengths: Uint8Array, column: string[]): number {
  let start = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    const end = start + (lengths[row] ?? 0);
    column[row] = text.substring(start, end);
    start = end;
  }
  return start;
}

function cutLong(text: string, lengths: Uint16Array | Uint32Array, column: string[]): number {
  let start = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    const end = start + (lengths[row] ?? 0);
    column[row] = text.substring(start, end);
    start = end;
  }
  return start;
}
