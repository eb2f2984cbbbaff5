import type { EpochMs, Millis, WireError } from "@millrace/base";
import type { PreparedBatch, PreparedOutput } from "@millrace/plan";

/** Events of the batch generator. */
export type BatchEvent =
  /** The job begins. */
  | { readonly type: "started"; readonly now: EpochMs }
  /**
   * The timer fired, or might have been due: every batch time up to `now` is taken. Early and late ticks are harmless.
   */
  | { readonly type: "tick"; readonly now: EpochMs }
  /** The batch has its received blocks. */
  | { readonly type: "allocated"; readonly time: EpochMs }
  /** Every input of the batch is fixed. */
  | { readonly type: "inputFixed"; readonly time: EpochMs }
  /** Every output of the batch was attempted. `error`: the first failure; `prepared` has everything that succeeded. */
  | {
      readonly type: "outputsDone";
      readonly time: EpochMs;
      readonly prepared: PreparedBatch;
      readonly error: WireError | undefined;
    }
  /** Answer to `commit`. Outputs that are not among the `refused` are committed. */
  | { readonly type: "committed"; readonly time: EpochMs; readonly refused: readonly RefusedOutput[] }
  /** Answers `commitAfter`. */
  | { readonly type: "commitDue"; readonly time: EpochMs }
  /** Drain: receivers stop, received data is processed, then the job ends. */
  | { readonly type: "stopRequested" }
  /** Answers `stopReceivers`. `pending`: there are received blocks that no batch has taken. */
  | { readonly type: "receiversStopped"; readonly now: EpochMs; readonly pending: boolean }
  /** Ends at once; a running batch is cancelled and not committed, a commit in progress ends first. */
  | { readonly type: "stopNow" };

/** An output whose commit failed: its files could not be made visible, or its sink refused. */
export interface RefusedOutput {
  readonly prepared: PreparedOutput;
  readonly error: WireError;
}

/** What the shell does for the batch generator, in this order. */
export type BatchEffect =
  /** Replaces the previous timer. */
  | { readonly type: "setTimer"; readonly at: EpochMs }
  | { readonly type: "cancelTimer" }
  /** Allocate the blocks received so far to the batch, answer `allocated`. One at a time, oldest first. */
  | { readonly type: "allocate"; readonly time: EpochMs }
  /** Its turn: fix its other inputs, answer `inputFixed`. One at a time, while nothing of an earlier batch runs. */
  | { readonly type: "fixInput"; readonly time: EpochMs }
  /** Run its outputs on the committed state, answer `outputsDone`. One at a time, oldest first. */
  | { readonly type: "runBatch"; readonly time: EpochMs }
  /** Commit the outputs, one after the other, each whatever becomes of the others; answer `committed`. */
  | { readonly type: "commit"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Some were refused: answer `commitDue` after the pause. */
  | { readonly type: "commitAfter"; readonly time: EpochMs; readonly delay: Millis }
  /** Discard what outputs have prepared: it is never committed. */
  | { readonly type: "discard"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Abandon the running batch. An `outputsDone` that comes all the same has what it prepared discarded. */
  | { readonly type: "cancelBatch"; readonly time: EpochMs }
  /** The batch is committed, or has failed: what no later batch reads may be released. */
  | {
      readonly type: "batchEnded";
      readonly time: EpochMs;
      /**
       * Why it failed; with `batch.failure` = `continue` the successful parts are committed. `undefined`: everything is
       * committed.
       */
      readonly error: WireError | undefined;
      /** Outputs that succeeded, and whose commit failed. */
      readonly refused: readonly RefusedOutput[];
    }
  | { readonly type: "stopReceivers" }
  /** Every batch has ended; only receivers are awaited, which should be bounded. */
  | { readonly type: "awaitReceivers" }
  /** The end: nothing follows. */
  | { readonly type: "batchesEnded"; readonly end: BatchesEnd };

/** How the batches of a job ended. */
export type BatchesEnd =
  /**
   * Asked to stop, or, if `bounded`, the number of batches is reached: data received after the last of them was not
   * wanted.
   */
  | { readonly kind: "finished"; readonly bounded: boolean }
  /** A batch failed under the policy `stop`. */
  | { readonly kind: "failed"; readonly time: EpochMs; readonly error: WireError }
  /** `stopNow`. */
  | {
      readonly kind: "killed";
      /** The batch that ran. */
      readonly cutOff: EpochMs | undefined;
      /** Batches that were taken and had not begun. */
      readonly notRun: number;
      /**
       * The stop was graceful until then, and the last batch, which would have read what appeared meanwhile, was not
       * taken.
       */
      readonly unread: boolean;
    };
