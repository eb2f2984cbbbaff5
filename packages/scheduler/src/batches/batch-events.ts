import type { EpochMs, Millis, WireError } from "@millrace/base";
import type { CommittedBatches, OutputInfo, PreparedBatch, PreparedOutput } from "@millrace/plan";
import type { ResumedBatches } from "./logged-batches.ts";

/** Events of the batch generator. */
export type BatchEvent =
  /** The job begins, or goes on from what an earlier run of it has logged. */
  | { readonly type: "started"; readonly now: EpochMs; readonly resumed?: ResumedBatches }
  /**
   * The timer fired, or might have been due: every batch time up to `now` is taken. Early and late ticks are harmless.
   */
  | { readonly type: "tick"; readonly now: EpochMs }
  /** The received blocks of the batch are allocated. */
  | { readonly type: "allocated"; readonly time: EpochMs }
  /** Every input of the batch is fixed. `more`: under `availableNow`, some of them held more than it reads. */
  | { readonly type: "inputFixed"; readonly time: EpochMs; readonly more: boolean }
  /** Every output of the batch was attempted. `error` is the first failure, `prepared` covers the outputs that succeeded. */
  | {
      readonly type: "outputsDone";
      readonly time: EpochMs;
      readonly prepared: PreparedBatch;
      readonly error: WireError | undefined;
    }
  /** Answers `commit`. All outputs but the `refused` are committed. */
  | { readonly type: "committed"; readonly time: EpochMs; readonly refused: readonly RefusedOutput[] }
  /** Answers `logPrepared`: the entry survives this process. */
  | { readonly type: "logged"; readonly time: EpochMs }
  /** Answers `commitAfter`. */
  | { readonly type: "commitDue"; readonly time: EpochMs }
  /** Drain: stop receivers, process the received data, then end. */
  | { readonly type: "stopRequested" }
  /** Answers `stopReceivers`. `pending`: some received blocks are allocated to no batch. */
  | { readonly type: "receiversStopped"; readonly now: EpochMs; readonly pending: boolean }
  /** End at once. A running batch is cancelled and not committed; a commit in progress finishes first. */
  | { readonly type: "stopNow" };

/** An output whose commit failed: its files could not be made visible, or its sink refused. */
export interface RefusedOutput {
  readonly prepared: PreparedOutput;
  readonly error: WireError;
}

/** Effects of the batch generator, carried out in this order. */
export type BatchEffect =
  /** First: batches are at `zeroTime` + k · interval, k ≥ 1, and some may be due already. */
  | { readonly type: "begin"; readonly zeroTime: EpochMs }
  /** Replaces the previous timer. */
  | { readonly type: "setTimer"; readonly at: EpochMs }
  | { readonly type: "cancelTimer" }
  /** Allocate the blocks received so far to the batch, answer `allocated`. One at a time, oldest first. */
  | { readonly type: "allocate"; readonly time: EpochMs }
  /** It is the batch's turn: fix its polled inputs, answer `inputFixed`. One at a time, while no earlier batch runs. */
  | { readonly type: "fixInput"; readonly time: EpochMs }
  /** An earlier run has prepared this batch: answer `outputsDone` at once, with what the log says. */
  | {
      readonly type: "finishBatch";
      readonly time: EpochMs;
      readonly prepared: PreparedBatch;
      readonly error: WireError | undefined;
    }
  /** Log its input, if there is a log; then run its outputs on the committed state, answer `outputsDone`. One at a time, oldest first. */
  | { readonly type: "runBatch"; readonly time: EpochMs }
  /** Log that its outputs are complete, answer `logged`. */
  | {
      readonly type: "logPrepared";
      readonly time: EpochMs;
      readonly prepared: PreparedBatch;
      readonly error: WireError | undefined;
    }
  /** Commit the outputs in sequence, each regardless of the others; answer `committed`. */
  | { readonly type: "commit"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Some were refused: answer `commitDue` after the pause. */
  | { readonly type: "commitAfter"; readonly time: EpochMs; readonly delay: Millis }
  /** Log how the batch ended, before anything that follows is done. */
  | ({ readonly type: "logEnded" } & LoggedEnd)
  /** Discard prepared outputs that will never be committed. */
  | { readonly type: "discard"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Abandon the running batch. If `outputsDone` still arrives, its prepared outputs are discarded. */
  | { readonly type: "cancelBatch"; readonly time: EpochMs }
  /** The batch is committed or has failed: data that no later batch reads may be released. */
  | {
      readonly type: "batchEnded";
      readonly time: EpochMs;
      /**
       * The cause of its failure; with `batch.failure` = `continue` its successful parts are committed nevertheless.
       * `undefined`: everything is committed.
       */
      readonly error: WireError | undefined;
      /** Outputs that ran successfully but whose commit failed. */
      readonly refused: readonly RefusedOutput[];
    }
  | { readonly type: "stopReceivers" }
  /** Every batch has ended, and only receivers are still running; the wait for them should be bounded. */
  | { readonly type: "awaitReceivers" }
  /** The end: nothing follows. */
  | { readonly type: "batchesEnded"; readonly end: BatchesEnd };

/** The end of a batch, as the log has it. */
export type LoggedEnd =
  /** It counts, though parts of it may have `failed`. */
  | {
      readonly end: "committed";
      readonly time: EpochMs;
      readonly states: CommittedBatches["states"];
      readonly failed: boolean;
    }
  /** It is to run again at the next start of the job, without the outputs that are committed. */
  | { readonly end: "abandoned"; readonly time: EpochMs; readonly done: readonly OutputInfo[] };

/** The end of a job's batches. */
export type BatchesEnd =
  /**
   * A requested stop, or, if `bounded`, the last of the requested number of batches: data received after that one is
   * deliberately dropped.
   */
  | { readonly kind: "finished"; readonly bounded: boolean }
  /** A batch failed under the policy `stop`. */
  | { readonly kind: "failed"; readonly time: EpochMs; readonly error: WireError }
  /** `stopNow`. */
  | {
      readonly kind: "killed";
      /** The batch that ran. */
      readonly cutOff: EpochMs | undefined;
      /** Batches that were due and had not started. */
      readonly notRun: number;
      /**
       * A graceful stop was cut off before its last batch, which would have read the input that appeared since the one
       * before.
       */
      readonly unread: boolean;
    };
