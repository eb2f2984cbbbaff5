import { BlockWriter, type ClassTable } from "@millrace/codec";
import type { BlockHandle, FileBlock, SpillFile } from "@millrace/storage";
import { BUCKETS, bucketOf } from "./buckets.ts";

/** All buckets have a frame in memory at the same time. */
const FRAME_BYTES = 32 * 1024;

/** The pairs of one feed that lie in one bucket. */
export interface ValueBlock {
  readonly feed: number;
  readonly block: BlockHandle;
}

/** Writes pairs to disk one by one, each to the bucket of its key, in the order they came in. */
export class ValueBuckets {
  readonly #file: SpillFile;
  readonly #classes: ClassTable;
  readonly #depth: number;
  readonly #blocks: ValueBlock[][] = Array.from({ length: BUCKETS }, () => []);
  #feed = 0;
  #writers: readonly BlockWriter[] = [];
  #parts: readonly FileBlock[][] = [];

  constructor(file: SpillFile, classes: ClassTable, depth: number) {
    this.#file = file;
    this.#classes = classes;
    this.#depth = depth;
    this.#begin(0);
  }

  /** Feeds come one after the other: a change between them ends the blocks of the one before. */
  add(key: unknown, value: unknown, feed: number): void {
    if (feed !== this.#feed) this.#begin(feed);
    const writer = this.#writers[bucketOf(key, this.#depth)] as BlockWriter; // there is one for each bucket
    writer.writePair(key, value);
  }

  /** What each bucket holds. Nothing is to be added afterwards. */
  finish(): readonly (readonly ValueBlock[])[] {
    this.#end();
    return this.#blocks;
  }

  #begin(feed: number): void {
    this.#end();
    this.#feed = feed;
    this.#parts = Array.from({ length: BUCKETS }, () => []);
    this.#writers = this.#parts.map(
      (parts) =>
        new BlockWriter({
          classes: this.#classes,
          frameBytesMax: FRAME_BYTES,
          flush: (frame) => {
            const range = this.#file.append(frame);
            parts.push({ kind: "file", ...range, pieces: [range.length] });
          },
        }),
    );
  }

  #end(): void {
    for (const writer of this.#writers) writer.finish();
    this.#parts.forEach((parts, bucket) => {
      if (parts.length > 0) this.#blocks[bucket]?.push({ feed: this.#feed, block: { kind: "mixed", parts } });
    });
    this.#writers = [];
    this.#parts = [];
  }
}
