import type { ExecutorId, JobId } from "@millrace/base";
import type { DataAddress, TlsSettings } from "@millrace/rpc";

/** Messages to a job executor process from the supervisor that started it, over their channel. */
export type ToJobExecutor =
  /** First, once. */
  | {
      readonly type: "start";
      readonly job: JobId;
      readonly executor: ExecutorId;
      readonly slots: number;
      /** The address on which the job driver process listens for sessions. */
      readonly driver: DataAddress;
      /** Tells this driver process of the job from others. */
      readonly driverRun: number;
      readonly token: string;
      /** The address to serve blocks on, and the one that peers dial. */
      readonly host: string;
      readonly advertise: string;
      readonly insecure: boolean;
      readonly tls?: TlsSettings;
      readonly workDir: string;
      readonly poolBytes: number;
      readonly slotHeapBytes: number;
    }
  /** The job's driver is gone: the process keeps what it holds until it is told of the next one. */
  | { readonly type: "hold" }
  /** Where the job's driver is, and which one. */
  | { readonly type: "driver"; readonly driver: DataAddress; readonly driverRun: number }
  /** The executor is leaving: the process reports that to its driver, and serves until the driver releases it. */
  | { readonly type: "leave" }
  /** The process exits; if it has not after the grace period, it is killed. */
  | { readonly type: "stop" };

/**
 * Messages from a job executor process to its supervisor: the process groups of commands started by tasks. The process
 * ends them itself as long as it can.
 */
export interface FromJobExecutor {
  readonly type: "commandStarted" | "commandEnded";
  readonly group: number;
}
