import type { BlockingFiles, FileSystem, Location } from "@millrace/files";

/** A whole file that is wanted, and what came of it. */
export type Fetched = { readonly bytes: Uint8Array } | { readonly error: unknown };

/**
 * Work that reads files and does not care how: it yields the paths of what it wants next, and is given the files in the
 * same order. Run by {@link fetchLater}, or by {@link fetchNow} where a thread may not wait.
 */
export type Fetching<T> = Generator<readonly Location[], T, readonly Fetched[]>;

const FIRST_READ_BYTES = 512 * 1024;

/** Runs it with the files read side by side, as many as it wants at a time. */
export async function fetchLater<T>(work: Fetching<T>, files: FileSystem): Promise<T> {
  let step = work.next([]);
  while (step.done !== true) {
    step = work.next(await Promise.all(step.value.map((path) => readLater(path, files))));
  }
  return step.value;
}

async function readLater(path: Location, files: FileSystem): Promise<Fetched> {
  try {
    return { bytes: await files.read(path) };
  } catch (error) {
    return { error };
  }
}

/** Runs it in calls that block the thread. */
export function fetchNow<T>(work: Fetching<T>, files: BlockingFiles): T {
  let step = work.next([]);
  while (step.done !== true) step = work.next(step.value.map((path) => readNow(path, files)));
  return step.value;
}

function readNow(path: Location, files: BlockingFiles): Fetched {
  try {
    const reader = files.open(path);
    try {
      let target: Uint8Array = Buffer.allocUnsafeSlow(FIRST_READ_BYTES);
      let filled = 0;
      for (;;) {
        const read = reader.read(target.subarray(filled), filled);
        if (read === 0) return { bytes: target.subarray(0, filled) };
        filled += read;
        if (filled < target.length) continue;
        const larger = Buffer.allocUnsafeSlow(4 * target.length);
        larger.set(target);
        target = larger;
      }
    } finally {
      reader.close();
    }
  } catch (error) {
    return { error };
  }
}
