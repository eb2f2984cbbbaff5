import { type Console, tell } from "./console.ts";
import { Interrupted } from "./interrupted.ts";

/**
 * Keeps a server running until the user or the process manager ends it: the first signal stops it gracefully, a second
 * one at once.
 *
 * @returns The result of `stop`.
 * @throws {Interrupted} The second signal cut the graceful stop short.
 */
export async function untilInterrupted<T>(
  console: Console,
  name: string,
  stop: (graceful: boolean) => Promise<T>,
): Promise<T> {
  const { graceful, immediate } = console.interrupts;
  await aborted(graceful);
  tell(console, `stopping the ${name}; repeat to stop it at once`);
  const hard = aborted(immediate).then(() => undefined);
  const soft = stop(true).then((value) => ({ value }));
  const first = await Promise.race([soft, hard]);
  if (first !== undefined) return first.value;
  await Promise.race([stop(false), soft]);
  throw new Interrupted();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
