import { createHash } from "node:crypto";
import { canonicalKey, keyGroup } from "@millrace/codec";

/** What a key is, in the byte after its group. */
const KIND = {
  digest: 0,
  latin1: 1,
  utf16: 2,
  composite: 3,
  number: 4,
  bigint: 5,
  true: 6,
  false: 7,
  null: 8,
  undefined: 9,
};
/** The group, in the order of groups, and the kind. */
const HEAD = 3;
/** Longer ones are digests. */
const BODY_MAX = 480;
const FIRST_BYTES = 1024;
/** Memory that is kept from one key to the next. */
const KEPT_MAX = 64 * 1024;

/**
 * Keys as bytes, equal if and only if the keys are equal by value, in the order of their key groups. They have at most some hundred
 * bytes: longer ones are digests.
 */
export class KeyBytes {
  #bytes: Buffer = Buffer.alloc(FIRST_BYTES);
  #body = 0;
  /** The group of the last key. */
  group = 0;

  /** The bytes of a key, valid until the next call. @throws KEY_NOT_COMPARABLE */
  of(key: unknown): Uint8Array {
    const kind = this.#write(key);
    this.group = keyGroup(key);
    this.#bytes.writeUInt16BE(this.group, 0);
    this.#bytes[2] = kind;
    if (this.#body > BODY_MAX) this.#digest();
    return this.#bytes.subarray(0, HEAD + this.#body);
  }

  #write(key: unknown): number {
    if (typeof key === "string") return this.#writeText(key, KIND.latin1);
    const canonical = canonicalKey(key);
    this.#body = 0;
    switch (typeof canonical) {
      case "string":
        return this.#writeComposite(canonical);
      case "number":
        this.#body = this.#bytes.writeDoubleBE(Number.isNaN(canonical) ? Number.NaN : canonical + 0, HEAD) - HEAD;
        return KIND.number;
      case "bigint":
        this.#writeText(String(canonical), KIND.bigint);
        return KIND.bigint;
      case "boolean":
        return canonical ? KIND.true : KIND.false;
      case "undefined":
        return KIND.undefined;
      default:
        return KIND.null;
    }
  }

  /** The text of a composite key, with a byte more that says how it is written. */
  #writeComposite(text: string): number {
    const kind = this.#writeText(text, KIND.latin1);
    this.#room(this.#body + 1);
    this.#bytes[HEAD + this.#body++] = kind;
    return KIND.composite;
  }

  /** In one byte for each unit, if that is enough: UTF-8 is not the same for all texts that differ. @returns `kind`, or utf16. */
  #writeText(text: string, kind: number): number {
    this.#room(2 * text.length);
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) {
        this.#body = bytes.write(text, HEAD, "utf16le");
        return KIND.utf16;
      }
      bytes[HEAD + i] = unit;
    }
    this.#body = text.length;
    return kind;
  }

  #digest(): void {
    const digest = createHash("sha256")
      .update(this.#bytes.subarray(2, HEAD + this.#body))
      .digest();
    this.#bytes[2] = KIND.digest;
    this.#body = digest.copy(this.#bytes, HEAD);
    if (this.#bytes.length > KEPT_MAX) this.#bytes = Buffer.from(this.#bytes.subarray(0, FIRST_BYTES));
  }

  #room(bytes: number): void {
    if (HEAD + bytes <= this.#bytes.length) return;
    const larger = Buffer.alloc(HEAD + 2 * bytes);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}
