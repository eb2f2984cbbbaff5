import type { EpochMs, Millis, Warning, WireError } from "@millrace/base";
import type { BatchesEnd } from "../batches/batch-events.ts";
import type { CutReason, JobEnd, ReceivedLoss } from "./job-end.ts";

/** How a job is asked to end. */
export type StopRequest = { readonly graceful: true } | { readonly graceful: false; readonly reason: CutReason };

/** What the settings of a job, known once it is built, say of its life. */
export interface BuiltSettings {
  /** `stop.timeout`: a drain that takes longer is cut off. */
  readonly stopTimeout: Millis;
  /** `default.parallelism`; 0: as many as there are slots when batches begin. */
  readonly parallelism: number;
}

/** What happens to a job in its driver process. `at`: monotonic milliseconds. */
export type JobLifeEvent =
  /** Its graph stands. */
  | { readonly type: "built"; readonly settings: BuiltSettings; readonly at: number }
  /** It cannot start or go on: its code, its thread, or one of its executors failed for good. */
  | { readonly type: "failed"; readonly error: WireError }
  /** So many executors are ready, with so many slots together. Told whenever that changes. */
  | { readonly type: "executors"; readonly ready: number; readonly slots: number; readonly at: number }
  /** An operator, the supervisor or the job itself asks for the end. */
  | { readonly type: "stopRequested"; readonly how: StopRequest; readonly at: number }
  /** Every batch is over, and only receivers have not stopped. */
  | { readonly type: "receiversAwaited"; readonly at: number }
  /** Answers `stopBatches` and `cutBatches`, or comes by itself when a batch failed or the last one is done. */
  | {
      readonly type: "batchesOver";
      readonly outcome: BatchesEnd;
      readonly received: ReceivedLoss;
      readonly at: number;
    }
  /** The job's thread has fixed the input of this batch or has run it, also when it was cut off meanwhile. */
  | { readonly type: "batchReturned"; readonly time: EpochMs }
  /** Answers `tellEnd`. `goesOn`: code of the job may do something more by itself. */
  | { readonly type: "told"; readonly goesOn: boolean; readonly at: number }
  /** Answers `leave`: the thread is gone. `error`: what ended it, in words, if something did. */
  | { readonly type: "left"; readonly error: string | undefined; readonly at: number }
  /** Answers `settle`. */
  | { readonly type: "settled" }
  /** The timer asked for by `wakeAt` fired; early and late ones do no harm. */
  | { readonly type: "tick"; readonly at: number };

/** What the job driver does for the life of its job, in this order. */
export type JobLifeEffect =
  | { readonly type: "warning"; readonly warning: Warning }
  /** The condition with this subject is over. */
  | { readonly type: "conditionOver"; readonly subject: string }
  /** Batches begin, with this `ssc.defaultParallelism`. */
  | { readonly type: "begin"; readonly executors: number; readonly parallelism: number }
  /** Drain: no batch follows what has been received. Answered by `batchesOver`. */
  | { readonly type: "stopBatches" }
  /** Ends what runs and takes no more. Answered by `batchesOver`, once a commit under way has ended. */
  | { readonly type: "cutBatches" }
  /** Code of the job hears how the job ends, and has its turn. Answered by `told`. */
  | { readonly type: "tellEnd"; readonly end: JobEnd }
  /** The job's thread may end as soon as nothing is left for it to do. Answered by `left`. */
  | { readonly type: "leave" }
  /** Executors let code of the job finish what its tasks left pending. Answered by `settled`. */
  | { readonly type: "settle" }
  /** Replaces the timer asked for before; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: number }
  | { readonly type: "cancelWake" }
  /** The end: nothing follows. Everything that is still open is closed. */
  | { readonly type: "ended"; readonly end: JobEnd };
