import type { Millis, Warning, WarningOver, WireError } from "@millrace/base";
import type { BatchesEnd } from "../batches/batch-events.ts";
import type { CutReason, JobEnd, ReceivedLoss } from "./job-end.ts";

/** How a job is asked to end. */
export type StopRequest = { readonly graceful: true } | { readonly graceful: false; readonly reason: CutReason };

/** Settings that affect a job's life, known once it is built. */
export interface BuiltSettings {
  /** `stop.timeout`: a longer drain is cut off. */
  readonly stopTimeout: Millis;
  /** `default.parallelism`; 0: the number of slots when batches begin. */
  readonly parallelism: number;
}

/** Events of a job in its driver process. `at`: monotonic milliseconds. */
export type JobLifeEvent =
  /** Its graph is built. */
  | { readonly type: "built"; readonly settings: BuiltSettings; readonly at: number }
  /** It cannot start or continue: its code, its thread, or one of its executors failed for good. */
  | { readonly type: "failed"; readonly error: WireError }
  /** Numbers of ready executors and of their slots, whenever they change. */
  | { readonly type: "executors"; readonly ready: number; readonly slots: number; readonly at: number }
  /** An operator, the supervisor or the job itself asks for the end. */
  | { readonly type: "stopRequested"; readonly how: StopRequest; readonly at: number }
  /** Every batch is over, and only receivers have not stopped. */
  | { readonly type: "receiversAwaited"; readonly at: number }
  /** Answers `stopBatches` and `cutBatches`, or comes by itself when a batch failed or the last one is done. */
  | {
      readonly type: "batchesEnded";
      readonly end: BatchesEnd;
      readonly received: ReceivedLoss;
      /** The job's thread has not done yet all that batches asked of it: `threadIdle` follows. */
      readonly busy: boolean;
      readonly at: number;
    }
  /** The job's thread has done all that batches asked of it, also what was cut off meanwhile. */
  | { readonly type: "threadIdle" }
  /** Answers `tellEnd`. `goesOn`: user code may continue by itself. */
  | { readonly type: "told"; readonly goesOn: boolean; readonly at: number }
  /** Answers `leave`: the thread is gone. `error`: the reason, in words, if it was ended by something. */
  | { readonly type: "left"; readonly error: string | undefined; readonly at: number }
  /** Answers `settle`. */
  | { readonly type: "settled" }
  /** The timer of `wakeAt` fired; early and late ones are harmless. */
  | { readonly type: "tick"; readonly at: number };

/** What the job driver does for the life of its job, in this order. */
export type JobLifeEffect =
  | { readonly type: "warning"; readonly warning: Warning }
  /** A condition is over. */
  | ({ readonly type: "warningOver" } & WarningOver)
  /** Starts the batches, with this `ssc.defaultParallelism`. */
  | { readonly type: "startBatches"; readonly executors: number; readonly parallelism: number }
  /** Drain: no batch follows the received data. Answered by `batchesEnded`. */
  | { readonly type: "stopBatches" }
  /** Ends running work and takes no more. Answered by `batchesEnded`, once a commit in progress has ended. */
  | { readonly type: "cutBatches" }
  /** User code is told how the job ends, and may react. Answered by `told`. */
  | { readonly type: "tellEnd"; readonly end: JobEnd }
  /** The job's thread may end as soon as it has nothing left to do. Answered by `left`. */
  | { readonly type: "leave" }
  /** Executors let user code finish what its tasks left pending. Answered by `settled`. */
  | { readonly type: "settle" }
  /** Replaces the previous timer; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: number }
  | { readonly type: "cancelWake" }
  /** The end: nothing follows. Everything still open is closed. */
  | { readonly type: "ended"; readonly end: JobEnd };
