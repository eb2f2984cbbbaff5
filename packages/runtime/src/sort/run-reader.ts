import { decodeColumnFrame, decodeFrame, decodePairFrame } from "@millrace/codec";
import { type FileBlock, readHandle } from "@millrace/storage";
import type { SpillOptions } from "../table/spill-run.ts";
import type { SortColumns } from "./sort-columns.ts";

/** A sorted run on disk, record by record, with one frame of it in memory. */
export class RunReader {
  key: unknown;
  record: unknown;
  readonly #frames: Iterator<Uint8Array>;
  readonly #options: SpillOptions;
  readonly #keyOf: ((record: unknown) => unknown) | undefined;
  #columns: SortColumns = { keys: [], records: [] };
  #at = 0;

  /** @param keyOf Absent: the run consists of pairs. */
  constructor(block: FileBlock, options: SpillOptions, keyOf: ((record: unknown) => unknown) | undefined) {
    this.#frames = readHandle(block, options.pool);
    this.#options = options;
    this.#keyOf = keyOf;
  }

  /** Moves to the next record; false at the end. */
  next(): boolean {
    if (this.#at >= this.#columns.records.length) {
      const step = this.#frames.next();
      if (step.done === true) return false;
      this.#columns = this.#decode(step.value);
      this.#at = 0;
    }
    this.key = this.#columns.keys[this.#at];
    this.record = this.#columns.records[this.#at];
    this.#at += 1;
    return true;
  }

  close(): void {
    this.#frames.return?.();
  }

  #decode(frame: Uint8Array): SortColumns {
    const { classes } = this.#options;
    const keyOf = this.#keyOf;
    if (keyOf !== undefined) {
      const records = decodeColumnFrame(frame, classes);
      return { keys: Array.from(records as ArrayLike<unknown>, (record) => keyOf(record)), records };
    }
    const pairs = decodePairFrame(frame, classes);
    if (pairs !== undefined) return { keys: pairs.keys, records: pairs.values };
    // A frame that began with another layout keeps its pairs as tuples.
    const tuples = decodeFrame<readonly [unknown, unknown]>(frame, classes);
    return { keys: tuples.map(([key]) => key), records: tuples.map(([, value]) => value) };
  }
}
