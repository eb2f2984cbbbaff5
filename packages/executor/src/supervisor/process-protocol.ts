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
      /** Where the job's driver process listens for sessions. */
      readonly driver: DataAddress;
      readonly token: string;
      /** Where to serve blocks, and what peers dial. */
      readonly host: string;
      readonly advertise: string;
      readonly insecure: boolean;
      readonly tls?: TlsSettings;
      readonly workDir: string;
      readonly poolBytes: number;
      readonly slotHeapBytes: number;
    }
  /** Its executor was told to end: the process tells its driver, and serves until released. */
  | { readonly type: "leave" }
  /** The process ends by itself soon, or is killed after the grace period. */
  | { readonly type: "stop" };

/**
 * Messages from a job executor process to its supervisor: the process groups of commands started by tasks. The process
 * ends them itself as long as it can.
 */
export interface FromJobExecutor {
  readonly type: "commandStarted" | "commandEnded";
  readonly group: number;
}
