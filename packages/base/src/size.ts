import { type Brand, branded } from "./brand.ts";
import { type ErrorFactory, errorKind } from "./errors.ts";

/** A number of bytes. */
export type Bytes = Brand<number, "Bytes">;

const badSize: ErrorFactory = errorKind("BAD_SIZE", "user");

const UNIT: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

const bytes = (n: number): Bytes => branded<Bytes>(n);

/**
 * Reads a size as a user writes it: `512m`, `1g`, `64 KiB`, or a number of bytes. Units are powers of 1024.
 *
 * @throws BAD_SIZE Not of these forms, or not positive.
 */
export function parseSize(value: number | string, what?: string): Bytes {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?\s*$/i.exec(String(value));
  const unit = match === null ? undefined : UNIT[(match[2] ?? "").toLowerCase()];
  const size = match === null || unit === undefined ? Number.NaN : Math.floor(Number(match[1]) * unit);
  if (!Number.isSafeInteger(size) || size <= 0) {
    throw badSize(
      `${what === undefined ? "" : `${what} `}${JSON.stringify(value)} is not a size. Give a positive number of bytes, or text such as "512m" or "1g".`,
    );
  }
  return bytes(size);
}

/** A size in the notation of settings, rounded up to whole MiB: `768m`, `2g`. */
export function sizeSetting(n: number): string {
  const mib = Math.ceil(n / 1024 ** 2);
  return mib % 1024 === 0 ? `${mib / 1024}g` : `${mib}m`;
}

/** Heap taken by small objects, and their encoded form, given the size of the encoded form: for remedies in errors. */
export const heapFor = (encodedBytes: number): number => 8 * encodedBytes;

export function formatSize(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
