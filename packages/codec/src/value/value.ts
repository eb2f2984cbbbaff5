import { EngineError } from "@millrace/base";
import { readText, textBytes } from "../bytes/text.ts";
import type { ClassTable } from "../class-table.ts";
import { blockCorrupt, throwCorrupt } from "../errors.ts";
import { explainRecord } from "./not-encodable.ts";
import { type Resolve, ValueReader } from "./value-reader.ts";
import { ValueWriter } from "./value-writer.ts";

/** First byte of every encoded value: the version of the form in `tags.ts`. */
export const VALUE_VERSION = 1;
/** version u8, text encoding u8, text units u32; values follow, then the text */
const HEADER_BYTES = 6;
/** Memory that a writer keeps between values. */
const KEEP_BYTES = 1024 ** 2;

/** The writer used last, unless it is in use: a process has one class table, so it nearly always fits. */
let idle: ValueWriter | undefined;

function takeWriter(classes: ClassTable): ValueWriter {
  // A getter of the value may encode too: then the writer is taken, and the inner call makes its own.
  const writer = idle !== undefined && idle.classes === classes ? idle : new ValueWriter(classes);
  idle = undefined;
  return writer;
}

/**
 * One value as bytes of its own. For state, accumulators and results; blocks have columns.
 *
 * @throws RECORD_NOT_ENCODABLE Names the path of what cannot be written, such as `record[1].socket`.
 * @throws RECORD_TOO_LARGE
 */
export function encodeValue(value: unknown, classes: ClassTable): Uint8Array {
  const writer = takeWriter(classes);
  beginValue(writer);
  try {
    writer.write(value);
  } catch (error) {
    throw explainRecord(error, value);
  }
  const bytes = finishValue(writer);
  idle = writer;
  return bytes;
}

/** The inverse of {@link encodeValue}; `bytes` may lie in shared memory. @throws BLOCK_CORRUPT */
export function decodeValue(bytes: Uint8Array, classes: ClassTable): unknown {
  return corruptIfBroken(() => {
    const reader = openValue(bytes, classes);
    const value = reader.read();
    reader.finish();
    return value;
  });
}

/** Makes `writer` ready for the values of one {@link finishValue}. */
export function beginValue(writer: ValueWriter): void {
  writer.reset(KEEP_BYTES);
  writer.length = HEADER_BYTES;
}

/** Header, values and text, in memory of their own. */
export function finishValue(writer: ValueWriter): Uint8Array {
  const encoding = writer.text.writeTo(writer);
  writer.bytes[0] = VALUE_VERSION;
  writer.bytes[1] = encoding;
  writer.view.setUint32(2, writer.text.units, true);
  return writer.bytes.slice(0, writer.length);
}

/** A reader at the first value of what {@link finishValue} made. @throws BLOCK_CORRUPT */
export function openValue(bytes: Uint8Array, classes: ClassTable, resolve?: Resolve): ValueReader {
  if (bytes.byteLength < HEADER_BYTES) throwCorrupt(`an encoded value has ${bytes.byteLength} bytes`);
  if (bytes[0] !== VALUE_VERSION)
    throwCorrupt(`an encoded value has version ${bytes[0]}, this engine reads ${VALUE_VERSION}`);
  const at = (i: number): number => bytes[i] ?? 0; // within the header
  const encoding = at(1);
  const units = (at(2) | (at(3) << 8) | (at(4) << 16) | (at(5) << 24)) >>> 0;
  const end = bytes.byteLength - textBytes(encoding, units);
  if (end < HEADER_BYTES) throwCorrupt("its text is cut short");
  const text = readText(bytes, encoding, end, bytes.byteLength);
  return new ValueReader(bytes, { start: HEADER_BYTES, end }, text, classes, resolve);
}

/** Runs a reader; what damaged bytes make the language throw (a bad RegExp, an impossible length) becomes BLOCK_CORRUPT. */
export function corruptIfBroken<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw blockCorrupt(`A block cannot be read: ${String(error)}. It was damaged, or written by another version.`, {
      cause: error,
    });
  }
}
