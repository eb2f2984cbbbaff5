import type { Clock, ExecutorId, JobId, Logger, TakeOutput } from "@millrace/base";
import type { DriverSession } from "@millrace/rpc";
import type { Commands } from "@millrace/runtime/threads";
import type { DataPlane } from "./blocks/data-port.ts";
import type { ExecutorThreads } from "./slots/executor-threads.ts";

export interface JobExecutorOptions {
  readonly job: JobId;
  readonly executor: ExecutorId;
  readonly slots: number;
  /** With the job driver. Used from `start` on. */
  readonly session: DriverSession;
  /**
   * The connection broke, and this executor has what the job's next driver can use: it waits for `rebind` or
   * `stop`. Otherwise, and by default, it ends.
   */
  readonly onDriverLost?: (error: Error) => void;
  readonly data: DataPlane;
  /** The threads that run code of the job. */
  readonly threads: ExecutorThreads;
  /** A directory for this executor alone, created if missing and removed at the end. */
  readonly workDir: string;
  readonly poolBytes: number;
  readonly slotHeapBytes: number;
  /** Notified of process groups that tasks start, so that another process can end them when this one no longer can. */
  readonly commands?: Pick<Commands, "started" | "ended">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the output of the job's code. */
  readonly output: TakeOutput;
}
