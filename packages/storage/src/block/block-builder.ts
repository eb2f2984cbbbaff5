import type { BlockPool, PoolSlice } from "../pool/block-pool.ts";
import { type BlockHandle, EMPTY_BLOCK, type FileBlock, type MemoryBlock } from "./block-handle.ts";
import type { SpillFile, SpillRange } from "./spill-file.ts";

/** Memory to be filled with the next piece of a block, from a socket for example. */
export interface Reservation {
  /** As long as was asked for; fill all of it. */
  readonly target: Uint8Array;
  /** Makes it the block's next piece. */
  commit(): void;
  /** Gives it back unused. */
  cancel(): void;
}

/**
 * Puts a block together piece by piece: in the pool while there is room, then in the spill file. A piece is what comes
 * back as one piece from `readHandle`: give whole frames.
 */
export class BlockBuilder {
  readonly #pool: BlockPool;
  readonly #spill: SpillFile;
  #parts: (MutableMemoryBlock | MutableFileBlock)[] = [];
  #bytes = 0;
  #spilledBytes = 0;

  /** @param spill May be shared by all builders of a task. Whoever made it closes it. */
  constructor(pool: BlockPool, spill: SpillFile) {
    this.#pool = pool;
    this.#spill = spill;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many of the bytes went to disk. */
  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  /**
   * Copies one piece; the view may be reused at once. An empty one is left out.
   *
   * @throws DISK_FULL, FILE_IO The pool is full and so is the disk; `discard` then.
   */
  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const slice = this.#pool.copyIn(piece);
    if (slice === undefined) this.#addRange(this.#spill.append(piece));
    else this.#addSlice(slice);
  }

  /** Room for the next piece, so that it need not be copied once more; `bytes` is at least 1. One at a time. */
  reserve(bytes: number): Reservation {
    const slice = this.#pool.allocate(bytes);
    if (slice === undefined) {
      const target = Buffer.allocUnsafeSlow(bytes);
      return { target, commit: () => this.#addRange(this.#spill.append(target)), cancel: () => {} };
    }
    return {
      target: this.#pool.view(slice),
      commit: () => this.#addSlice(slice),
      cancel: () => this.#pool.free(slice),
    };
  }

  /** The block, which now belongs to the caller; the builder is empty again. */
  finish(): BlockHandle {
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    this.#spilledBytes = 0;
    const [first] = parts;
    if (first === undefined) return EMPTY_BLOCK;
    return parts.length === 1 ? first : { kind: "mixed", parts };
  }

  /** Frees what is in the pool; what is in the spill file goes when the file is discarded. */
  discard(): void {
    freeSlices(this.finish(), this.#pool);
  }

  #addSlice(slice: PoolSlice): void {
    this.#bytes += slice.length;
    const last = this.#parts.at(-1);
    if (last?.kind === "memory") last.slices.push(slice);
    else this.#parts.push({ kind: "memory", slices: [slice] });
  }

  #addRange(range: SpillRange): void {
    this.#bytes += range.length;
    this.#spilledBytes += range.length;
    const last = this.#parts.at(-1);
    if (last?.kind === "file" && last.offset + last.length === range.offset) {
      last.length += range.length;
      last.pieces.push(range.length);
    } else {
      this.#parts.push({ kind: "file", ...range, pieces: [range.length] });
    }
  }
}

type MutableMemoryBlock = MemoryBlock & { slices: PoolSlice[] };
type MutableFileBlock = { -readonly [Key in keyof FileBlock]: FileBlock[Key] } & { pieces: number[] };

/** Gives a block's memory back to the pool; what it has on disk stays. */
export function freeSlices(handle: BlockHandle, pool: BlockPool): void {
  for (const part of handle.kind === "mixed" ? handle.parts : [handle]) {
    if (part.kind === "memory") for (const slice of part.slices) pool.free(slice);
  }
}
