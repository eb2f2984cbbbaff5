import { type ErrorFactory, errorKind } from "@millrace/base";

export const keyNotComparable: ErrorFactory = errorKind("KEY_NOT_COMPARABLE", "user");
/** A value to be sorted or compared is outside the order of values. */
export const valueNotOrdered: ErrorFactory = errorKind("VALUE_NOT_ORDERED", "user");
export const recordNotEncodable: ErrorFactory = errorKind("RECORD_NOT_ENCODABLE", "user");
export const captureNotShippable: ErrorFactory = errorKind("CAPTURE_NOT_SHIPPABLE", "user");
export const badComparison: ErrorFactory = errorKind("BAD_COMPARISON", "user");
/** A line of a text source is longer than the setting `line.bytes.max`. */
export const lineTooLong: ErrorFactory = errorKind("LINE_TOO_LONG", "user");
export const recordTooLarge: ErrorFactory = errorKind("RECORD_TOO_LARGE", "user");
/**
 * Bytes that no writer of this version made: truncated, damaged, or of another version. Rerunning its stage recreates a
 * block.
 */
export const blockCorrupt: ErrorFactory = errorKind("BLOCK_CORRUPT", "environment", "parent-stage");

/** Size limit of one encoded record, and so of one frame. */
export const RECORD_BYTES_MAX: number = 1024 ** 3;

/** Length limit of a V8 string on 64-bit machines, in UTF-16 code units. */
export const TEXT_UNITS_MAX: number = 2 ** 29 - 24;

export function throwTooLarge(bytes: number): never {
  throw recordTooLarge(
    `One record takes at least ${bytes} bytes encoded; at most ${RECORD_BYTES_MAX} bytes and ${TEXT_UNITS_MAX} characters ` +
      "of text are possible. The task fails. Split the value into several records, or keep it in a file and pass its path.",
    { fields: { bytes } },
  );
}

export function throwCorrupt(what: string, fields: Readonly<Record<string, number | string>> = {}): never {
  throw blockCorrupt(
    `A block cannot be read: ${what}. It was truncated, damaged, or written by another version. ` +
      "The engine recomputes it if it can; if this repeats, check the disk and the memory of its holder.",
    { fields },
  );
}
