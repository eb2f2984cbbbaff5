import type { ExecutorId, JobId, WarningRecord, WireError } from "@millrace/base";
import type { BatchFigures, ExecutorFigures, JobState, NodeHello } from "@millrace/scheduler";
import type { DataAddress, Session } from "./session.ts";

/** What an executor supervisor tells the driver supervisor. It dials, and dials again for as long as it takes. */
export type FromNode =
  | ({ readonly type: "hello" } & NodeHello)
  | { readonly type: "heartbeat" }
  /** It was told to end: it takes no new jobs, and closes when those it has are over or have let it go. */
  | { readonly type: "leaving" }
  | { readonly type: "jobStarted"; readonly job: JobId; readonly pid: number }
  /** `error`: why the process ended other than by a stop, such as out of memory, with its last lines. */
  | { readonly type: "jobExited"; readonly job: JobId; readonly error: WireError | undefined };

export type ToNode =
  | { readonly type: "welcome" }
  /** Refused for good: wrong protocol version or a name in use. */
  | { readonly type: "refused"; readonly error: WireError }
  /** `driver`: where the job driver process listens for sessions; an empty host is the one on which the supervisor was dialled. */
  | {
      readonly type: "startJob";
      readonly job: JobId;
      readonly driver: DataAddress;
      readonly token: string;
      readonly slotHeapBytes: number;
      readonly poolBytes: number;
    }
  | { readonly type: "stopJob"; readonly job: JobId; readonly graceMs: number };

export type NodeSession = Session<ToNode, FromNode>;
export type ClusterSession = Session<FromNode, ToNode>;

export interface JobSummary {
  readonly id: JobId;
  readonly name: string;
  readonly state: JobState;
  readonly submittedAt: number;
  readonly endedAt: number | undefined;
  readonly batchIntervalMs: number | undefined;
  readonly batchesCompleted: number;
  readonly batchesFailed: number;
  /** Batches whose time has come and that are not done. */
  readonly batchesWaiting: number;
  /** What the batches that are over have put to disk for want of memory. */
  readonly spilledBytes: number;
  readonly executors: number;
  /** Why it failed, or what troubles it now. */
  readonly error: WireError | undefined;
  /** Conditions that hold now, such as a source that is down, and the latest events; the one that occurred last comes last. At most 20. */
  readonly warnings: readonly WarningRecord[];
  readonly driverPid: number | undefined;
  /** What each of its executors does for it, as of its last heartbeat. None of a job that is over. */
  readonly executorFigures: readonly ExecutorFigures[];
}

export interface BatchSummary extends BatchFigures {
  readonly time: number;
  /** `cancelled`: cut off, or not run, when the job was ended at once. */
  readonly state: "waiting" | "running" | "completed" | "failed" | "cancelled";
  /** Records received for it; those that its tasks read from elsewhere are in `recordsRead`. */
  readonly records: number;
  readonly schedulingDelayMs: number | undefined;
  readonly processingMs: number | undefined;
  readonly error: WireError | undefined;
}

export interface ExecutorSummary {
  readonly id: ExecutorId;
  readonly host: string;
  readonly slots: number;
  readonly memoryBytes: number;
  /** Memory that its jobs' processes have, as of their last heartbeats. */
  readonly rssBytes: number;
  /** `leaving`: it was told to end, and serves until its jobs let it go. One that has left is not listed. */
  readonly state: "connected" | "leaving" | "lost";
  readonly jobs: readonly JobId[];
  readonly lastSeenAt: number;
}

/** The job's own two, and what the engine says in its driver process: one JSON object a line, as pino writes it. */
export type LogStream = "stdout" | "stderr" | "engine";

/** A piece of a job's log. Pieces of one stream follow each other without a gap; lines may be cut between two. */
export interface LogEntry {
  /** When it was read, in epoch milliseconds. */
  readonly time: number;
  readonly stream: LogStream;
  readonly text: string;
}

/** The driver's public service, used by the command line and later the UI. */
export interface OperatorService {
  /** `artefact`: the packed bundle. Resolves when the job's driver process runs its `build` without error. */
  submit(request: {
    readonly artefact: Uint8Array;
    readonly name: string | undefined;
    readonly conf: Readonly<Record<string, string>>;
    readonly args: readonly string[];
  }): Promise<JobSummary>;
  jobs(): Promise<readonly JobSummary[]>;
  status(id: JobId): Promise<JobSummary>;
  batches(id: JobId): Promise<readonly BatchSummary[]>;
  executors(): Promise<readonly ExecutorSummary[]>;
  /** The job's log from its beginning; with `follow`, until the job ends. */
  logs(id: JobId, options: { readonly follow: boolean }): AsyncIterable<LogEntry>;
  stop(id: JobId): Promise<void>;
  kill(id: JobId): Promise<void>;
}
