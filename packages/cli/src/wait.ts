import { EngineError, millis } from "@millrace/base";
import { type Console, tell } from "./console.ts";
import { Interrupted } from "./interrupted.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Repeats `attempt` while the driver cannot be reached, with growing pauses, and says so the first time. Any other
 * failure ends it.
 *
 * @throws {Interrupted} When the user gives up.
 */
export async function untilReachable<T>(console: Console, address: string, attempt: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE_MS, told = false; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (!told) tell(console, `the driver at ${address} does not answer yet; trying until it does (Ctrl-C gives up)`);
      told = true;
      await sleep(console, pause);
    }
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof EngineError && error.code === "PEER_UNREACHABLE";
}

function sleep(console: Console, ms: number): Promise<void> {
  const { graceful } = console.interrupts;
  return new Promise((resolve, reject) => {
    if (graceful.aborted) return reject(new Interrupted());
    const give = (): void => {
      timer.cancel();
      reject(new Interrupted());
    };
    const timer = console.clock.after(millis(ms), () => {
      graceful.removeEventListener("abort", give);
      resolve();
    });
    graceful.addEventListener("abort", give, { once: true });
  });
}

/** Settles as `work` does, or rejects when the user interrupts first; `work` itself is left to end with the process. */
export function orInterrupted<T>(console: Console, work: Promise<T>): Promise<T> {
  const { graceful } = console.interrupts;
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Interrupted());
    if (graceful.aborted) give();
    graceful.addEventListener("abort", give, { once: true });
    work.finally(() => graceful.removeEventListener("abort", give)).then(resolve, reject);
  });
}
