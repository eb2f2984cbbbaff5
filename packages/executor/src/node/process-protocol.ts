import type { ExecutorId, JobId } from "@millrace/base";
import type { DataAddress, TlsSettings } from "@millrace/rpc";

/** What a job executor process is told by the supervisor that started it, over the channel between them. */
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
  /** Its executor was told to end: it tells its driver, and serves until that lets it go. */
  | { readonly type: "leave" }
  /** The process ends by itself soon, or is killed after the grace period. */
  | { readonly type: "stop" };

/**
 * What a job executor process tells the supervisor: the process groups of commands that tasks started. The process ends
 * them itself as long as it can.
 */
export interface FromJobExecutor {
  readonly type: "commandStarted" | "commandEnded";
  readonly group: number;
}
