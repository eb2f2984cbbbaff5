import type { ByteWriter } from "./byte-writer.ts";
import { beyondLatin1, TEXT_LATIN1, TEXT_UTF16, textBytes, writeText, writeTextAs } from "./text.ts";

/** Pieces are flattened at this length: V8 represents appended text as a tree with a node per appended string. */
const PIECE_UNITS = 64 * 1024;

/**
 * A text that grows at its end, by millions of strings if need be: V8's tree for it would take more memory than the
 * text.
 */
export class TextBuilder {
  #pieces: string[] = [];
  #last = "";
  /** Units in `pieces`. */
  #laid = 0;
  /** Some of `pieces` are beyond latin1. */
  #wide = false;

  /** UTF-16 code units so far. */
  get units(): number {
    return this.#laid + this.#last.length;
  }

  append(text: string): void {
    this.#last += text;
    if (this.#last.length >= PIECE_UNITS) this.#lay();
  }

  clear(): void {
    this.#last = "";
    if (this.#laid === 0) return;
    this.#pieces = [];
    this.#laid = 0;
    this.#wide = false;
  }

  /** Appends the text to `out` and returns its encoding. */
  writeTo(out: ByteWriter): typeof TEXT_LATIN1 | typeof TEXT_UTF16 {
    if (this.#pieces.length === 0) return writeText(out, this.#last);
    const encoding = this.#wide || beyondLatin1(this.#last) ? TEXT_UTF16 : TEXT_LATIN1;
    out.ensure(textBytes(encoding, this.units));
    for (const piece of this.#pieces) writeTextAs(out, piece, encoding);
    writeTextAs(out, this.#last, encoding);
    return encoding;
  }

  toString(): string {
    return this.#pieces.length === 0 ? this.#last : this.#pieces.join("") + this.#last;
  }

  #lay(): void {
    // The search also flattens the piece, which frees its tree.
    if (beyondLatin1(this.#last)) this.#wide = true;
    this.#pieces.push(this.#last);
    this.#laid += this.#last.length;
    this.#last = "";
  }
}
