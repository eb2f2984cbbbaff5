import type { FoundFile, TaskInput } from "@millrace/plan";

/** Limit of a range: a failed task reads it again. */
const RANGE_BYTES_MAX = 64 * 1024 * 1024;

export interface Cutting {
  /** Approximate number of ranges in all. */
  readonly partitions: number;
  /** Every range begins at a multiple of it: `Infinity` for files that are read whole; default 1. */
  readonly unitBytes?: number;
  /** Files up to this size are not split, and larger ones not into smaller ranges: each costs a task. */
  readonly leastBytes?: number;
}

/**
 * Splits files into ranges for tasks, at least one for each non-empty file. Ranges of a file are in order and of about
 * equal length.
 *
 * Compressed files can be read only from the beginning, so they are not split.
 */
export function rangesOf(
  files: readonly FoundFile[],
  { partitions, unitBytes = 1, leastBytes = 1 }: Cutting,
): TaskInput[] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const goal = Math.min(RANGE_BYTES_MAX, Math.max(leastBytes, Math.ceil(total / partitions)));
  const ranges: TaskInput[] = [];
  for (const { path, bytes, version } of files) {
    const most = path.endsWith(".gz") ? 1 : Math.max(1, Math.floor(bytes / unitBytes));
    const count = Math.min(Math.ceil(bytes / goal), most);
    const cut = (i: number): number => (i === count ? bytes : alignedTo(unitBytes, (bytes * i) / count));
    for (let i = 0; i < count; i += 1) {
      ranges.push({ kind: "file", path, start: cut(i), end: cut(i + 1), version });
    }
  }
  return ranges;
}

function alignedTo(unitBytes: number, bytes: number): number {
  return bytes === 0 ? 0 : Math.floor(bytes / unitBytes) * unitBytes;
}
