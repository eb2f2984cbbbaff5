import type { ExecutorId, JobId, WarningRecord, WireError } from "@millrace/base";
import type { BatchFigures, ExecutorFigures, JobState, MemberHello } from "@millrace/scheduler";
import type { ResumedSummary } from "./resumed.ts";
import type { DataAddress, Session } from "./session.ts";

/**
 * Messages from an executor supervisor, a member of the cluster, to the driver supervisor. The member dials, and
 * redials.
 */
export type FromMember =
  | ({ readonly type: "hello" } & MemberHello)
  | { readonly type: "heartbeat" }
  /** It takes no new jobs, and closes when its jobs are over or have released it. */
  | { readonly type: "leaving" }
  /** None of its jobs' processes is left. The driver closes the session, so that it has read all that came before. */
  | { readonly type: "left" }
  | { readonly type: "jobStarted"; readonly job: JobId; readonly pid: number }
  /** `error`: why the process ended other than by a stop, such as out of memory, with its last lines. */
  | { readonly type: "jobExited"; readonly job: JobId; readonly error: WireError | undefined };

export type ToMember =
  | { readonly type: "welcome" }
  /** Refused for good: wrong protocol version or a name in use. */
  | { readonly type: "refused"; readonly error: WireError }
  /** `driver`: the address of the job driver; an empty host is the one at which the driver supervisor was dialled. */
  | {
      readonly type: "startJob";
      readonly job: JobId;
      readonly driver: DataAddress;
      readonly token: string;
      /** Tells one driver process of the job from another. */
      readonly driverRun: number;
      readonly slotHeapBytes: number;
      readonly poolBytes: number;
    }
  /** The job's driver is gone: its process keeps what it holds, for some time, until another `startJob` names the next one. */
  | { readonly type: "holdJob"; readonly job: JobId }
  | { readonly type: "stopJob"; readonly job: JobId; readonly graceMs: number }
  /** An operator has it leave; it answers with `leaving`, and ends when its jobs have released it. */
  | { readonly type: "leave" };

export type MemberSession = Session<ToMember, FromMember>;
export type ClusterSession = Session<FromMember, ToMember>;

export interface JobSummary {
  readonly id: JobId;
  readonly name: string;
  readonly state: JobState;
  readonly submittedAt: number;
  readonly endedAt: number | undefined;
  readonly batchIntervalMs: number | undefined;
  readonly batchesCompleted: number;
  readonly batchesFailed: number;
  /** Batches that are due and not done. */
  readonly batchesWaiting: number;
  /** Bytes spilled by finished batches. */
  readonly spilledBytes: number;
  readonly executors: number;
  /** How often its driver process was restarted because it had died. */
  readonly restarts: number;
  /** It logs its batches in this directory; `resumed`: what its current driver process has found there. */
  readonly log: { readonly directory: string; readonly resumed: ResumedSummary | undefined } | undefined;
  /** Why it failed, or its current problem. */
  readonly error: WireError | undefined;
  /** Current conditions, such as a source that is down, and the latest events; the most recent last. At most 20. */
  readonly warnings: readonly WarningRecord[];
  readonly driverPid: number | undefined;
  /** Figures of each of its executors, as of the last heartbeat. None for a job that is over. */
  readonly executorFigures: readonly ExecutorFigures[];
  /** Of a job that stops gracefully. */
  readonly draining: DrainSummary | undefined;
}

/** Who is waited for. */
export type WaitsOf = { readonly job: JobId } | { readonly executor: ExecutorId };

export interface WaitsReport {
  /** For people; nothing while it neither stops nor leaves. */
  readonly waitsFor: readonly string[];
  /** When a job that stops is ended at once, in epoch ms. */
  readonly by: number | undefined;
}

/** A graceful stop. */
export interface DrainSummary {
  /** When the job is ended at once, in epoch ms. */
  readonly by: number;
  /** For people: `batch 2026-11-30T12:00:01.000Z, which runs`. */
  readonly waitsFor: readonly string[];
}

export interface BatchSummary extends BatchFigures {
  readonly time: number;
  /** `cancelled`: cut off, or not run, because the job was ended at once. */
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
  /** Memory of its jobs' processes, as of their last heartbeats. */
  readonly rssBytes: number;
  /** `draining`: it takes no new jobs, and serves until its jobs release it. An executor that has left is not listed. */
  readonly state: "connected" | "draining" | "lost";
  /** While it drains, for people: `counts-1: copies of 12 received blocks`. */
  readonly waitsFor: readonly string[];
  readonly jobs: readonly JobId[];
  readonly lastSeenAt: number;
}

/**
 * The job's own two streams, and the engine's log in its driver process: one JSON object per line, as written by pino.
 */
export type LogStream = "stdout" | "stderr" | "engine";

/** A piece of a job's log. Pieces of one stream are contiguous; lines may be split between two. */
export interface LogEntry {
  /** The time at which it was read, in epoch milliseconds. */
  readonly time: number;
  readonly stream: LogStream;
  readonly text: string;
}

/** The driver's public service, used by the command line. */
export interface OperatorService {
  /** `artefact`: the packed bundle. Resolves when the job driver process has run its `build` without error. */
  submit(request: {
    readonly artefact: Uint8Array;
    readonly name: string | undefined;
    readonly conf: Readonly<Record<string, string>>;
    readonly args: readonly string[];
    /** Names of what may be dropped from its checkpoint. */
    readonly drop: readonly string[];
    /** End when the sources have given what they held at the start. */
    readonly availableNow: boolean;
  }): Promise<JobSummary>;
  jobs(): Promise<readonly JobSummary[]>;
  status(id: JobId): Promise<JobSummary>;
  batches(id: JobId): Promise<readonly BatchSummary[]>;
  executors(): Promise<readonly ExecutorSummary[]>;
  /**
   * Has an executor leave in order. Resolves when it has left.
   *
   * @throws EXECUTOR_UNKNOWN, EXECUTOR_DRAINING, LAST_EXECUTOR
   * @throws GRACE_OVER It ended before all of its jobs had released it.
   * @throws EXECUTOR_LOST It was lost meanwhile.
   */
  drain(executor: ExecutorId): Promise<void>;
  /**
   * What the end of a job or the leaving of an executor waits for, now and whenever that has changed, until the job has ended,
   * or no such executor is connected.
   *
   * @throws JOB_UNKNOWN
   */
  waits(whose: WaitsOf): AsyncIterable<WaitsReport>;
  /** The job's log from the beginning; with `follow`, until the job ends. */
  logs(id: JobId, options: { readonly follow: boolean }): AsyncIterable<LogEntry>;
  stop(id: JobId): Promise<void>;
  kill(id: JobId): Promise<void>;
}
