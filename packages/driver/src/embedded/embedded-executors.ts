import type { ExecutorId, JobId, Logger, TakeOutput, WireError } from "@millrace/base";
import type { ExecutorSession } from "@millrace/rpc";
import type { DriverDataOptions } from "../job/driver-data.ts";
import type { ExecutorMemory } from "../job/events.ts";

export interface EmbeddedExecutorsOptions {
  readonly job: JobId;
  /** Work directories go below it. */
  readonly directory: string;
  /** Known once the job is built; rejected when that is not to be. */
  readonly memory: Promise<ExecutorMemory>;
  readonly log: Logger;
  readonly onSession: (session: ExecutorSession) => void;
  /** Takes what code of the job writes in this process. */
  readonly output: TakeOutput;
  /** Takes what executor processes write, their logs too. */
  readonly executorOutput: TakeOutput;
  /** The process of an executor ended by itself; another is started in its place. */
  readonly onExit: (executor: ExecutorId, error: WireError) => void;
}

export interface EmbeddedExecutors {
  /** How the driver meets them. */
  readonly data: DriverDataOptions;
  /** Rejects when they cannot be started for a reason that trying again does not mend. */
  readonly failed: Promise<never>;
  /** After `memory` has settled. */
  close(): Promise<void>;
}
