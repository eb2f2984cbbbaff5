import { crc32 } from "node:zlib";
import { afterStep, beforeStep } from "@millrace/base";
import { type BlockingAppender, type FileSystem, type Location, within } from "@millrace/files";
import type { LoggedAt, LoggedRun } from "@millrace/plan";
import { type BlockDescription, encodeEntryHead, encodeSegmentHeader, segmentName } from "./log-entry.ts";

export interface ReceivedLogWriterOptions {
  readonly files: FileSystem;
  /** The checkpoint directory; the log is in `received` within it. */
  readonly directory: Location;
  readonly epoch: number;
  /** Names this process: no other one ever writes under the name within the epoch. */
  readonly writer: string;
  /** Blocks survive a loss of power: `checkpoint.sync`. */
  readonly sync?: boolean;
  /** A segment that has reached this size is followed by the next one. */
  readonly segmentBytes?: number;
}

/** A block on its way into the log. */
export interface BlockToLog extends BlockDescription {
  readonly run: LoggedRun;
  readonly bytes: number;
  /** Its bytes, in order; they do not change until `append` settles. */
  readonly parts: () => Iterable<Uint8Array>;
}

const SEGMENT_BYTES = 8 << 20;

interface OpenSegment {
  readonly name: string;
  /** `undefined`: the file system cannot append, and the segment is written already. */
  readonly appender: BlockingAppender | undefined;
  bytes: number;
  entries: number;
  /** The runs that it has named. */
  readonly runs: Set<string>;
}

export const receivedLogDirectory = (checkpointDir: Location): Location => within(checkpointDir, "received");
export const segmentPath = (directory: Location, segment: string): Location => within(directory, `${segment}.log`);

/**
 * Writes blocks into segments of its own, a group of blocks at a time. On a file system that can append, a segment takes many groups;
 * elsewhere each group is a segment.
 *
 * A segment in which a write failed may end in a part of an entry, and is not written to again.
 */
export class ReceivedLogWriter {
  readonly #options: ReceivedLogWriterOptions;
  readonly #directory: Location;
  #open: OpenSegment | undefined;
  #next = 0;

  constructor(options: ReceivedLogWriterOptions) {
    this.#options = options;
    this.#directory = receivedLogDirectory(options.directory);
  }

  /**
   * When this resolves, whoever reads the log finds these blocks.
   *
   * @returns Where each is. @throws The errors of the file system: none of the blocks counts as logged, though some may be.
   */
  async append(blocks: readonly BlockToLog[]): Promise<readonly LoggedAt[]> {
    const open = this.#open;
    const full = open !== undefined && open.bytes >= (this.#options.segmentBytes ?? SEGMENT_BYTES);
    if (open?.appender === undefined || full) return this.#begin(blocks);
    this.#open = undefined; // until the write has succeeded
    try {
      const { parts, places } = encode(open, blocks);
      const { path } = open.appender;
      beforeStep("received", path);
      for (const part of gathered(parts)) open.appender.append(part);
      if (this.#options.sync === true) open.appender.sync?.();
      this.#open = open;
      afterStep("received", path);
      return places;
    } finally {
      if (this.#open === undefined) open.appender.close();
    }
  }

  close(): void {
    this.#open?.appender?.close();
    this.#open = undefined;
  }

  /** Writes a new segment, with its first blocks. */
  async #begin(blocks: readonly BlockToLog[]): Promise<readonly LoggedAt[]> {
    this.close();
    const { files, epoch, writer } = this.#options;
    const id = { epoch, writer, number: this.#next++ };
    const name = segmentName(id);
    const path = segmentPath(this.#directory, name);
    const header = encodeSegmentHeader(id);
    const segment = { name, bytes: header.length, entries: 0, runs: new Set<string>() };
    const { parts, places } = encode(segment, blocks);
    beforeStep("received", path);
    await files.write(path, [header, ...parts]);
    if (this.#options.sync === true) await files.sync?.([path], this.#options.directory);
    this.#open = { ...segment, appender: files.blocking?.append?.(path) };
    afterStep("received", path);
    return places;
  }
}

/** The entries of the blocks, each run named before its first block of the segment. Counts them in the segment. */
function encode(
  segment: Omit<OpenSegment, "appender">,
  blocks: readonly BlockToLog[],
): { readonly parts: readonly Uint8Array[]; readonly places: readonly LoggedAt[] } {
  const parts: Uint8Array[] = [];
  const add = (part: Uint8Array): void => {
    parts.push(part);
    segment.bytes += part.length;
  };
  const places = blocks.map((block): LoggedAt => {
    const { run, input, place, records, position, bytes } = block;
    const name = `${run.epoch}.${run.run} ${run.input}`;
    if (!segment.runs.has(name)) {
      segment.runs.add(name);
      add(encodeEntryHead("run", run, { bytes: 0, checksum: 0, position: segment.entries++ }));
    }
    const content = [...block.parts()];
    const checksum = content.reduce((sum, part) => crc32(part, sum), 0);
    const at = { segment: segment.name, offset: segment.bytes };
    const description = { input, place, records, ...(position === undefined ? {} : { position }) };
    add(encodeEntryHead("block", description, { bytes, checksum, position: segment.entries++ }));
    for (const part of content) add(part);
    return at;
  });
  return { parts, places };
}

/** Parts up to this size are copied together, which costs less than a system call for each. */
const GATHERED_BYTES_MAX = 128 << 10;

function* gathered(parts: readonly Uint8Array[]): Generator<Uint8Array, void, undefined> {
  let small: Uint8Array[] = [];
  let bytes = 0;
  for (const part of parts) {
    if (bytes + part.length > GATHERED_BYTES_MAX && small.length > 0) {
      yield Buffer.concat(small);
      small = [];
      bytes = 0;
    }
    if (part.length > GATHERED_BYTES_MAX) {
      yield part;
      continue;
    }
    small.push(part);
    bytes += part.length;
  }
  if (small.length > 0) yield Buffer.concat(small);
}
