import { BlockWriter, type ClassTable, decodeFrame, decodePairFrame } from "@millrace/codec";
import { type BlockHandle, type BlockPool, type FileBlock, readHandle, type SpillFile } from "@millrace/storage";
import type { DirectPairs } from "./aggregate-table.ts";
import { BUCKETS } from "./buckets.ts";
import { OrdinalsWriter, readOrdinals } from "./ordinals.ts";

/** All buckets have a frame in memory at the same time. */
const FRAME_BYTES = 32 * 1024;

/** The pairs of one feed that lie in one bucket. */
export interface BucketPart {
  readonly feed: number;
  readonly block: BlockHandle;
}

/** Pairs with their ordinals, which count all pairs in order of arrival. Columns of equal length. */
export interface OrdinalPairs {
  readonly ordinals: ArrayLike<number>;
  readonly keys: ArrayLike<unknown>;
  readonly values: ArrayLike<unknown>;
}

export interface PairBucketsOptions {
  readonly file: SpillFile;
  readonly classes: ClassTable;
  /** The bucket of a key, below {@link BUCKETS}. */
  readonly bucketOf: (key: unknown) => number;
  /** The ordinal of the first pair that is added without one. */
  readonly next: number;
}

/**
 * Spills pairs one by one, each to the bucket of its key, in order of arrival. The ordinals are stored beside each
 * frame as a piece of their own: about a byte and a half per pair.
 */
export class PairBuckets implements DirectPairs {
  readonly #options: PairBucketsOptions;
  readonly #parts: BucketPart[][] = Array.from({ length: BUCKETS }, () => []);
  #next: number;
  #feed = 0;
  /** The buckets in use, by number. */
  readonly #buckets: (Bucket | undefined)[] = new Array(BUCKETS).fill(undefined);

  constructor(options: PairBucketsOptions) {
    this.#options = options;
    this.#next = options.next;
  }

  /** Adds the next pair. Feeds are added one after the other: the first pair of the next feed ends the blocks of the previous one. */
  add(key: unknown, value: unknown, feed: number): void {
    this.addAt(this.#next++, key, value, feed);
  }

  /** Like `add`. @param ordinal At least as large as the previous one. */
  addAt(ordinal: number, key: unknown, value: unknown, feed: number): void {
    if (feed !== this.#feed) {
      this.#endFeed();
      this.#feed = feed;
    }
    const number = this.#options.bucketOf(key);
    let bucket = this.#buckets[number];
    if (bucket === undefined) {
      bucket = new Bucket(this.#options);
      this.#buckets[number] = bucket;
    }
    bucket.add(ordinal, key, value);
  }

  /** The content of each bucket. Nothing may be added afterwards. */
  finish(): readonly (readonly BucketPart[])[] {
    this.#endFeed();
    return this.#parts;
  }

  #endFeed(): void {
    this.#buckets.forEach((bucket, number) => {
      if (bucket !== undefined) this.#parts[number]?.push({ feed: this.#feed, block: bucket.finish() });
    });
    this.#buckets.fill(undefined);
  }
}

/** The pairs of one feed in one bucket while they are written. */
class Bucket {
  readonly #ordinals = new OrdinalsWriter();
  readonly #writer: BlockWriter;
  readonly #parts: FileBlock[] = [];

  constructor({ file, classes }: PairBucketsOptions) {
    const flush = (frame: Uint8Array): void => {
      const ordinals = file.append(this.#ordinals.take());
      const { length } = file.append(frame);
      const pieces = [ordinals.length, length];
      this.#parts.push({ kind: "file", ...ordinals, length: ordinals.length + length, pieces });
    };
    this.#writer = new BlockWriter({ classes, frameBytesMax: FRAME_BYTES, flush });
  }

  add(ordinal: number, key: unknown, value: unknown): void {
    this.#ordinals.add(ordinal); // first: the pair may close its frame
    this.#writer.writePair(key, value);
  }

  finish(): BlockHandle {
    this.#writer.finish();
    return { kind: "mixed", parts: this.#parts };
  }
}

/** The pairs of a part, frame by frame, in the order in which they were added. */
export function* readPart(
  { block }: BucketPart,
  { pool, classes }: { readonly pool: BlockPool; readonly classes: ClassTable },
): Generator<OrdinalPairs, void, undefined> {
  let ordinals: number[] | undefined;
  for (const piece of readHandle(block, pool)) {
    if (ordinals === undefined) {
      ordinals = readOrdinals(piece);
      continue;
    }
    yield { ordinals, ...decodePairs(piece, classes) };
    ordinals = undefined;
  }
}

function decodePairs(frame: Uint8Array, classes: ClassTable): Pick<OrdinalPairs, "keys" | "values"> {
  const pairs = decodePairFrame(frame, classes);
  if (pairs !== undefined) return pairs;
  const tuples = decodeFrame<readonly [unknown, unknown]>(frame, classes); // another layout keeps pairs as tuples
  return { keys: tuples.map(([key]) => key), values: tuples.map(([, value]) => value) };
}
