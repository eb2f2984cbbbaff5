import { throwCorrupt } from "../errors.ts";
import type { ByteWriter } from "./byte-writer.ts";

/**
 * How a run of text lies in bytes. Strings are sequences of UTF-16 code units and may hold lone surrogates
 * (`"😀".split("")` makes them), so UTF-8 is only for text that came from outside as UTF-8.
 */
export const TEXT_LATIN1 = 1;
export const TEXT_UTF16 = 2;
export const TEXT_UTF8 = 3;

const BEYOND_LATIN1 = /[\u0100-\uffff]/;

/** Appends `text` and returns the encoding chosen: one byte a unit where all units allow it, else two, little-endian. */
export function writeText(out: ByteWriter, text: string): typeof TEXT_LATIN1 | typeof TEXT_UTF16 {
  if (BEYOND_LATIN1.test(text)) {
    out.ensure(text.length * 2);
    out.length += out.buffer.write(text, out.length, "utf16le");
    return TEXT_UTF16;
  }
  out.ensure(text.length);
  out.length += out.buffer.write(text, out.length, "latin1");
  return TEXT_LATIN1;
}

/** Bytes that `units` code units take in a fixed-width encoding. */
export function textBytes(encoding: number, units: number): number {
  return encoding === TEXT_UTF16 ? units * 2 : units;
}

/** Reads [start, end) of `bytes`, which may lie in shared memory. @throws BLOCK_CORRUPT Unknown encoding. */
export function readText(bytes: Uint8Array, encoding: number, start: number, end: number): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (encoding) {
    case TEXT_LATIN1:
      return buffer.toString("latin1", start, end);
    case TEXT_UTF16:
      return buffer.toString("utf16le", start, end);
    case TEXT_UTF8:
      return buffer.toString("utf8", start, end);
    default:
      return throwCorrupt(`text encoding ${encoding} is unknown`);
  }
}

/** From this length on V8 makes a substring a view that keeps the whole text alive. */
const SLICED_UNITS_MIN = 13;

/**
 * The same string without a hold on the text it was cut from. Strings of a decoded frame share the frame's text; one that
 * outlives its batch should be detached, or it keeps up to 256 KiB alive. About 100 ns; short strings are free.
 */
export function detachString(text: string): string {
  return text.length < SLICED_UNITS_MIN ? text : ` ${text}`.slice(1);
}
