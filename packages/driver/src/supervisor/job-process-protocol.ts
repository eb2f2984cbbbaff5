import type { ExecutorId, JobId, WireError } from "@millrace/base";
import type { PortRange, TlsSettings } from "@millrace/rpc";
import type { StopRequest } from "@millrace/scheduler";
import type { JobDriverEvent } from "../job/events.ts";

/** Where a job's driver process writes the engine's log, for the supervisor to keep apart from the job's output. */
export const ENGINE_LOG_FD = 4;

/** Where a job's driver process listens for the job's executors, and to whom. */
export interface JobListen {
  readonly host: string;
  /** Any free ports when absent. */
  readonly ports?: PortRange;
  readonly token: string;
  readonly tls?: TlsSettings;
}

/** What the supervisor tells a job's driver process, over the channel that the two share from its start. */
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
      /** Executors that are known and will dial. */
      readonly executors: number;
    }
  | { readonly type: "stop"; readonly how: StopRequest }
  /** Why an executor process of this job ended. */
  | { readonly type: "executorExited"; readonly executor: ExecutorId; readonly error: WireError };

export type FromJobProcess =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "event"; readonly event: JobDriverEvent };
