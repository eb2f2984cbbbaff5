import type { ExecutorId, JobId, WireError } from "@millrace/base";
import type { PortRange, TlsSettings } from "@millrace/rpc";
import type { StopRequest } from "@millrace/scheduler";
import type { JobDriverEvent } from "../job/events.ts";

/**
 * Where a job's driver process writes the engine's log, so that the supervisor can separate it from the job's output.
 */
export const ENGINE_LOG_FD = 4;

/** Where a job's driver process listens for the job's executors, and its security. */
export interface JobListen {
  readonly host: string;
  /** By default any free ports. */
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
      readonly conf: Readonly<Record<string, string>>;
      readonly dataDir: string;
      readonly listen: JobListen;
      readonly heapBytes: number;
      /** Known executors, which will dial. */
      readonly executors: number;
    }
  | { readonly type: "stop"; readonly how: StopRequest }
  /** Why an executor process of this job ended. */
  | { readonly type: "executorExited"; readonly executor: ExecutorId; readonly error: WireError };

export type FromJobProcess =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "event"; readonly event: JobDriverEvent };
