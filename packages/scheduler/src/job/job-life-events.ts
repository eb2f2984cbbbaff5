import type { ExecutorId, Millis, Warning, WarningOver, WireError } from "@millrace/base";
import type { BatchesEnd } from "../batches/batch-events.ts";
import type { CutReason, JobEnd, ReceivedLoss } from "./job-end.ts";

/** A request to end a job. */
export type StopRequest = { readonly graceful: true } | { readonly graceful: false; readonly reason: CutReason };

/** Settings that affect a job's life, known once it is built. */
export interface BuiltSettings {
  /** `stop.timeout`: a longer drain is cut off. */
  readonly stopTimeout: Millis;
  /** `default.parallelism`; 0: the number of slots when batches begin. */
  readonly parallelism: number;
  /** It goes on from its checkpoint. */
  readonly resumes: boolean;
}

/** Events of a job in its driver process. `at`: monotonic milliseconds. */
export type JobLifeEvent =
  /** Its graph is built. */
  | { readonly type: "built"; readonly settings: BuiltSettings; readonly at: number }
  /** It cannot start or continue: its code, its thread, or one of its executors failed for good. */
  | { readonly type: "failed"; readonly error: WireError }
  /** An executor cannot be used: it does not reach the checkpoint directory. */
  | { readonly type: "executorUnfit"; readonly executor: ExecutorId; readonly error: WireError }
  /** Numbers of ready executors and of their slots, whenever they change. */
  | { readonly type: "executors"; readonly ready: number; readonly slots: number; readonly at: number }
  /** An operator, the supervisor or the job itself asks for its end. */
  | { readonly type: "stopRequested"; readonly how: StopRequest; readonly at: number }
  /** Every batch has ended, and only receivers are still running. */
  | { readonly type: "receiversAwaited"; readonly at: number }
  /** Answers `stopBatches` and `cutBatches`; also sent unasked when a batch has failed or the last one is done. */
  | {
      readonly type: "batchesEnded";
      readonly end: BatchesEnd;
      readonly received: ReceivedLoss;
      /** The job thread still has requests of batches to finish: `threadIdle` follows. */
      readonly busy: boolean;
      readonly at: number;
    }
  /** The job thread has finished all requests of batches, including those that were cut off. */
  | { readonly type: "threadIdle" }
  /** Answers `tellEnd`. `goesOn`: user code may still be running by itself. */
  | { readonly type: "told"; readonly goesOn: boolean; readonly at: number }
  /** Answers `leave`: the thread has exited. `error`: the reason, in words, if it did not exit by itself. */
  | { readonly type: "left"; readonly error: string | undefined; readonly at: number }
  /** Answers `settle`. */
  | { readonly type: "settled" }
  /** The timer of `wakeAt` fired; early and late ones are harmless. */
  | { readonly type: "tick"; readonly at: number };

/** Effects of the life of a job, carried out by the job driver in this order. */
export type JobLifeEffect =
  | { readonly type: "warning"; readonly warning: Warning }
  /** A condition is over. */
  | ({ readonly type: "warningOver" } & WarningOver)
  /** Starts the batches, with this `ssc.defaultParallelism`. */
  | { readonly type: "startBatches"; readonly executors: number; readonly parallelism: number }
  /** Drain: process the received data and start no further batches. Answered by `batchesEnded`. */
  | { readonly type: "stopBatches" }
  /** Cancel running work and take no more. Answered by `batchesEnded`, once a commit in progress has ended. */
  | { readonly type: "cutBatches" }
  /** Tell user code how the job ends, so that it can react. Answered by `told`. */
  | { readonly type: "tellEnd"; readonly end: JobEnd }
  /** Let the job thread exit as soon as it is idle. Answered by `left`. */
  | { readonly type: "leave" }
  /** Have executors let user code finish work that its tasks left pending. Answered by `settled`. */
  | { readonly type: "settle" }
  /** Replaces the previous timer; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: number }
  | { readonly type: "cancelWake" }
  /** The end: nothing follows. Close everything that is still open. */
  | { readonly type: "ended"; readonly end: JobEnd };
