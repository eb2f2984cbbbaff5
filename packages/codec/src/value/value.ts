import { EngineError } from "@millrace/base";
import { textBytes } from "../bytes/text.ts";
import type { ClassTable } from "../class-table.ts";
import { blockCorrupt, throwCorrupt } from "../errors.ts";
import { explainRecord } from "./not-encodable.ts";
import { type Resolve, ValueReader } from "./value-reader.ts";
import { ValueWriter } from "./value-writer.ts";

/** First byte of every encoded value: the version of the form in `tags.ts`. */
const VALUE_VERSION = 1;
/** version u8, text encoding u8, text units u32; values follow, then the text */
const HEADER_BYTES = 6;
/** Memory that a writer retains between values. */
const KEEP_BYTES = 1024 ** 2;

/** The last writer, unless it is in use: a process has one class table, so it nearly always fits. */
let idle: ValueWriter | undefined;

function takeWriter(classes: ClassTable): ValueWriter {
  // A getter of the value may encode too: then the writer is in use, and the inner call makes its own.
  const writer = idle !== undefined && idle.classes === classes ? idle : new ValueWriter(classes);
  idle = undefined;
  return writer;
}

/**
 * Encodes one value on its own, for state, accumulators and results; blocks use columns.
 *
 * @throws RECORD_NOT_ENCODABLE Names the path to the offending value, such as `record[1].socket`.
 * @throws RECORD_TOO_LARGE
 */
export function encodeValue(value: unknown, classes: ClassTable): Uint8Array {
  const writer = encoded(value, classes);
  const bytes = writer.bytes.slice(0, writer.length);
  idle = writer;
  return bytes;
}

/** A destination for an encoded value that needs no copy. */
export interface EncodedSink {
  /** Receives the value in the first `length` of `bytes`, valid until it returns; it must not encode. */
  takeEncoded(bytes: Uint8Array, length: number): void;
}

/** Like {@link encodeValue}, into a sink. */
export function encodeValueTo(sink: EncodedSink, value: unknown, classes: ClassTable): void {
  const writer = encoded(value, classes);
  sink.takeEncoded(writer.bytes, writer.length);
  idle = writer;
}

/** The writer that holds the encoded value; returned to `idle` once the value has been taken. */
function encoded(value: unknown, classes: ClassTable): ValueWriter {
  const writer = takeWriter(classes);
  beginValue(writer);
  try {
    writer.write(value);
  } catch (error) {
    throw explainRecord(error, value);
  }
  completeValue(writer);
  return writer;
}

/** The inverse of {@link encodeValue}; `bytes` may be in shared memory. @throws BLOCK_CORRUPT */
export function decodeValue(bytes: Uint8Array, classes: ClassTable): unknown {
  return new ValueDecoder(classes).decode(bytes);
}

/** Decodes values one after the other, with less work for each. It keeps a reference to the last bytes. */
export class ValueDecoder {
  readonly #classes: ClassTable;
  #reader: ValueReader | undefined;

  constructor(classes: ClassTable) {
    this.#classes = classes;
  }

  /** The value at [start, end) of `bytes`. @throws BLOCK_CORRUPT */
  decode(bytes: Uint8Array, start = 0, end: number = bytes.byteLength): unknown {
    try {
      const reader = this.#open(bytes, start, end);
      const value = reader.read();
      reader.finish();
      return value;
    } catch (error) {
      throw corrupt(error);
    }
  }

  #open(bytes: Uint8Array, start: number, end: number): ValueReader {
    const { range, text } = partsOf(bytes, start, end);
    if (this.#reader === undefined) this.#reader = new ValueReader(bytes, range, text, this.#classes);
    else this.#reader.begin(bytes, range, text);
    return this.#reader;
  }
}

/** Prepares `writer` for the values of one {@link finishValue}. */
export function beginValue(writer: ValueWriter): void {
  writer.reset(KEEP_BYTES);
  writer.length = HEADER_BYTES;
}

/** Header, values and text, in memory of their own. */
export function finishValue(writer: ValueWriter): Uint8Array {
  completeValue(writer);
  return writer.bytes.slice(0, writer.length);
}

function completeValue(writer: ValueWriter): void {
  const encoding = writer.text.writeTo(writer);
  writer.bytes[0] = VALUE_VERSION;
  writer.bytes[1] = encoding;
  writer.view.setUint32(2, writer.text.units, true);
}

/** A reader at the first value of the result of {@link finishValue}. @throws BLOCK_CORRUPT */
export function openValue(bytes: Uint8Array, classes: ClassTable, resolve?: Resolve): ValueReader {
  const { range, text } = partsOf(bytes, 0, bytes.byteLength);
  return new ValueReader(bytes, range, text, classes, resolve);
}

/** Positions of values and text in the result of {@link finishValue}, at [start, end). */
function partsOf(bytes: Uint8Array, start: number, end: number) {
  if (end - start < HEADER_BYTES) throwCorrupt(`an encoded value has ${end - start} bytes`);
  const at = (i: number): number => bytes[start + i] ?? 0; // within the header
  if (at(0) !== VALUE_VERSION)
    throwCorrupt(`an encoded value has version ${at(0)}, this engine reads ${VALUE_VERSION}`);
  const encoding = at(1);
  const units = (at(2) | (at(3) << 8) | (at(4) << 16) | (at(5) << 24)) >>> 0;
  const range = { start: start + HEADER_BYTES, end: end - textBytes(encoding, units) };
  if (range.end < range.start) throwCorrupt("its text is truncated");
  return { range, text: { encoding, end } };
}

/**
 * Runs a reader; exceptions of the language that damaged bytes cause (a bad RegExp, an impossible length) become
 * BLOCK_CORRUPT.
 */
export function corruptIfBroken<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw corrupt(error);
  }
}

function corrupt(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return blockCorrupt(`A block cannot be read: ${String(error)}. It was damaged, or written by another version.`, {
    cause: error,
  });
}
