import { Backoff, clauseOf, EngineError, formatDuration, type Millis, millis, systemRng } from "@millrace/base";
import { type Console, tell } from "./console.ts";
import { driverNotReached } from "./errors.ts";
import { Interrupted } from "./interrupted.ts";

const PAUSE = { min: millis(250), max: millis(5_000) };
/** On a terminal: how often to say that it still waits. */
const REMINDER_MS = 10_000;
/** An attempt started at the end of the timeout still gets this long for its answer. */
const ATTEMPT_MIN_MS = 1_000;

export interface WaitOptions {
  readonly address: string;
  /** The time after which to give up; `undefined`: never. */
  readonly timeout: Millis | undefined;
  /** The option that has it. */
  readonly option?: string;
  /** What giving up means: `Nothing was submitted.` */
  readonly outcome: string;
}

/**
 * Repeats `attempt` while the driver cannot be reached, backing off, and says so: once, and repeatedly on a terminal.
 * Any other failure ends it.
 *
 * @param attempt Receives the remaining time; `undefined`: no limit.
 * @throws {Interrupted} The user gave up.
 * @throws DRIVER_NOT_REACHED After `timeout`.
 */
export async function untilReachable<T>(
  console: Console,
  { address, timeout, option, outcome }: WaitOptions,
  attempt: (within: Millis | undefined) => Promise<T>,
): Promise<T> {
  const begun = console.clock.monotonicMs();
  const left = (limit: Millis): Millis => {
    const rest = limit - (console.clock.monotonicMs() - begun);
    return millis(Math.ceil(Math.max(ATTEMPT_MIN_MS, rest)));
  };
  let told: number | undefined;
  const backoff = new Backoff(PAUSE, systemRng());
  for (;;) {
    try {
      return await attempt(timeout === undefined ? undefined : left(timeout));
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      const waited = console.clock.monotonicMs() - begun;
      if (timeout !== undefined && waited >= timeout) {
        throw driverNotReached(
          `the driver at ${address} was not reached within ${formatDuration(timeout)}${option === undefined ? "" : ` (${option})`}: ${clauseOf(error.message)}. ${outcome} ` +
            "Start the driver, or give its address with --driver.",
          { cause: error },
        );
      }
      if (told === undefined || (console.terminal && waited - told >= REMINDER_MS)) {
        tell(
          console,
          `${told === undefined ? "" : "still "}waiting for a driver at ${address}: ${clauseOf(error.message)}. ${limits(timeout)}`,
        );
        told = waited;
      }
      const pause = backoff.next();
      await sleep(console, timeout === undefined ? pause : millis(Math.min(pause, timeout - waited)));
    }
  }
}

const limits = (timeout: Millis | undefined): string =>
  timeout === undefined
    ? "Retrying until it answers; --timeout DURATION limits that, Ctrl-C gives up."
    : `Retrying for ${formatDuration(timeout)}; Ctrl-C gives up.`;

/** Nobody has answered, as far as is known. A proxy in front of a driver that is not up yet counts as nobody. */
export function isUnreachable(error: unknown): error is EngineError {
  if (!(error instanceof EngineError)) return false;
  const { found } = error.fields;
  return (
    error.code === "PEER_UNREACHABLE" || (error.code === "NOT_A_DRIVER" && (found === "closes" || found === "silent"))
  );
}

/** @throws {Interrupted} The user does not want to wait. */
function sleep(console: Console, ms: Millis): Promise<void> {
  const { graceful } = console.interrupts;
  return new Promise((resolve, reject) => {
    if (graceful.aborted) return reject(new Interrupted());
    const give = (): void => {
      timer.cancel();
      reject(new Interrupted());
    };
    const timer = console.clock.after(ms, () => {
      graceful.removeEventListener("abort", give);
      resolve();
    });
    graceful.addEventListener("abort", give, { once: true });
  });
}

/** Settles like `work`, or rejects when the user interrupts first; `work` itself ends with the process. */
export function orInterrupted<T>(console: Console, work: Promise<T>): Promise<T> {
  const { graceful } = console.interrupts;
  return new Promise((resolve, reject) => {
    const give = (): void => reject(new Interrupted());
    if (graceful.aborted) give();
    graceful.addEventListener("abort", give, { once: true });
    work.finally(() => graceful.removeEventListener("abort", give)).then(resolve, reject);
  });
}
