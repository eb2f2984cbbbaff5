import { patiently } from "millrace";
import { KafkaError } from "./errors.ts";

/** What a broker does in tens of milliseconds, such as ending the transaction before, is not waited for longer. */
const FIRST_PAUSE_MS = 100;

/**
 * Makes a request to a cluster, again and again while its error may pass, for so long.
 *
 * @param cluster Its name for `millrace status`.
 * @param before Called before each further try.
 */
export function retried<T>(
  { cluster, patienceMs }: { readonly cluster: string; readonly patienceMs: number },
  act: () => Promise<T>,
  before?: () => Promise<void>,
): Promise<T> {
  let isFirst = true;
  const passing = (error: unknown): boolean => error instanceof KafkaError && error.passing;
  return patiently({ place: cluster, patienceMs, passing, firstPauseMs: FIRST_PAUSE_MS }, async () => {
    if (!isFirst) await before?.();
    isFirst = false;
    return act();
  });
}
