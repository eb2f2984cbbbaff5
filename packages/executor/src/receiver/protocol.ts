import type { BackoffRange, StreamId, ThreadOutputEnd, WireError } from "@millrace/base";
import type { ReceiverSpec } from "@millrace/plan";
import type { ReceiverStatus } from "@millrace/scheduler";
import type { BlockHandle, PoolHandle } from "@millrace/storage";

/** The start data of a receiver thread (its `workerData`). */
export interface ReceiverInit {
  readonly pool: PoolHandle;
  /** The directory for blocks that do not fit into the pool. */
  readonly workDir: string;
  /** The executor build of the job; loaded when the first receiver needs it. */
  readonly executorModule: string;
  readonly output: ThreadOutputEnd;
  readonly restartDelay: BackoffRange;
  /** The time that `onStop` may take. */
  readonly stopTimeoutMs: number;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
  /** Bytes stored by one receiver that may be unconfirmed before it is held back. */
  readonly unconfirmedBytesMax: number;
}

export type ToReceivers =
  | {
      readonly type: "start";
      readonly stream: StreamId;
      readonly spec: ReceiverSpec;
      readonly blockIntervalMs: number;
      /** Wait this long first, because the previous thread ended. */
      readonly afterMs: number;
      /** The engine is behind. */
      readonly held: boolean;
      /** The receiver's position after all that is safe, in the value codec. */
      readonly position: Uint8Array | undefined;
    }
  /** Stops reading, passes on what is buffered, answers with `status: stopped`. */
  | { readonly type: "stop"; readonly stream: StreamId }
  /** The engine is behind, or no longer. */
  | { readonly type: "hold"; readonly stream: StreamId; readonly held: boolean }
  /** The block is as safe as it will be, and the driver counts on it. */
  | { readonly type: "confirmed"; readonly stream: StreamId; readonly block: number }
  /** The block could not be stored. */
  | { readonly type: "refused"; readonly stream: StreamId; readonly block: number; readonly error: WireError }
  /** Answered by `pong` from the thread's event loop. */
  | { readonly type: "ping" }
  /** All receivers have stopped: the thread ends when nothing else keeps it alive. */
  | { readonly type: "end" };

export type FromReceivers =
  | {
      readonly type: "block";
      readonly stream: StreamId;
      /** From 0 in this thread; blocks of one stream are in order. */
      readonly block: number;
      readonly handle: BlockHandle;
      readonly bytes: number;
      readonly records: number;
      /** The receiver's position after it, in the value codec. */
      readonly position: Uint8Array | undefined;
      /** The first one of a run. */
      readonly first: boolean;
    }
  | { readonly type: "status"; readonly stream: StreamId; readonly status: ReceiverStatus }
  | { readonly type: "pong" }
  /** The last message of a thread that ends with an uncaught error. */
  | { readonly type: "dying"; readonly error: WireError };
