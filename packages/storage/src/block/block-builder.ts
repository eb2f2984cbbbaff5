import type { BlockPool, PoolSlice } from "../pool/block-pool.ts";
import { type BlockHandle, EMPTY_BLOCK, type FileBlock, type MemoryBlock } from "./block-handle.ts";
import type { SpillFile, SpillRange } from "./spill-file.ts";

/** Memory to fill with the next piece of a block, from a socket for example. */
export interface Reservation {
  /** As long as requested; fill all of it. */
  readonly target: Uint8Array;
  /** Makes it the block's next piece. */
  commit(): void;
  /** Returns it unused. */
  cancel(): void;
}

/**
 * Builds a block piece by piece: in the pool while there is room, then in the spill file. `readHandle` returns the same
 * pieces, so append whole frames.
 */
export class BlockBuilder {
  readonly #pool: BlockPool;
  readonly #spill: SpillFile;
  #parts: (MutableMemoryBlock | MutableFileBlock)[] = [];
  #bytes = 0;
  #spilledBytes = 0;

  /** @param spill May be shared by all builders of a task. Its creator closes it. */
  constructor(pool: BlockPool, spill: SpillFile) {
    this.#pool = pool;
    this.#spill = spill;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that went to disk. */
  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  /**
   * Copies one piece; the view may be reused at once. Empty pieces are omitted.
   *
   * @throws DISK_FULL, FILE_IO Pool and disk are full; call `discard` then.
   */
  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const slice = this.#pool.copyIn(piece);
    if (slice === undefined) this.#addRange(this.#spill.append(piece));
    else this.#addSlice(slice);
  }

  /** Room for the next piece, which saves a copy; `bytes` is at least 1. One reservation at a time. */
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

  /** Frees what is in the pool; what is in the spill file is removed with the file. */
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

/** Returns a block's memory to the pool; its part on disk stays. */
export function freeSlices(handle: BlockHandle, pool: BlockPool): void {
  for (const part of handle.kind === "mixed" ? handle.parts : [handle]) {
    if (part.kind === "memory") for (const slice of part.slices) pool.free(slice);
  }
}
