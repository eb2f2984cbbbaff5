import type { ExecutorId, JobId, Logger, TakeOutput, WireError } from "@millrace/base";
import type { ExecutorSession } from "@millrace/rpc";
import type { DriverDataOptions } from "../job/driver-data.ts";
import type { ExecutorMemory } from "../job/events.ts";

export interface EmbeddedExecutorsOptions {
  readonly job: JobId;
  /** Work directories are created below it. */
  readonly directory: string;
  /** Known once the job is built; rejected if it will not be. */
  readonly memory: Promise<ExecutorMemory>;
  readonly log: Logger;
  readonly onSession: (session: ExecutorSession) => void;
  /** Takes the output of user code in this process. */
  readonly output: TakeOutput;
  /** Takes the output of executor processes, including their logs. */
  readonly executorOutput: TakeOutput;
  /** An executor's process exited unasked; another one replaces it. */
  readonly onExit: (executor: ExecutorId, error: WireError) => void;
}

export interface EmbeddedExecutors {
  /** The data plane between the driver and the executors. */
  readonly data: DriverDataOptions;
  /** Rejects if they cannot be started for a reason that a retry does not fix. */
  readonly failed: Promise<never>;
  /** After `memory` has settled. */
  close(): Promise<void>;
}
