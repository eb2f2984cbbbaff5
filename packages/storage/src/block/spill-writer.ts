import { open } from "node:fs/promises";
import type { BlockPool } from "../pool/block-pool.ts";
import { type BlockHandle, type FileBlock, readHandle } from "./block-handle.ts";

/** Slices per system call. */
const PIECES_PER_WRITE = 64;

/**
 * Writes blocks one after the other into a new file, without blocking the thread.
 *
 * @returns For each block its new handle, in the same pieces.
 */
export async function writeSpill(spill: {
  readonly path: string;
  readonly pool: BlockPool;
  readonly handles: readonly BlockHandle[];
}): Promise<FileBlock[]> {
  const file = await open(spill.path, "w");
  try {
    const blocks: FileBlock[] = [];
    let end = 0;
    for (const handle of spill.handles) {
      const offset = end;
      const pieces: number[] = [];
      let waiting: Uint8Array[] = [];
      for (const piece of readHandle(handle, spill.pool)) {
        pieces.push(piece.length);
        waiting.push(piece);
        if (waiting.length === PIECES_PER_WRITE) {
          end = await writeAt(file, waiting, end);
          waiting = [];
        }
      }
      end = await writeAt(file, waiting, end);
      blocks.push({ kind: "file", path: spill.path, offset, length: end - offset, pieces });
    }
    return blocks;
  } finally {
    await file.close();
  }
}

/** `writev` may write less than requested; the rest follows piece by piece. Returns where the data ends. */
async function writeAt(
  file: Awaited<ReturnType<typeof open>>,
  pieces: readonly Uint8Array[],
  position: number,
): Promise<number> {
  if (pieces.length === 0) return position;
  let { bytesWritten: skip } = await file.writev(pieces, position);
  let end = position;
  for (const piece of pieces) {
    let written = Math.min(skip, piece.length);
    skip -= written;
    while (written < piece.length) {
      written += (await file.write(piece, written, piece.length - written, end + written)).bytesWritten;
    }
    end += piece.length;
  }
  return end;
}
