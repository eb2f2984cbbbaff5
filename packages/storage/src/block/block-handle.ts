import { closeSync, openSync, readSync } from "node:fs";
import { type ErrorFactory, errorKind, unreachable } from "@millrace/base";
import type { BlockPool, PoolSlice } from "../pool/block-pool.ts";

export interface MemoryBlock {
  readonly kind: "memory";
  readonly slices: readonly PoolSlice[];
}

export interface FileBlock {
  readonly kind: "file";
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** Lengths of the pieces of the range, in order; one piece if absent. */
  readonly pieces?: readonly number[];
}

/** A block that began in memory and went on to disk when the pool was full. */
interface MixedBlock {
  readonly kind: "mixed";
  readonly parts: readonly (MemoryBlock | FileBlock)[];
}

/**
 * The place of a block's bytes on this machine. Plain data, which can be sent to other threads. The bytes are read in
 * the pieces in which they were written, so that a frame is never split. Freed by {@link BlockStore} once it was put
 * there, by the task that created it before.
 */
export type BlockHandle = MemoryBlock | FileBlock | MixedBlock;

export const blockLost: ErrorFactory = errorKind("BLOCK_LOST", "environment", "parent-stage");

export const EMPTY_BLOCK: BlockHandle = { kind: "memory", slices: [] };

export function handleBytes(handle: BlockHandle): number {
  switch (handle.kind) {
    case "memory":
      return handle.slices.reduce((sum, slice) => sum + slice.length, 0);
    case "file":
      return handle.length;
    case "mixed":
      return handle.parts.reduce((sum, part) => sum + handleBytes(part), 0);
    default:
      return unreachable(handle);
  }
}

/** Bytes of a block that are on disk. */
export function fileBytes(handle: BlockHandle): number {
  return partsOf(handle).reduce((sum, part) => sum + (part.kind === "file" ? part.length : 0), 0);
}

/** The parts of a block of any kind, in order. */
export function partsOf(handle: BlockHandle): readonly (MemoryBlock | FileBlock)[] {
  return handle.kind === "mixed" ? handle.parts : [handle];
}

/**
 * The bytes of a block, piece by piece, in order. A piece in memory is a view of the pool, without a copy, valid until
 * the block is freed: pin it, or be its only user. A piece on disk is read when its turn comes, blocking this thread.
 *
 * @throws BLOCK_LOST A file of the block is missing or too short.
 */
export function* readHandle(handle: BlockHandle, pool: BlockPool): Generator<Uint8Array, void, undefined> {
  // Consecutive parts in one file, which may be many, share one open handle.
  let path: string | undefined;
  let file = 0;
  try {
    for (const part of partsOf(handle)) {
      if (part.kind === "memory") {
        for (const slice of part.slices) yield pool.view(slice);
        continue;
      }
      if (path !== part.path) {
        if (path !== undefined) closeSync(file);
        path = undefined;
        file = openBlockFile(part);
        path = part.path;
      }
      yield* readPieces(part, file);
    }
  } finally {
    if (path !== undefined) closeSync(file);
  }
}

function* readPieces(block: FileBlock, file: number): Generator<Uint8Array, void, undefined> {
  let position = block.offset;
  for (const length of block.pieces ?? [block.length]) {
    yield readPiece(block, file, { position, length });
    position += length;
  }
}

function openBlockFile(block: FileBlock): number {
  try {
    return openSync(block.path, "r");
  } catch (error) {
    throw lost(block, "the file cannot be opened", error);
  }
}

function readPiece(
  block: FileBlock,
  file: number,
  at: { readonly position: number; readonly length: number },
): Uint8Array {
  const target = Buffer.allocUnsafeSlow(at.length);
  let filled = 0;
  while (filled < at.length) {
    const read = tryRead(block, file, { target, filled, position: at.position + filled });
    if (read === 0) throw lost(block, `the file ends at byte ${at.position + filled}`);
    filled += read;
  }
  return target;
}

function tryRead(
  block: FileBlock,
  file: number,
  at: { readonly target: Uint8Array; readonly filled: number; readonly position: number },
): number {
  try {
    return readSync(file, at.target, at.filled, at.target.length - at.filled, at.position);
  } catch (error) {
    throw lost(block, "the file cannot be read", error);
  }
}

function lost(block: FileBlock, why: string, cause?: unknown): Error {
  return blockLost(
    `a spilled block is expected at bytes ${block.offset} to ${block.offset + block.length} of ${block.path}, but ${why}. ` +
      `It is recomputed; keep others from removing files of the work directory.`,
    { cause, fields: { path: block.path, offset: block.offset, bytes: block.length } },
  );
}
