import { randomBytes } from "node:crypto";
import { type Clock, type JobId, type Logger, type Millis, millis, parseDuration, systemRng } from "@millrace/base";
import type { JobSettings } from "@millrace/scheduler";
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
  /** The token is the job's own. */
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
  /** Its driver is gone, and there will be another. */
  holdExecutors(): void;
  stopExecutors(): void;
  /** What it waits for has changed, or it is over. */
  onWaits(): void;
  onEnded(): void;
}

/** The time for a job's driver process to exit when told to. */
const EXIT_GRACE = parseDuration("5s");
/**
 * Time added to `stop.timeout`, which the job's driver process enforces, so that a drained job can tell user code and
 * exit.
 */
const DRAIN_OVERRUN = parseDuration("15s");
const RESTART_PAUSE = { min: parseDuration("200ms"), max: parseDuration("30s") };
const STEADY_AFTER = parseDuration("60s");

export function lifecycleSettings({ restartPauseMax: max = RESTART_PAUSE.max }: ManagedJobOptions): JobSettings {
  return {
    overrun: DRAIN_OVERRUN,
    exitGrace: EXIT_GRACE,
    restartDelay: { min: millis(Math.min(RESTART_PAUSE.min, max)), max },
    steadyAfter: STEADY_AFTER,
    rng: systemRng(),
  };
}

/** Where executors reach the driver process of a job. */
export interface JobDriverPort {
  readonly port: number;
  readonly token: string;
  /** Tells this process from others of the job. */
  readonly run: number;
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
    token: randomBytes(24).toString("base64url"),
    executors: 0,
    stopping: false,
    counts: { completed: 0, failed: 0, spilledBytes: 0, restarts: 0 },
  };
}
