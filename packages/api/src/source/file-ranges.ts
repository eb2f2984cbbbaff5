import type { TaskInput } from "@millrace/plan";

/** Ranges of a file are no smaller: each costs a task. */
const RANGE_BYTES_MIN = 1024 * 1024;
/** And no larger: a task that fails reads its range again. */
const RANGE_BYTES_MAX = 64 * 1024 * 1024;

/** A file as it was found. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Cuts files into ranges for tasks: about `partitions` of them in all where the files are large enough, one at least
 * for each file that is not empty. Ranges of a file are in order and equally long.
 */
export function rangesOf(files: readonly FoundFile[], partitions: number): TaskInput[] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const goal = Math.min(RANGE_BYTES_MAX, Math.max(RANGE_BYTES_MIN, Math.ceil(total / partitions)));
  const ranges: TaskInput[] = [];
  for (const { path, bytes } of files) {
    const count = Math.ceil(bytes / goal);
    for (let i = 0; i < count; i += 1) {
      const start = Math.floor((bytes * i) / count);
      ranges.push({ kind: "file", path, start, end: Math.floor((bytes * (i + 1)) / count) });
    }
  }
  return ranges;
}
