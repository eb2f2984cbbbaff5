import { throwCorrupt } from "../errors.ts";
import type { ByteWriter } from "./byte-writer.ts";

/**
 * The encoding of a run of text. Strings are sequences of UTF-16 code units and may contain lone surrogates
 * (`"😀".split("")` makes them), so UTF-8 is used only for text that arrived as UTF-8.
 */
export const TEXT_LATIN1 = 1;
export const TEXT_UTF16 = 2;
export const TEXT_UTF8 = 3;

const BEYOND_LATIN1 = /[\u0100-\uffff]/;
/** Texts up to this length are written unit by unit: a call into Node costs more. */
const SHORT_UNITS_MAX = 32;

/** Appends `text` and returns the encoding chosen: one byte per unit where possible, else two, little-endian. */
export function writeText(out: ByteWriter, text: string): typeof TEXT_LATIN1 | typeof TEXT_UTF16 {
  if (text.length <= SHORT_UNITS_MAX && writeShort(out, text)) return TEXT_LATIN1;
  const encoding = beyondLatin1(text) ? TEXT_UTF16 : TEXT_LATIN1;
  out.ensure(textBytes(encoding, text.length));
  writeTextAs(out, text, encoding);
  return encoding;
}

/** True if the text needs two bytes per unit. */
export function beyondLatin1(text: string): boolean {
  return BEYOND_LATIN1.test(text);
}

/** Appends `text` in an encoding that can hold it; the caller has made room. */
export function writeTextAs(out: ByteWriter, text: string, encoding: typeof TEXT_LATIN1 | typeof TEXT_UTF16): void {
  out.length += out.buffer.write(text, out.length, encoding === TEXT_UTF16 ? "utf16le" : "latin1");
}

/** Writes `text` if it is latin1; else leaves `out` unchanged. */
function writeShort(out: ByteWriter, text: string): boolean {
  const units = text.length;
  out.ensure(units);
  const bytes = out.bytes;
  const at = out.length;
  let seen = 0;
  for (let i = 0; i < units; i += 1) {
    const unit = text.charCodeAt(i);
    seen |= unit;
    bytes[at + i] = unit;
  }
  if (seen > 0xff) return false;
  out.length = at + units;
  return true;
}

/** Bytes that `units` code units take in a fixed-width encoding. */
export function textBytes(encoding: number, units: number): number {
  return encoding === TEXT_UTF16 ? units * 2 : units;
}

/** Reads [start, end) of `bytes`, which may be in shared memory. @throws BLOCK_CORRUPT Unknown encoding. */
export function readText(bytes: Uint8Array, encoding: number, start: number, end: number): string {
  if (end === start) return "";
  if (encoding === TEXT_LATIN1) return readLatin1(bytes, start, end);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (encoding === TEXT_UTF16) return buffer.toString("utf16le", start, end);
  if (encoding === TEXT_UTF8) return buffer.toString("utf8", start, end);
  return throwCorrupt(`text encoding ${encoding} is unknown`);
}

/**
 * Node's decoder takes any Uint8Array, but its public entry point, `Buffer.toString`, needs a Buffer around the bytes,
 * which costs four times as much as decoding a short text. It is the fallback where a release hides the decoder.
 */
const latin1Slice: unknown = Reflect.get(Buffer.prototype, "latin1Slice");
const readLatin1: (bytes: Uint8Array, start: number, end: number) => string =
  typeof latin1Slice === "function"
    ? (bytes, start, end) => latin1Slice.call(bytes, start, end)
    : (bytes, start, end) =>
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", start, end);

/** From this length on V8 makes a substring a view that keeps the whole text alive. */
export const SLICED_UNITS_MIN = 13;

/**
 * The same string without a reference to the text it was cut from. Strings of a decoded frame share the frame's text;
 * one that outlives its batch should be detached, or it keeps up to 256 KiB alive. About 100 ns; free for short
 * strings.
 */
export function detachString(text: string): string {
  return text.length < SLICED_UNITS_MIN ? text : ` ${text}`.slice(1);
}
