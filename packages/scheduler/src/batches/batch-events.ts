import type { EpochMs, WireError } from "@millrace/base";

/** What happens to the batch generator. */
export type BatchEvent =
  /** The job begins. `resume`: what the logs of an earlier run say. */
  | { readonly type: "started"; readonly now: EpochMs; readonly resume?: BatchResume }
  /** The timer fired, or might have been due: every batch time up to `now` is taken. Early and late ones do no harm. */
  | { readonly type: "tick"; readonly now: EpochMs }
  /** The batch has its received blocks. */
  | { readonly type: "allocated"; readonly time: EpochMs }
  | { readonly type: "batchDone"; readonly time: EpochMs }
  | { readonly type: "batchFailed"; readonly time: EpochMs; readonly error: WireError }
  /** Drain: receivers stop, what they had received is processed, then the job ends. */
  | { readonly type: "stopRequested" }
  /** Answer to `stopReceivers`. `pending`: received blocks wait that no batch has taken. */
  | { readonly type: "receiversStopped"; readonly now: EpochMs; readonly pending: boolean }
  /** Ends at once; what runs is cancelled and stays uncommitted. */
  | { readonly type: "stopNow" };

export interface BatchResume {
  /** The zero time of the first run: windows keep their alignment. */
  readonly zeroTime: EpochMs;
  /** The last batch that any run generated. */
  readonly last: EpochMs;
  /** Planned but uncommitted batches, ascending: they run again, with the same input, before any other. */
  readonly planned: readonly EpochMs[];
}

/** What the shell does for the batch generator, in this order. */
export type BatchEffect =
  /** Replaces the timer set before. */
  | { readonly type: "setTimer"; readonly at: EpochMs }
  | { readonly type: "cancelTimer" }
  /** Give the batch the blocks received so far, answer `allocated`. One at a time, oldest first. */
  | { readonly type: "allocate"; readonly time: EpochMs }
  /** Run it, commit it, answer `batchDone` or `batchFailed`. One at a time, oldest first. */
  | { readonly type: "runBatch"; readonly time: EpochMs }
  /** Abandon the running batch; no answer is awaited. */
  | { readonly type: "cancelBatch"; readonly time: EpochMs }
  | { readonly type: "stopReceivers" }
  /** Every batch is over; the end waits for the receivers alone, and should not do so for ever. */
  | { readonly type: "awaitReceivers" }
  /** The end: nothing follows. */
  | { readonly type: "stopped"; readonly outcome: BatchOutcome };

export type BatchOutcome =
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
