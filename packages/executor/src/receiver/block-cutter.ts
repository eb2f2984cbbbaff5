import { type Clock, type Deferred, deferred, formatSize, millis, naming, type Timer } from "@millrace/base";
import {
  BlockWriter,
  type ClassTable,
  emptyClassTable,
  encodeValue,
  frameRows,
  LineBlockWriter,
  type LineOptions,
  readFrames,
} from "@millrace/codec";
import { BlockBuilder, type BlockHandle, type BlockPool, type SpillDirectory } from "@millrace/storage";
import { positionTooLarge } from "../errors.ts";

/** A longer block is closed early. */
const BLOCK_BYTES_MAX = 4 << 20;
const BLOCK_RECORDS_MAX = 262_144;
/** Positions travel with blocks, and are a part of the batch log. */
const POSITION_BYTES_MAX = 1 << 20;

export interface CutBlock {
  readonly handle: BlockHandle;
  readonly bytes: number;
  readonly records: number;
  /** The receiver's position after it, in the value codec. */
  readonly position: Uint8Array | undefined;
}

/** Takes what one receiver gets and hands it on in blocks. */
interface BlockOutlet {
  /** Resolves when the block is as safe as it will be. */
  emit(block: CutBlock): Promise<void>;
}

export interface CutterOptions {
  readonly pool: BlockPool;
  readonly spills: SpillDirectory;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly outlet: BlockOutlet;
  /** All records up to a position are safe. @param encoded The same, as their block has it. */
  readonly onSafe?: (position: unknown, encoded: Uint8Array) => void;
}

/** Copies frames to the pool, or to disk if it is full, as one block. */
class FrameSink {
  readonly #spill;
  readonly #builder: BlockBuilder;

  constructor(options: CutterOptions) {
    this.#spill = options.spills.newFile();
    this.#builder = new BlockBuilder(options.pool, this.#spill);
  }

  get bytes(): number {
    return this.#builder.bytes;
  }

  append(frame: Uint8Array): void {
    this.#builder.append(frame);
  }

  finish(records: number, position?: Uint8Array): CutBlock {
    this.#spill.close();
    const { bytes } = this.#builder;
    return { handle: this.#builder.finish(), bytes, records, position };
  }

  discard(): void {
    this.#builder.discard();
    this.#spill.discard();
  }
}

/** Closes a block one interval after its first record. */
class IntervalTimer {
  readonly #options: CutterOptions;
  #timer: Timer | undefined;

  constructor(options: CutterOptions) {
    this.#options = options;
  }

  arm(cut: () => void): void {
    this.#timer ??= this.#options.clock.after(millis(this.#options.intervalMs), () => {
      this.#timer = undefined;
      cut();
    });
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** Passes blocks on, and knows when the last of them has settled. */
class Outbox {
  readonly #outlet: BlockOutlet;
  #last: Promise<void> = Promise.resolve();

  constructor(outlet: BlockOutlet) {
    this.#outlet = outlet;
  }

  /** @returns Resolves when the block is safe; rejects if it was refused, which callers may ignore. */
  emit(block: CutBlock): Promise<void> {
    const safe = this.#outlet.emit(block);
    this.#last = safe.catch(() => {}); // blocks are settled in order
    return safe;
  }

  /** Resolves when all blocks are safe, or were refused. */
  settled(): Promise<void> {
    return this.#last;
  }
}

/** Blocks of lines from a source's bytes: the text stays bytes. */
export class LineBlockCutter {
  readonly #options: CutterOptions;
  readonly #writer: LineBlockWriter;
  readonly #timer: IntervalTimer;
  readonly #outbox: Outbox;

  constructor(options: CutterOptions & LineOptions) {
    this.#options = options;
    this.#writer = new LineBlockWriter({ source: options.source, lineBytesMax: options.lineBytesMax });
    this.#timer = new IntervalTimer(options);
    this.#outbox = new Outbox(options.outlet);
  }

  /**
   * @returns True if it completed a line.
   * @throws LINE_TOO_LONG
   */
  push(chunk: Uint8Array): boolean {
    const before = this.#writer.records;
    this.#writer.push(chunk);
    const completed = this.#writer.records > before;
    if (this.#writer.bytes >= BLOCK_BYTES_MAX) this.cut();
    else if (this.#writer.records > 0) this.#timer.arm(() => this.cut());
    return completed;
  }

  /** The source ended: an unterminated last line is a record too. */
  endOfInput(): void {
    this.#writer.endOfInput();
    this.cut();
  }

  cut(): void {
    this.#timer.clear();
    const { records } = this.#writer;
    if (records === 0) return;
    const sink = new FrameSink(this.#options);
    for (const frame of this.#writer.takeFrames()) sink.append(frame);
    void this.#outbox.emit(sink.finish(records));
  }

  /** Hands over the records it holds; resolves when all of them are safe. */
  async close(): Promise<void> {
    this.cut();
    await this.#outbox.settled();
  }
}

/** Blocks that arrived as frames: each is passed on unread. */
export class FrameBlockCutter {
  readonly #options: CutterOptions;
  readonly #outbox: Outbox;

  constructor(options: CutterOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.outlet);
  }

  /** @throws BLOCK_CORRUPT It is not a sequence of complete frames; nothing of it is stored. */
  writeBlock(block: Uint8Array): void {
    let records = 0;
    for (const frame of readFrames(block)) records += frameRows(frame);
    if (records === 0) return;
    const sink = new FrameSink(this.#options);
    for (const frame of readFrames(block)) sink.append(frame);
    void this.#outbox.emit(sink.finish(records));
  }

  /** Resolves when everything written is safe. */
  async close(): Promise<void> {
    await this.#outbox.settled();
  }
}

interface OpenBlock {
  readonly safe: Deferred<void>;
  /** As stored: to rebuild the block without a record that cannot be encoded. */
  readonly records: unknown[];
  /** After the last of them. */
  position: unknown;
  writer: BlockWriter;
  sink: FrameSink;
}

/** @throws RECORD_NOT_ENCODABLE, POSITION_TOO_LARGE */
function encodePosition(position: unknown): Uint8Array {
  const encoded = naming("the position of a receiver", () => encodeValue(position, emptyClassTable));
  if (encoded.byteLength <= POSITION_BYTES_MAX) return encoded;
  throw positionTooLarge(
    `a position that a receiver gave to store() takes ${formatSize(encoded.byteLength)}, and every block and batch has one: at most ${formatSize(POSITION_BYTES_MAX)} is allowed. ` +
      "The records are refused. Give store() what the source needs to go on, such as an offset, and nothing else.",
    { fields: { bytes: encoded.byteLength, bytesMax: POSITION_BYTES_MAX } },
  );
}

/** Blocks of records of any kind. */
export class RecordCutter {
  readonly #options: CutterOptions;
  readonly #classes: ClassTable;
  readonly #timer: IntervalTimer;
  #open: OpenBlock | undefined;
  readonly #outbox: Outbox;
  /** Blocks that were passed on. */
  #emitted = 0;
  /** The first one that was refused or not made: what is said of positions from there on would leave its records out. */
  #firstLost = Number.POSITIVE_INFINITY;

  constructor(options: CutterOptions, classes: ClassTable) {
    this.#options = options;
    this.#classes = classes;
    this.#timer = new IntervalTimer(options);
    this.#outbox = new Outbox(options.outlet);
  }

  /**
   * Writes a record into the current block.
   *
   * @param position Of the receiver after this record: plain data, if it has one.
   * @returns Resolves when that block is safe.
   * @throws RECORD_NOT_ENCODABLE, RECORD_TOO_LARGE The record is left out.
   */
  write(record: unknown, position?: unknown): Promise<void> {
    this.#open ??= this.#newBlock();
    const open = this.#open;
    try {
      open.writer.write(record);
    } catch (error) {
      this.#remake(open); // a writer that has thrown cannot be used again
      throw error;
    }
    open.records.push(record);
    open.position = position ?? open.position;
    if (open.sink.bytes >= BLOCK_BYTES_MAX || open.records.length >= BLOCK_RECORDS_MAX) this.cut();
    else this.#timer.arm(() => this.cut());
    return open.safe.promise;
  }

  /** Stores records as a block of their own, after earlier ones. */
  async writeBlock(records: readonly unknown[], position?: unknown): Promise<void> {
    this.cut();
    if (records.length === 0) return;
    const { writer, sink } = this.#newWriter();
    let encoded: Uint8Array | undefined;
    try {
      for (const record of records) writer.write(record);
      writer.finish();
      encoded = this.#encoded(position);
    } catch (error) {
      sink.discard();
      throw error;
    }
    await this.#emit(sink.finish(records.length, encoded), position);
  }

  cut(): void {
    this.#timer.clear();
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    if (open.records.length === 0) {
      open.sink.discard();
      open.safe.resolve();
      return;
    }
    open.writer.finish();
    let position: Uint8Array | undefined;
    try {
      position = this.#encoded(open.position);
    } catch (error) {
      open.sink.discard();
      return open.safe.reject(error);
    }
    const cut = open.sink.finish(open.records.length, position);
    this.#emit(cut, open.position).then(open.safe.resolve, open.safe.reject);
  }

  /** Hands over the records it holds; resolves when all of them are safe. */
  async close(): Promise<void> {
    this.cut();
    await this.#outbox.settled();
  }

  async #emit(block: CutBlock, position: unknown): Promise<void> {
    const number = this.#emitted++;
    try {
      await this.#outbox.emit(block);
    } catch (error) {
      this.#firstLost = Math.min(this.#firstLost, number);
      throw error;
    }
    if (block.position !== undefined && number < this.#firstLost) this.#options.onSafe?.(position, block.position);
  }

  /** The position of the next block; none after one that was lost. */
  #encoded(position: unknown): Uint8Array | undefined {
    if (position === undefined || this.#emitted >= this.#firstLost) return undefined;
    try {
      return encodePosition(position);
    } catch (error) {
      this.#firstLost = this.#emitted;
      throw error;
    }
  }

  #newBlock(): OpenBlock {
    const safe = deferred<void>();
    safe.promise.catch(() => {}); // callers that do not await it do not care
    return { safe, records: [], position: undefined, ...this.#newWriter() };
  }

  #newWriter(): { readonly writer: BlockWriter; readonly sink: FrameSink } {
    const sink = new FrameSink(this.#options);
    return { sink, writer: new BlockWriter({ classes: this.#classes, flush: (frame) => sink.append(frame) }) };
  }

  #remake(open: OpenBlock): void {
    open.sink.discard();
    Object.assign(open, this.#newWriter());
    for (const record of open.records) open.writer.write(record);
  }
}
