import type { Clock, JobId, Logger, Millis } from "@millrace/base";
import type { ExecutorMemory } from "../job/events.ts";
import type { JobListen } from "./job-process-protocol.ts";
import type { JobRecord } from "./job-record.ts";

export interface ManagedJobOptions {
  readonly id: JobId;
  readonly name: string | undefined;
  readonly fallbackName: string;
  readonly args: readonly string[];
  /** Names of what may be dropped from its checkpoint. */
  readonly drop: readonly string[];
  /** End when the inputs have given what they held at the start. */
  readonly availableNow: boolean;
  readonly conf: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Its driver process has a token of its own. */
  readonly listen: Omit<JobListen, "token">;
  readonly heapBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The number of executors that will be told to join. */
  executorsKnown(): number;
  /** The longest pause before its driver process is restarted. */
  readonly restartPauseMax?: Millis | undefined;
  /** The job's driver listens at this port, and needs this memory on each executor: start the job there. */
  startExecutors(driver: JobDriverPort, memory: ExecutorMemory): void;
  stopExecutors(): void;
  onEnded(): void;
}

/** Where executors reach the driver process of a job. */
export interface JobDriverPort {
  readonly port: number;
  readonly token: string;
}

/** The record of a job that is submitted now. */
export function newRecord(options: ManagedJobOptions): JobRecord {
  const { name, fallbackName, args, drop, availableNow, conf, clock } = options;
  return {
    ...(name === undefined ? {} : { name }),
    fallbackName,
    submittedAt: clock.now(),
    args: [...args],
    drop: [...drop],
    availableNow,
    conf,
    executors: 0,
    stopping: false,
    counts: { completed: 0, failed: 0, spilledBytes: 0, restarts: 0 },
  };
}
