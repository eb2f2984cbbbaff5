import {
  type Clock,
  type ExecutorId,
  type JobId,
  type Logger,
  type Warning,
  type WarningOver,
  type WarningSink,
  type WireError,
  warningOf,
} from "@millrace/base";
import { isTold, WarningLog } from "@millrace/scheduler";
import type { JobDriverEvent } from "./events.ts";

export interface JobWarningsOptions {
  readonly job: JobId;
  readonly clock: Clock;
  readonly log: Logger;
  /** The remedy in NO_EXECUTORS: the way to get executors in this environment. */
  readonly executorsHint: string;
  readonly onEvent: (event: JobDriverEvent) => void;
}

/** Passes a job's warnings to its log and its owner. */
export class JobWarnings implements WarningSink {
  readonly #options: JobWarningsOptions;
  readonly #log = new WarningLog();

  constructor(options: JobWarningsOptions) {
    this.#options = options;
  }

  readonly warn = (given: Warning): void => {
    const { job, clock, log, executorsHint, onEvent } = this.#options;
    const warning = given.code === "NO_EXECUTORS" ? { ...given, message: `${given.message} ${executorsHint}` } : given;
    const at = clock.now();
    const record = this.#log.raise(warning, at);
    const told = isTold(record);
    if (told) log.warn({ job, code: warning.code, count: record.count }, warning.message);
    onEvent({ type: "warning", warning, at, told });
  };

  /** An executor reports a non-fatal error. */
  readonly ofExecutor = (executor: ExecutorId, { message }: WireError): void =>
    this.warn(warningOf(message, { subject: executor }));

  readonly warningOver = (over: WarningOver): void => {
    if (!this.#log.end(over)) return;
    const { job, log, onEvent } = this.#options;
    if (over.message !== undefined) log.info({ job }, over.message);
    onEvent({ type: "warningOver", over });
  };
}
