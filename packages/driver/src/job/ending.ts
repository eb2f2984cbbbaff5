import { type Clock, clauseOf, formatDuration, type Millis, millis, type Timer } from "@millrace/base";
import type { JobEnd } from "@millrace/scheduler";
import type { JobThread } from "./thread/host.ts";

/** How long code of the job that goes on by itself may take: what follows a loop that has just ended. */
const LEAVE_MS = 1_000;

export interface EndingPorts {
  readonly thread: Pick<JobThread, "send" | "leave">;
  readonly clock: Clock;
  warn(message: string): void;
  /** All is done, or was cut short. */
  over(): void;
}

/**
 * What is between the last batch of a job and its end: code of the job is told, and may finish what it does.
 *
 *     telling ─told─▶ (leaving ─gone─▶) over      any ─too late─▶ over
 */
export class Ending {
  /** How the job ends. */
  readonly end: JobEnd;
  readonly #ports: EndingPorts;
  #limit: Timer;

  constructor(end: JobEnd, limitMs: Millis, ports: EndingPorts) {
    this.end = end;
    this.#ports = ports;
    this.#limit = ports.clock.after(limitMs, () => {
      ports.warn(
        `code of the job did not come to an end within ${limitMs} ms after the last batch and is cut short. ` +
          "Let stop() of its input streams return, and read what toAsyncIterable gives to its end.",
      );
      ports.over();
    });
    ports.thread.send({ type: "end", error: end.state === "finished" ? undefined : end.error });
  }

  /** Code of the job has been told. */
  onTold(goesOn: boolean): void {
    this.#limit.cancel();
    const { thread, clock, warn, over } = this.#ports;
    if (!goesOn) return over();
    this.#limit = clock.after(millis(LEAVE_MS), over);
    void thread.leave().then((error) => {
      // A job that has failed already said why, and may have told it to a loop that did not catch it.
      if (error !== undefined && this.end.state === "finished") {
        warn(
          `code of the job failed after the last batch, by an error that nothing caught: ${clauseOf(error.message)}.`,
        );
      }
      over();
    });
  }

  cancel(): void {
    this.#limit.cancel();
  }
}

/** Nothing was lost by it: all batches that were wanted are done. */
export function receiversHang(limit: Millis): string {
  return (
    `receivers have not stopped within stop.timeout = ${formatDuration(limit)} after the last batch and are cut off. ` +
    "Let onStop return."
  );
}
