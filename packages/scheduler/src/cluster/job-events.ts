import type { EpochMs, Millis, WireError } from "@millrace/base";
import type { CutReason, JobEnd } from "../job/job-end.ts";

/** The state of a job for operators. */
export type JobState = "starting" | "running" | "stopping" | "finished" | "failed" | "killed";

/** Events of a job, as its driver supervisor sees it. */
export type JobEvent =
  | { readonly type: "submitted"; readonly at: EpochMs }
  /** The job driver process runs, with this pid. */
  | { readonly type: "driverStarted"; readonly at: EpochMs; readonly pid: number }
  /** Its `build` succeeded: batches start. `stopTimeout`: the limit of a drain by its settings. */
  | { readonly type: "built"; readonly at: EpochMs; readonly stopTimeout: Millis }
  /** It reports its end and is about to exit. */
  | { readonly type: "ending"; readonly at: EpochMs; readonly end: JobEnd }
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
  /** Tell the job driver process to drain and exit. */
  | { readonly type: "drainDriver" }
  /** Tell it to exit at once; `killDriver` follows if it fails to. */
  | { readonly type: "stopDriver"; readonly reason: CutReason }
  /** SIGKILL. Answered by `driverExited`. */
  | { readonly type: "killDriver" }
  /** Put the job on the executors (membership `jobAdded`). */
  | { readonly type: "startExecutors" }
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
