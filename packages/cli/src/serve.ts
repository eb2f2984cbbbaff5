import { type Console, tell } from "./console.ts";
import { Interrupted } from "./interrupted.ts";

/**
 * Keeps a server up until the user, or whoever runs the process, ends it: the first signal stops it gracefully, a
 * second one at once.
 *
 * @throws {Interrupted} When the second signal cut the graceful stop short.
 */
export async function untilInterrupted(
  console: Console,
  name: string,
  stop: (graceful: boolean) => Promise<void>,
): Promise<void> {
  const { graceful, immediate } = console.interrupts;
  await aborted(graceful);
  tell(console, `stopping the ${name}; once more to stop it at once`);
  const hard = aborted(immediate).then(() => "hard" as const);
  const soft = stop(true).then(() => "soft" as const);
  if ((await Promise.race([soft, hard])) === "soft") return;
  await Promise.race([stop(false), soft]);
  throw new Interrupted();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
