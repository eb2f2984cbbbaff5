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
 * for each file that is not empty. Ranges of a file are in order and about equally long.
 *
 * Files that are compressed can be read from their beginning only: they are not cut.
 *
 * @param unitBytes Every range begins at a multiple of it: `Infinity` for files that are read whole.
 */
export function rangesOf(files: readonly FoundFile[], partitions: number, unitBytes = 1): TaskInput[] {
  const total = files.reduce((sum, file) => sum + file.bytes, 0);
  const goal = Math.min(RANGE_BYTES_MAX, Math.max(RANGE_BYTES_MIN, Math.ceil(total / partitions)));
  const ranges: TaskInput[] = [];
  for (const { path, bytes } of files) {
    const most = path.endsWith(".gz") ? 1 : Math.max(1, Math.floor(bytes / unitBytes));
    const count = Math.min(Math.ceil(bytes / goal), most);
    const cut = (i: number): number => (i === count ? bytes : alignedTo(unitBytes, (bytes * i) / count));
    for (let i = 0; i < count; i += 1) ranges.push({ kind: "file", path, start: cut(i), end: cut(i + 1) });
  }
  return ranges;
}

function alignedTo(unitBytes: number, bytes: number): number {
  return bytes === 0 ? 0 : Math.floor(bytes / unitBytes) * unitBytes;
}
