import { formatDuration, millis, parseDuration } from "@millrace/base";
import { type Console, tell } from "./console.ts";
import { readerIsGone } from "./signals.ts";
import { sleep } from "./wait.ts";

const LOOK_EVERY = parseDuration("500ms");
/** Lines of progress are at least this far apart. */
const TOLD_EVERY_MS = 2_000;

/** Says what is waited for, on a terminal alone: whenever that has changed, and not too often. */
export class WaitingLines {
  readonly #console: Console;
  readonly #who: string;
  #text = "";
  #toldMs: number;

  /** @param who Begins each line: `job counts-1 stops`. */
  constructor(console: Console, who: string) {
    this.#console = console;
    this.#who = who;
    this.#toldMs = console.clock.monotonicMs(); // what takes less is not worth a line
  }

  /** @param by When it waits no longer, in epoch ms. */
  tell(waitsFor: readonly string[], by?: number): void {
    const { clock, terminal } = this.#console;
    const now = clock.monotonicMs();
    const text = waitsFor.join("; ");
    if (!terminal || text === "" || text === this.#text || now - this.#toldMs < TOLD_EVERY_MS) return;
    this.#text = text;
    this.#toldMs = now;
    const limit = by === undefined ? "" : `; ends at once in ${formatDuration(secondsUntil(by, clock.now()))}`;
    tell(this.#console, `${this.#who}, waiting for ${text}${limit}`);
  }
}

const secondsUntil = (by: number, now: number) => millis(Math.max(0, Math.round((by - now) / 1_000) * 1_000));

/**
 * Asks again and again until the answer is final.
 *
 * @param ask Returns `undefined` for as long as it is not.
 * @param goesOn Said when the user no longer wants to wait, which changes nothing.
 * @throws {Interrupted} The user no longer wants to wait.
 */
export async function waitFor<T>(console: Console, ask: () => Promise<T | undefined>, goesOn: string): Promise<T> {
  const { graceful } = console.interrupts;
  const detached = (): void => {
    if (!readerIsGone(console.interrupts)) tell(console, goesOn);
  };
  graceful.addEventListener("abort", detached, { once: true });
  try {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(console, LOOK_EVERY);
    }
  } finally {
    graceful.removeEventListener("abort", detached);
  }
}
