import type { EngineError } from "@millrace/base";
import { fileChanged } from "./errors.ts";

/** The parts of a `BigIntStats` that distinguish one content of a file from the next. */
export interface VersionedStat {
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

/**
 * The version of a local file: its size and full modification time. The inode is not part of it, as a file system
 * mounted by many machines may number the same file differently on each.
 */
export function localVersion({ size, mtimeNs }: VersionedStat): string {
  return `${size}@${mtimeNs}`;
}

/** `1200 bytes of 2026-08-01T12:00:00.123456789Z` */
export function describeVersion(version: string): string {
  const [, bytes, ns] = /^(\d+)@(-?\d+)$/.exec(version) ?? [];
  if (bytes === undefined || ns === undefined) return version;
  return `${bytes} bytes of ${timeOf(BigInt(ns))}`;
}

/** @param now The version found instead. */
export function changedSince(path: string, listed: string, now: string, cause?: unknown): EngineError {
  return fileChanged(
    `the file ${path} changed between being listed and being read: it was ${describeVersion(listed)} and is ${describeVersion(now)}. ` +
      "Nothing that was read of it is used, and its batch fails. Write each file elsewhere on the same file system and rename it " +
      "into place under a new name; never rewrite, replace or append to a file in the directory that is read.",
    { fields: { path, listed, now }, ...(cause === undefined ? {} : { cause }) },
  );
}

function timeOf(ns: bigint): string {
  const second = 1_000_000_000n;
  const rest = ((ns % second) + second) % second;
  const date = new Date(Number((ns - rest) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return `${ns} ns since 1970`;
  return `${date.toISOString().slice(0, 19)}.${rest.toString().padStart(9, "0")}Z`;
}
