import type { FileRange } from "@millrace/plan";
import { inputFileFailed } from "../errors.ts";
import { type FilePieces, letGo } from "../files/pieces.ts";
import { Feeder } from "./feeder.ts";

/**
 * The bytes of a range of a file: as pieces of any size, or as records of `recordBytes` each. Every record has memory
 * of its own, starting at its first byte, so that `new DataView(record.buffer)` reads that record.
 */
export class BytesFeeder extends Feeder {
  readonly #range: FileRange;
  readonly #recordBytes: number | undefined;
  readonly #pieces: FilePieces;
  readonly #onRecords: (count: number) => void;
  #position: number;
  /** The first bytes of a record whose rest has not come. */
  #begun: Uint8Array | undefined;
  #begunBytes = 0;

  constructor(options: {
    readonly range: FileRange;
    readonly recordBytes: number | undefined;
    readonly read: (range: FileRange, start: number) => FilePieces;
    readonly onRecords: (count: number) => void;
  }) {
    super();
    const { range, recordBytes, read, onRecords } = options;
    this.#range = range;
    this.#recordBytes = recordBytes;
    this.#position = range.start;
    this.#pieces = read(range, range.start);
    this.#onRecords = onRecords;
  }

  override get later(): boolean {
    return this.#pieces.later;
  }

  override next(): boolean {
    while (this.#position < this.#range.end) if (this.#take(this.#pieces.next())) return true;
    return false;
  }

  override async nextLater(): Promise<boolean> {
    while (this.#position < this.#range.end) if (this.#take(await this.#pieces.nextLater())) return true;
    return false;
  }

  override finish(): void | Promise<void> {
    return this.#pieces.close();
  }

  override close(): void {
    letGo(this.#pieces);
  }

  #take(read: Uint8Array | undefined): boolean {
    if (read === undefined) throw this.#cutShort();
    const piece = read.subarray(0, this.#range.end - this.#position);
    this.#position += piece.length;
    const records =
      this.#recordBytes === undefined ? [copyOf(piece, 0, piece.length)] : this.#records(piece, this.#recordBytes);
    if (records.length === 0) return false;
    this.#onRecords(records.length);
    return this.setRows(records);
  }

  #records(piece: Uint8Array, recordBytes: number): Uint8Array[] {
    const records: Uint8Array[] = [];
    let at = 0;
    if (this.#begun !== undefined) {
      at = Math.min(recordBytes - this.#begunBytes, piece.length);
      this.#begun.set(piece.subarray(0, at), this.#begunBytes);
      this.#begunBytes += at;
      if (this.#begunBytes < recordBytes) return records;
      records.push(this.#begun);
      this.#begun = undefined;
    }
    for (; at + recordBytes <= piece.length; at += recordBytes) records.push(copyOf(piece, at, at + recordBytes));
    if (at < piece.length) {
      this.#begun = new Uint8Array(recordBytes);
      this.#begun.set(piece.subarray(at));
      this.#begunBytes = piece.length - at;
    }
    return records;
  }

  #cutShort() {
    const { path, end } = this.#range;
    return inputFileFailed(
      `the input file ${path} ends at byte ${this.#position}, but had ${end} bytes when it was listed. ` +
        "Do not change files once they have been moved in.",
      { fields: { path } },
    );
  }
}

/** Not `slice`: a Buffer's shares its memory. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = new Uint8Array(to - from);
  copy.set(bytes.subarray(from, to));
  return copy;
}
