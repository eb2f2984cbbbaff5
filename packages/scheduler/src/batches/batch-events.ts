import type { EpochMs, Millis, WireError } from "@millrace/base";
import type { PreparedBatch, PreparedOutput } from "@millrace/plan";

/** What happens to the batch generator. */
export type BatchEvent =
  /** The job begins. */
  | { readonly type: "started"; readonly now: EpochMs }
  /** The timer fired, or might have been due: every batch time up to `now` is taken. Early and late ones do no harm. */
  | { readonly type: "tick"; readonly now: EpochMs }
  /** The batch has its received blocks. */
  | { readonly type: "allocated"; readonly time: EpochMs }
  /** Every input of the batch is fixed. */
  | { readonly type: "inputFixed"; readonly time: EpochMs }
  /** Every output of the batch was tried. `error`: the first failure; what succeeded is in `prepared` all the same. */
  | {
      readonly type: "outputsDone";
      readonly time: EpochMs;
      readonly prepared: PreparedBatch;
      readonly error: WireError | undefined;
    }
  /** Answer to `commit`. Outputs that are not among the `refused` are committed. */
  | { readonly type: "committed"; readonly time: EpochMs; readonly refused: readonly RefusedOutput[] }
  /** Answer to `commitAfter`. */
  | { readonly type: "commitDue"; readonly time: EpochMs }
  /** Drain: receivers stop, what they had received is processed, then the job ends. */
  | { readonly type: "stopRequested" }
  /** Answer to `stopReceivers`. `pending`: received blocks wait that no batch has taken. */
  | { readonly type: "receiversStopped"; readonly now: EpochMs; readonly pending: boolean }
  /** Ends at once; a batch that runs is cancelled and stays uncommitted, a commit under way ends first. */
  | { readonly type: "stopNow" };

/** An output whose commit failed: its files could not be made visible, or its sink refused. */
export interface RefusedOutput {
  readonly prepared: PreparedOutput;
  readonly error: WireError;
}

/** What the shell does for the batch generator, in this order. */
export type BatchEffect =
  /** Replaces the timer set before. */
  | { readonly type: "setTimer"; readonly at: EpochMs }
  | { readonly type: "cancelTimer" }
  /** Give the batch the blocks received so far, answer `allocated`. One at a time, oldest first. */
  | { readonly type: "allocate"; readonly time: EpochMs }
  /** Its turn: choose what it reads besides, answer `inputFixed`. One at a time, when nothing of an earlier batch runs. */
  | { readonly type: "fixInput"; readonly time: EpochMs }
  /** Run its outputs on what is committed, answer `outputsDone`. One at a time, oldest first. */
  | { readonly type: "runBatch"; readonly time: EpochMs }
  /** Commit the outputs, one after the other, each whatever becomes of the others; answer `committed`. */
  | { readonly type: "commit"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Some were refused: answer `commitDue` after the pause. */
  | { readonly type: "commitAfter"; readonly time: EpochMs; readonly delay: Millis }
  /** Discard what outputs have prepared: it is never committed. */
  | { readonly type: "discard"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Abandon the running batch. An `outputsDone` that comes all the same has what it prepared discarded. */
  | { readonly type: "cancelBatch"; readonly time: EpochMs }
  /** The batch is committed, or has failed: what of it no later one reads may be released. */
  | {
      readonly type: "batchEnded";
      readonly time: EpochMs;
      /** Why it failed; with `batch.failure` = `continue` what of it succeeded is committed. `undefined`: all is committed. */
      readonly error: WireError | undefined;
      /** Outputs that succeeded, and whose commit failed. */
      readonly refused: readonly RefusedOutput[];
    }
  | { readonly type: "stopReceivers" }
  /** Every batch has ended; the end waits for the receivers alone, and should not do so for ever. */
  | { readonly type: "awaitReceivers" }
  /** The end: nothing follows. */
  | { readonly type: "stopped"; readonly outcome: BatchesEnd };

/** How the batches of a job came to their end. */
export type BatchesEnd =
  /** Asked to stop, or, `bounded`, the number of batches is reached: what came in after the last of them was not wanted. */
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
      /** The stop was graceful until then, and the last batch, which reads what appeared meanwhile, was not taken. */
      readonly unread: boolean;
    };
