import { KafkaError } from "./errors.ts";

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 2_000;

/** Waits. This is the only place of the package with a timer: the ports that it stands on have no clock. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Does something again, after pauses that grow, while its error may pass.
 *
 * @param tries At most so many: 6 take about 3 seconds, 40 more than a minute.
 * @param before Called before each further try.
 */
export async function retried<T>(tries: number, act: () => Promise<T>, before?: () => Promise<void>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      if (tried > 1) await before?.();
      return await act();
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.passing || tried >= tries) throw error;
      await pause(Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** tried));
    }
  }
}
