import type { ExecutorId, JobId, WireError } from "@millrace/base";
import type { PortRange, TlsSettings } from "@millrace/rpc";
import type { StopRequest } from "@millrace/scheduler";
import type { JobDriverEvent } from "../job/events.ts";

/**
 * The file descriptor for the engine's log in a job's driver process, which keeps it apart from the job's output.
 */
export const ENGINE_LOG_FD = 4;

/** The address at which a job's driver process listens for executors, and its security. */
export interface JobListen {
  readonly host: string;
  /** Any free ports by default. */
  readonly ports?: PortRange;
  readonly token: string;
  readonly tls?: TlsSettings;
}

/** Messages from the supervisor to a job's driver process, over their channel. */
export type ToJobProcess =
  | {
      readonly type: "start";
      readonly job: JobId;
      readonly name: string | undefined;
      readonly module: string;
      readonly artefact: string;
      readonly args: readonly string[];
      readonly drop: readonly string[];
      readonly availableNow: boolean;
      readonly conf: Readonly<Record<string, string>>;
      readonly dataDir: string;
      readonly listen: JobListen;
      readonly heapBytes: number;
      /** The number of known executors, which will dial. */
      readonly executors: number;
    }
  | { readonly type: "stop"; readonly how: StopRequest }
  /** The reason why an executor process of this job ended. */
  | { readonly type: "executorExited"; readonly executor: ExecutorId; readonly error: WireError };

export type FromJobProcess =
  /** By a defect of the engine, and not by the job's code. It is about to exit. */
  | { readonly type: "crashed"; readonly error: WireError }
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "event"; readonly event: JobDriverEvent };
