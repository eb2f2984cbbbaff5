import type { Clock } from "@millrace/base";
import type { Interrupts } from "./engine.ts";
import { ReaderGone } from "./reader.ts";

/**
 * Ctrl-C in a terminal reaches every process of the group, and npm forwards it as well: copies this close together are
 * one press.
 */
const SAME_PRESS_MS = 300;

/**
 * Turns SIGINT, SIGTERM and SIGHUP into the two steps of an interruption, for the life of the process.
 *
 * @param closed Output can no longer be written, for this reason: like a first signal, except for {@link readerIsGone}.
 */
export function watchSignals(clock: Clock, process: Pick<NodeJS.Process, "on">, closed: AbortSignal): Interrupts {
  const graceful = new AbortController();
  const immediate = new AbortController();
  let last = Number.NEGATIVE_INFINITY;
  const onSignal = (): void => {
    const now = clock.monotonicMs();
    const again = now - last >= SAME_PRESS_MS;
    last = now;
    if (!graceful.signal.aborted) graceful.abort();
    else if (again) immediate.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  closed.addEventListener("abort", () => graceful.abort(closed.reason), { once: true });
  return { graceful: graceful.signal, immediate: immediate.signal };
}

/** The interruption came from a closed pipe, as in `| head -1`: no failure, and nothing to report. */
export function readerIsGone({ graceful }: Interrupts): boolean {
  return graceful.reason instanceof ReaderGone;
}
