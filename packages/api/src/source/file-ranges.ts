import type { FoundFile, TaskInput } from "@millrace/plan";

/** A range is no larger: a task that fails reads it again. */
const RANGE_BYTES_MAX = 64 * 1024 * 1024;

export interface Cutting {
  /** About how many ranges there are to be in all. */
  readonly partitions: number;
  /** Every range begins at a multiple of it: `Infinity` for files that are read whole; 1 if it is left out. */
  readonly unitBytes?: number;
  /** Files up to this are not cut, and larger ones not into smaller ranges: each costs a task. */
  readonly leastBytes?: number;
}

/**
 * Cuts files into ranges for tasks, one at least for each file that is not empty. Ranges of a file are in order and about
 * equally long.
 *
 * Files that are compressed can be read from their beginning only: they are not cut.
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
