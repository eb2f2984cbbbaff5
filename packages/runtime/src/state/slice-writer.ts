import type { StateRef } from "@millrace/plan";
import { SLICE_BYTES, type StateFiles } from "@millrace/storage";
import type { PartitionState } from "./partition-state.ts";
import type { RollingSlices } from "./rolling-slices.ts";
import { headOf, sliceRows } from "./state-rows.ts";

/** A partition that may have a slice to write. */
export interface SlicedPartition {
  readonly ref: StateRef;
  readonly files: StateFiles;
  readonly state: PartitionState;
  readonly slices: RollingSlices;
}

/**
 * Writes the slices of a slot's partitions, and removes the files that they replace: in the background, one at a time. None of
 * it has to succeed.
 *
 * A batch writes one slice, or more only as far as its deltas are larger. Partitions that had to wait for that come first.
 */
export class SliceWriter {
  #writing: Promise<void> | undefined;
  /** Partitions with a slice that is due. */
  readonly #waiting = new Set<string>();
  /** Of this batch: bytes of deltas that were written, and of slices. */
  #deltaBytes = 0;
  #sliceBytes = 0;

  beginBatch(): void {
    this.#deltaBytes = 0;
    this.#sliceBytes = 0;
  }

  /** A delta of this batch was written. */
  addDelta(bytes: number): void {
    this.#deltaBytes += bytes;
  }

  /** The partition is not held any more. */
  forget(name: string): void {
    this.#waiting.delete(name);
  }

  /** Resolves when nothing is being written or removed. For tests. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Encodes the slices of a partition that are due, of its published state, and writes them in the background. */
  write(name: string, { ref, files, state, slices }: SlicedPartition): void {
    const busy = this.#writing !== undefined;
    let writing: Promise<unknown> | undefined;
    for (;;) {
      const version = state.head;
      const range = slices.due(state);
      if (range === undefined || version === undefined) break;
      if (busy || !this.#mayWrite(name)) {
        if (writing === undefined) this.#waiting.add(name);
        break;
      }
      this.#waiting.delete(name);
      const rowGroups = sliceRows(state, range);
      const bytes = rowGroups.reduce((sum, { parts }) => sum + bytesOf(parts), 0);
      const keys = rowGroups.reduce((sum, { rows }) => sum + rows, 0);
      this.#sliceBytes += Math.max(1, bytes);
      const slice = { version, ...range, ...headOf(state, undefined), rowGroups };
      writing = (writing ?? Promise.resolve()).then(() => files.writeSlice(ref, slice));
      if (slices.encoded(state, range, { keys, bytes })) writing = writing.then(() => sweep(ref, files, slices));
    }
    if (writing === undefined) return;
    this.#writing = writing
      .catch(() => undefined) // the files are still there that it would have replaced, and its turn comes again
      .then(() => {
        this.#writing = undefined;
      });
  }

  #mayWrite(name: string): boolean {
    if (this.#waiting.size > 0 && !this.#waiting.has(name)) return false;
    return this.#sliceBytes === 0 || this.#sliceBytes + SLICE_BYTES < this.#deltaBytes;
  }
}

async function sweep(ref: StateRef, files: StateFiles, slices: RollingSlices): Promise<void> {
  slices.swept(await files.sweep(ref, { chain: slices.chain, oldest: ref.oldest }));
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}
