import { EngineError, formatDuration, type Millis, millis, parseDuration, type Timer } from "@millrace/base";
import type { WaitsOf, WaitsReport } from "@millrace/rpc";
import type { OperatorClient } from "@millrace/rpc/grpc";
import { type Console, tell } from "./console.ts";
import { readerIsGone } from "./signals.ts";
import { orInterrupted, untilReachable } from "./wait.ts";

/** Lines of progress are at least this far apart. */
const TOLD_EVERY_MS = 2_000;
/** How long a driver that died meanwhile has to be there again. */
const AWAY_MAX = parseDuration("1m");

/** Says what is waited for, on a terminal alone: what has changed, and not too often. */
export class WaitingLines {
  readonly #console: Console;
  readonly #who: string;
  #said = "";
  /** Or since when something is waited for: what takes less is not worth a line. */
  #saidMs: number | undefined;
  #due: Timer | undefined;

  /** @param who Begins each line: `job counts-1 stops`. */
  constructor(console: Console, who: string) {
    this.#console = console;
    this.#who = who;
  }

  tell(report: WaitsReport): void {
    const { clock, terminal } = this.#console;
    this.end();
    if (!terminal) return;
    this.#saidMs ??= clock.monotonicMs();
    const wait = this.#saidMs + TOLD_EVERY_MS - clock.monotonicMs();
    this.#due = clock.after(millis(Math.max(0, wait)), () => this.#say(report));
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#due?.cancel();
  }

  #say({ waitsFor, by }: WaitsReport): void {
    const { clock } = this.#console;
    const text = waitsFor.join("; ");
    if (text === "" || text === this.#said) return;
    this.#said = text;
    this.#saidMs = clock.monotonicMs();
    const limit = by === undefined ? "" : `; ends at once in ${formatDuration(secondsUntil(by, clock.now()))}`;
    tell(this.#console, `${this.#who}, waiting for ${text}${limit}`);
  }
}

const secondsUntil = (by: number, now: number): Millis => millis(Math.max(0, Math.round((by - now) / 1_000) * 1_000));

interface Waiting {
  readonly operator: OperatorClient;
  /** Of the driver. */
  readonly address: string;
  readonly whose: WaitsOf;
  /** Begins each line: `job counts-1 stops`. */
  readonly who: string;
  /** Said when the user no longer wants to wait, which changes nothing. */
  readonly goesOn: string;
}

/**
 * Waits until a job has ended, or an executor has left, as the driver tells it, and says what for. A driver that dies meanwhile is
 * asked again when it is back.
 *
 * @throws {Interrupted} The user no longer wants to wait.
 * @throws DRIVER_NOT_REACHED
 */
export async function untilOver(console: Console, { operator, address, whose, who, goesOn }: Waiting): Promise<void> {
  const { graceful } = console.interrupts;
  const detached = (): void => {
    if (!readerIsGone(console.interrupts)) tell(console, goesOn);
  };
  const lines = new WaitingLines(console, who);
  graceful.addEventListener("abort", detached, { once: true });
  try {
    for (;;) {
      try {
        await orInterrupted(console, tellAll(lines, operator.waits(whose)));
        return;
      } catch (error) {
        if (!(error instanceof EngineError) || error.code !== "PEER_UNREACHABLE") throw error;
        const waiting = { address, timeout: AWAY_MAX, outcome: "How it ended is not known." };
        await untilReachable(console, waiting, (within) => operator.jobs(within));
      }
    }
  } finally {
    lines.end();
    graceful.removeEventListener("abort", detached);
  }
}

async function tellAll(lines: WaitingLines, reports: AsyncIterable<WaitsReport>): Promise<void> {
  for await (const report of reports) lines.tell(report);
}
