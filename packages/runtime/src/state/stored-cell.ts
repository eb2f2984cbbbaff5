import {
  type ClassTable,
  decodeValue,
  type EncodedSink,
  emptyClassTable,
  encodeValueTo,
  ValueDecoder,
} from "@millrace/codec";
import type { StateCell } from "@millrace/storage";
import type { KeyPlace } from "./state-table.ts";

/** group u16, updated f64, bytes of the key u32, form of the cell u8; then the key and the cell */
const GROUP = 0;
const UPDATED = 2;
const KEY_BYTES = 10;
const FORM = 14;
const HEAD = 15;
const FORMS = { encoded: 0, number: 1, plain: 2 } as const;
const FIRST_BYTES = 1024;
const KEPT_MAX = 256 * 1024;

/** What a stored table has of a key, as bytes, and back. The bytes that are given are valid until the next call. */
export class StoredCells implements EncodedSink {
  readonly #decoder: ValueDecoder;
  #bytes: Buffer = Buffer.alloc(FIRST_BYTES);
  #used = 0;

  constructor(classes: ClassTable) {
    this.#decoder = new ValueDecoder(classes);
  }

  /** An entry that is new. */
  encode(key: unknown, { group, updated }: Pick<KeyPlace, "group" | "updated">, cell: StateCell): Uint8Array {
    this.#used = HEAD;
    encodeValueTo(this, key, emptyClassTable);
    this.#bytes.writeUInt16BE(group, GROUP);
    this.#bytes.writeDoubleBE(updated, UPDATED);
    this.#bytes.writeUInt32BE(this.#used - HEAD, KEY_BYTES);
    return this.#withCell(cell);
  }

  /** An entry with another cell. */
  withCell(entry: Buffer, cell: StateCell, updated: number): Uint8Array {
    this.#used = 0;
    const end = HEAD + entry.readUInt32BE(KEY_BYTES);
    this.takeEncoded(entry, end);
    this.#bytes.writeDoubleBE(updated, UPDATED);
    return this.#withCell(cell);
  }

  groupOf(entry: Buffer): number {
    return entry.readUInt16BE(GROUP);
  }

  updatedAt(entry: Buffer): number {
    return entry.readDoubleBE(UPDATED);
  }

  keyOf(entry: Buffer): unknown {
    return decodeValue(entry.subarray(HEAD, HEAD + entry.readUInt32BE(KEY_BYTES)), emptyClassTable);
  }

  isEncoded(entry: Buffer): boolean {
    return entry[FORM] === FORMS.encoded;
  }

  /** The cell; one that is encoded is a view of the entry. */
  cellOf(entry: Buffer): StateCell {
    const at = HEAD + entry.readUInt32BE(KEY_BYTES);
    switch (entry[FORM]) {
      case FORMS.encoded:
        return entry.subarray(at);
      case FORMS.number:
        return entry.readDoubleBE(at);
      default:
        return this.#decoder.decode(entry, at, entry.length) as StateCell; // what `encode` was given
    }
  }

  /** The state. */
  valueOf(entry: Buffer): unknown {
    const cell = this.cellOf(entry);
    return cell instanceof Uint8Array ? this.#decoder.decode(cell, 0, cell.length) : cell;
  }

  /** Called by the encoder. */
  takeEncoded(bytes: Uint8Array, length: number): void {
    this.#room(length);
    this.#bytes.set(bytes.subarray(0, length), this.#used);
    this.#used += length;
  }

  #withCell(cell: StateCell): Uint8Array {
    if (cell instanceof Uint8Array) {
      this.#bytes[FORM] = FORMS.encoded;
      this.takeEncoded(cell, cell.length);
    } else if (typeof cell === "number") {
      this.#bytes[FORM] = FORMS.number;
      this.#room(8);
      this.#used = this.#bytes.writeDoubleBE(cell, this.#used);
    } else {
      this.#bytes[FORM] = FORMS.plain;
      encodeValueTo(this, cell, emptyClassTable);
    }
    const entry = this.#bytes.subarray(0, this.#used);
    if (this.#bytes.length > KEPT_MAX) this.#bytes = Buffer.alloc(FIRST_BYTES);
    return entry;
  }

  #room(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const larger = Buffer.alloc(2 * (this.#used + more));
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
