import { readText, TEXT_LATIN1 } from "../bytes/text.ts";
import { throwCorrupt } from "../errors.ts";
import * as tag from "./tags.ts";

/** Text stored right after the values, up to this offset. */
export interface TextBehind {
  readonly encoding: number;
  readonly end: number;
}

/**
 * Scans the bytes of values in the form of `tags.ts`, and the text from which their strings are cut.
 *
 * @throws BLOCK_CORRUPT Wherever fewer bytes remain than are needed.
 */
export class ValueScanner {
  protected bytes: Uint8Array;
  /** Created on first need: it costs as much as reading a small object. */
  #view: DataView | undefined;
  protected end: number;
  /** `undefined` until needed: a value may have no strings except known names. */
  #text: string | undefined;
  /** The encoding and the end of text stored after the values. */
  #textEncoding: number;
  #textEnd: number;
  #textPosition = 0;
  protected position: number;

  constructor(bytes: Uint8Array, range: { start: number; end: number }, text: string | TextBehind) {
    this.bytes = bytes;
    this.position = range.start;
    this.end = range.end;
    const given = typeof text === "string";
    this.#text = given ? text : undefined;
    this.#textEncoding = given ? 0 : text.encoding;
    this.#textEnd = given ? 0 : text.end;
  }

  /** Starts over with other bytes. */
  begin(bytes: Uint8Array, range: { start: number; end: number }, text: TextBehind): void {
    if (bytes !== this.bytes) this.#view = undefined;
    this.bytes = bytes;
    this.position = range.start;
    this.end = range.end;
    this.#text = undefined;
    this.#textEncoding = text.encoding;
    this.#textEnd = text.end;
    this.#textPosition = 0;
  }

  /** @throws BLOCK_CORRUPT Unless every byte and every unit of text has been used. */
  finish(): void {
    if (this.position !== this.end) throwCorrupt(`${this.end - this.position} bytes follow its last value`);
    if (this.#textPosition !== this.#units()) throwCorrupt("its text is longer than its strings");
  }

  protected int32(at: number): number {
    const bytes = this.bytes;
    // In range: `skip` has checked.
    return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  }

  protected viewed(): DataView {
    const { buffer, byteOffset, byteLength } = this.bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    return this.#view;
  }

  /** An integer in [0, 2^53). */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i += 1) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    return throwCorrupt("a number is too long");
  }

  string(): string {
    const first = this.u8();
    if (first >= tag.STRING_INLINE && first < tag.ARRAY_INLINE) return this.cut(first & tag.STRING_INLINE_MAX);
    return first === tag.STRING ? this.cut(this.varint()) : throwCorrupt(`tag ${first} where a string is expected`);
  }

  protected u8(): number {
    if (this.position >= this.end) throwCorrupt("a value is truncated");
    return this.bytes[this.position++] ?? 0;
  }

  /** Passes over `count` bytes and returns where they begin. */
  protected skip(count: number): number {
    const start = this.position;
    if (count > this.end - start) throwCorrupt("a value is truncated");
    this.position = start + count;
    return start;
  }

  protected cut(units: number): string {
    const start = this.#textPosition;
    const end = start + units;
    const text = this.#text ?? this.#readText();
    if (end > text.length) throwCorrupt("its text is truncated");
    this.#textPosition = end;
    return text.substring(start, end);
  }

  #readText(): string {
    const text = readText(this.bytes, this.#textEncoding, this.end, this.#textEnd);
    this.#text = text;
    return text;
  }

  #units(): number {
    if (this.#text !== undefined) return this.#text.length;
    if (this.#textEncoding === TEXT_LATIN1) return this.#textEnd - this.end;
    return this.#readText().length;
  }

  /** True if this text comes next. */
  #isNextText(text: string): boolean {
    if (this.#text !== undefined || this.#textEncoding !== TEXT_LATIN1) {
      return (this.#text ?? this.#readText()).startsWith(text, this.#textPosition);
    }
    const start = this.end + this.#textPosition;
    if (text.length > this.#textEnd - start) return false;
    for (let i = 0; i < text.length; i += 1) if (this.bytes[start + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** A count of parts that follow, each of at least one byte. */
  protected count(): number {
    const count = this.varint();
    if (count > this.end - this.position) throwCorrupt("a collection is truncated");
    return count;
  }

  /** Skips these names if they come next. */
  protected passNames(names: readonly string[]): boolean {
    const position = this.position;
    const textPosition = this.#textPosition;
    for (let i = 0; i < names.length; i += 1) {
      const name = names[i] ?? "";
      const { length } = name;
      const isNext =
        length <= tag.STRING_INLINE_MAX && this.u8() === (tag.STRING_INLINE | length) && this.#isNextText(name);
      if (!isNext) {
        this.position = position;
        this.#textPosition = textPosition;
        return false;
      }
      this.#textPosition += length;
    }
    return true;
  }
}
