import { setFlagsFromString } from "node:v8";
import type { ResourceLimits } from "node:worker_threads";

const LEAST_MB = 16;
/** V8's own choice for the young generation. */
const YOUNG_MB_MAX = 48;
const YOUNG_MB_MIN = 12;

/**
 * The limit of a thread's heap, as `new Worker` takes it.
 *
 * A heap size on the command line or in NODE_OPTIONS would win over the limit of every thread. It is taken back here, so
 * that it holds for what it is meant for: the main thread, which has its heap already.
 *
 * V8 counts the young generation beside it, which in a small heap would take a third more than was given: so it is small
 * there too.
 *
 * @param bytes Less than 16 MiB is taken for 16 MiB.
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
