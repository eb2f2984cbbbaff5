import { ByteWriter } from "../bytes/byte-writer.ts";
import type { ClassTable } from "../class-table.ts";
import { RECORD_BYTES_MAX } from "../errors.ts";
import { explainRecord } from "../value/not-encodable.ts";
import { ColumnWriter } from "./column-writer.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "./frame.ts";

export const FRAME_BYTES_DEFAULT: number = 256 * 1024;
/** In larger frames a text could exceed the longest string. */
const FRAME_BYTES_LIMIT = RECORD_BYTES_MAX / 4;
/** Rows of a frame: larger frames gain nothing, and this many short strings fit in the cache. */
const ROWS_MAX = 8192;
/** Memory for assembling frames that a thread retains. */
const SCRATCH_KEEP_BYTES = 4 * FRAME_BYTES_DEFAULT;

export interface BlockWriterOptions {
  readonly classes: ClassTable;
  /**
   * Takes a finished frame. The view is valid only during the call, so copy it; do not write to this writer from here.
   */
  flush(frame: Uint8Array): void;
  /** Size at which a frame is closed, approximately; default 256 KiB, at most 256 MiB. */
  readonly frameBytesMax?: number;
}

/** One per thread: frames are assembled here one at a time. `undefined` while in use. */
let scratch: ByteWriter | undefined;

/**
 * Turns records into the frames of a block, choosing a layout for each frame.
 *
 * Records are encoded at once: later changes to an object have no effect. A frame exceeds `frameBytesMax` by its last
 * record at most (twice that for the first frame with text beyond latin1). A writer that has thrown cannot be used
 * again.
 *
 * Cost: about 30 ns per short string, 60 ns per pair of string and number; memory about that of the frame, four times
 * that for text.
 */
export class BlockWriter {
  readonly #flush: (frame: Uint8Array) => void;
  readonly #frameBytesMax: number;
  readonly #column: ColumnWriter;
  #flushedRecords = 0;
  #bytes = 0;

  constructor(options: BlockWriterOptions) {
    this.#flush = options.flush;
    this.#frameBytesMax = Math.min(options.frameBytesMax ?? FRAME_BYTES_DEFAULT, FRAME_BYTES_LIMIT);
    this.#column = new ColumnWriter(options.classes);
  }

  /** Records written so far. */
  get records(): number {
    return this.#flushedRecords + this.#column.rows;
  }

  /** Bytes of the frames flushed so far; all of them after `finish`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws RECORD_NOT_ENCODABLE Names the path to the value. @throws RECORD_TOO_LARGE More than 1 GiB encoded. */
  write(record: unknown): void {
    const column = this.#column;
    try {
      column.write(record);
    } catch (error) {
      throw explainRecord(error, record);
    }
    if (column.rows >= ROWS_MAX || column.size() >= this.#frameBytesMax) this.#flushFrame();
  }

  /** As `write([key, value])`, without the array. */
  writePair(key: unknown, value: unknown): void {
    const column = this.#column;
    try {
      column.writePair(key, value);
    } catch (error) {
      throw explainRecord(error, [key, value]);
    }
    if (column.rows >= ROWS_MAX || column.size() >= this.#frameBytesMax) this.#flushFrame();
  }

  /** Flushes the last frame. Writing may continue afterwards. */
  finish(): void {
    if (this.#column.rows > 0) this.#flushFrame();
  }

  #flushFrame(): void {
    const out = scratch ?? new ByteWriter(FRAME_BYTES_DEFAULT);
    scratch = undefined;
    out.length = FRAME_HEADER_BYTES;
    const rows = this.#column.rows;
    this.#column.finish(out);
    const layout = out.view.getUint8(FRAME_HEADER_BYTES);
    writeFrameHeader(out.view, { layout, rows, byteLength: out.length });
    this.#flushedRecords += rows;
    this.#bytes += out.length;
    this.#flush(out.bytes.subarray(0, out.length));
    out.clear(SCRATCH_KEEP_BYTES);
    scratch = out;
  }
}

/** All of `records` as one block in new memory. For small data: results, inline inputs, tests. */
export function encodeBlock(records: Iterable<unknown>, classes: ClassTable): Uint8Array {
  const frames: Uint8Array[] = [];
  const writer = new BlockWriter({ classes, flush: (frame) => frames.push(frame.slice()) });
  for (const record of records) writer.write(record);
  writer.finish();
  return concat(frames, writer.bytes);
}

function concat(frames: readonly Uint8Array[], total: number): Uint8Array {
  if (frames.length === 1 && frames[0] !== undefined) return frames[0];
  const block = new Uint8Array(total);
  let offset = 0;
  for (const frame of frames) {
    block.set(frame, offset);
    offset += frame.byteLength;
  }
  return block;
}
