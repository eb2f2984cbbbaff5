import { setFlagsFromString } from "node:v8";
import type { ResourceLimits } from "node:worker_threads";

const LEAST_MB = 16;
/** V8's default for the young generation. */
const YOUNG_MB_MAX = 48;
const YOUNG_MB_MIN = 12;

/**
 * A thread's heap limit, in the form that `new Worker` takes.
 *
 * A heap size on the command line or in NODE_OPTIONS overrides the limit of every thread, so it is reset here: the main
 * thread, for which it is meant, has its heap already.
 *
 * V8 counts the young generation separately, which would add a third to a small heap; so in small heaps it is kept
 * small.
 *
 * @param bytes Raised to 16 MiB if less.
 */
export function threadHeap(bytes: number): ResourceLimits {
  setFlagsFromString("--max-old-space-size=0");
  const maxOldGenerationSizeMb = Math.max(LEAST_MB, Math.floor(bytes / 2 ** 20));
  const maxYoungGenerationSizeMb = Math.min(
    YOUNG_MB_MAX,
    Math.max(YOUNG_MB_MIN, Math.floor(maxOldGenerationSizeMb / 6)),
  );
  return { maxOldGenerationSizeMb, maxYoungGenerationSizeMb };
}
