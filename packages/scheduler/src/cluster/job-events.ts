import type { EpochMs, Millis, Warning, WireError } from "@millrace/base";
import type { CutReason, JobEnd } from "../job/job-end.ts";

/** The state of a job for operators. `restarting`: its driver process died, and another one goes on from its log. */
export type JobState = "starting" | "running" | "restarting" | "stopping" | "finished" | "failed" | "killed";

/** What the supervisor has to know of a job that is built. */
export interface SupervisedJob {
  /** The limit of a drain by its settings. */
  readonly stopTimeout: Millis;
  /** It logs its batches, so that another driver process can go on from them. */
  readonly resumable: boolean;
  /** `driver.restarts.max`, as the job itself has it. */
  readonly restartsMax: number;
}

/** Deaths of a job's driver processes, one soon after the other. */
export interface RestartSeries {
  /** From 1. */
  readonly count: number;
  /** The first of them. */
  readonly since: EpochMs;
  /** The reason of the last one. */
  readonly reason: WireError;
}

/** Events of a job, as its driver supervisor sees it. */
export type JobEvent =
  | { readonly type: "submitted"; readonly at: EpochMs }
  /** In place of `submitted`: a former supervisor ran it, and it goes on from its log. `error`: why it did not run. */
  | { readonly type: "restored"; readonly at: EpochMs; readonly job: SupervisedJob; readonly error: WireError }
  /** The job driver process runs, with this pid. */
  | { readonly type: "driverStarted"; readonly at: EpochMs; readonly pid: number }
  /** Its `build` succeeded: batches start. */
  | { readonly type: "built"; readonly at: EpochMs; readonly job: SupervisedJob }
  /** It reports its end and is about to exit. */
  | { readonly type: "ending"; readonly at: EpochMs; readonly end: JobEnd }
  /** It can tell that it crashes, and is about to exit. */
  | { readonly type: "crashing"; readonly at: EpochMs; readonly error: WireError }
  /** The process is gone or could not be started. `error`: the cause, unless it exited with code 0. */
  | { readonly type: "driverExited"; readonly at: EpochMs; readonly error: WireError | undefined }
  /** `millrace stop`: drain. */
  | { readonly type: "stopRequested"; readonly at: EpochMs }
  /** `millrace kill`, or the supervisor's grace period is over. */
  | { readonly type: "killRequested"; readonly at: EpochMs; readonly reason: CutReason }
  /** The timer of `wakeAt` fired. */
  | { readonly type: "tick"; readonly at: EpochMs };

/** Effects of the life cycle of a job, carried out in this order. */
export type JobEffect =
  | { readonly type: "startDriver" }
  /** Its driver process died, and another one is started after a pause. For the job's log and its warnings. */
  | { readonly type: "restarting"; readonly warning: Warning }
  /** Tell the job driver process to drain and exit. */
  | { readonly type: "drainDriver" }
  /** Tell it to exit at once; `killDriver` follows if it fails to. */
  | { readonly type: "stopDriver"; readonly reason: CutReason }
  /** SIGKILL. Answered by `driverExited`. */
  | { readonly type: "killDriver" }
  /** Put the job on the executors (membership `jobAdded`). */
  | { readonly type: "startExecutors" }
  /** Its processes there wait for the next driver (membership `jobAwaited`). */
  | { readonly type: "holdExecutors" }
  /** Take it off (membership `jobRemoved`). */
  | { readonly type: "stopExecutors" }
  /** Answer `submit`: the job runs. */
  | { readonly type: "accepted" }
  /** Answer `submit`: it does not. Precedes `ended`. */
  | { readonly type: "rejected"; readonly error: WireError }
  /** Replaces the previous timer; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: EpochMs }
  | { readonly type: "cancelWake" }
  /** The end. Later events have no effect. */
  | { readonly type: "ended"; readonly state: "finished" | "failed" | "killed"; readonly error: WireError | undefined };
