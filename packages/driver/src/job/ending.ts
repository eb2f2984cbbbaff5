import {
  type Clock,
  clauseOf,
  formatDuration,
  type Millis,
  millis,
  type Timer,
  type Warning,
  warningKind,
} from "@millrace/base";
import type { JobEnd } from "@millrace/scheduler";
import type { JobThread } from "./thread/host.ts";

/** How long code of the job that goes on by itself may take: what follows a loop on the driver, timers on executors. */
const LEAVE_MS = 1_000;

const jobCodeCutOff = warningKind("JOB_CODE_CUT_OFF");
const jobCodeFailedLate = warningKind("JOB_CODE_FAILED_LATE");
const receiversCutOff = warningKind("RECEIVERS_CUT_OFF");
/** The subject of what happens once in a job. */
const JOB = "";

export interface EndingPorts {
  readonly thread: Pick<JobThread, "send" | "leave">;
  readonly clock: Clock;
  warn(warning: Warning): void;
  /** Lets code of the job on executors finish what its tasks left pending. */
  settle(done: () => void): void;
  /** All is done, or was cut short. */
  over(): void;
}

/**
 * What is between the last batch of a job and its end: code of the job is told, and may finish what it does.
 *
 *     telling ─told─▶ (leaving ─gone─▶) settling ─settled─▶ over      any ─too late─▶ the next
 */
export class Ending {
  /** How the job ends. */
  readonly end: JobEnd;
  readonly #ports: EndingPorts;
  #limit: Timer;
  #settling = false;
  #isOver = false;

  constructor(end: JobEnd, limitMs: Millis, ports: EndingPorts) {
    this.end = end;
    this.#ports = ports;
    this.#limit = ports.clock.after(limitMs, () => {
      ports.warn(
        jobCodeCutOff(
          JOB,
          `code of the job did not come to an end within ${limitMs} ms after the last batch and is cut off. ` +
            "Let stop() of its input streams return, and read what toAsyncIterable gives to its end.",
        ),
      );
      this.#settle();
    });
    ports.thread.send({ type: "end", error: end.state === "finished" ? undefined : end.error });
  }

  /** Code of the job has been told. */
  onTold(goesOn: boolean): void {
    this.#limit.cancel();
    const { thread, clock, warn } = this.#ports;
    if (!goesOn) return this.#settle();
    this.#limit = clock.after(millis(LEAVE_MS), () => this.#settle());
    void thread.leave().then((error) => {
      // A job that has failed already said why, and may have told it to a loop that did not catch it.
      if (error !== undefined && this.end.state === "finished") {
        warn(
          jobCodeFailedLate(
            JOB,
            `code of the job failed after the last batch, by an error that nothing caught: ${clauseOf(error.message)}.`,
          ),
        );
      }
      this.#settle();
    });
  }

  #settle(): void {
    if (this.#settling) return;
    this.#settling = true;
    this.#limit.cancel();
    this.#limit = this.#ports.clock.after(millis(LEAVE_MS), () => this.#over());
    this.#ports.settle(() => this.#over());
  }

  #over(): void {
    if (this.#isOver) return;
    this.cancel();
    this.#ports.over();
  }

  cancel(): void {
    this.#isOver = true;
    this.#limit.cancel();
  }
}

/** Nothing was lost by it: all batches that were wanted are done. */
export function receiversHang(limit: Millis): Warning {
  return receiversCutOff(
    JOB,
    `receivers have not stopped within stop.timeout = ${formatDuration(limit)} after the last batch and are cut off. ` +
      "Let onStop return.",
  );
}
