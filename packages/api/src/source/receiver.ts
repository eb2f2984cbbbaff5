import type { DurationLike } from "@millrace/base";
import { receiverDetached } from "../errors.ts";
import { StorageLevel } from "../rdd/storage-level.ts";

/** The engine's interface to a running receiver. */
export interface ReceiverPort {
  readonly streamId: number;
  /**
   * Resolves when the records are as safe as the storage level says; waits while the engine is behind.
   *
   * @param oneBlock They are a block of their own; otherwise they join the current block.
   * @param position Of the receiver after these records.
   */
  store(records: readonly unknown[], oneBlock: boolean, position: unknown): Promise<void>;
  /** The position after all records that are safe. */
  readonly position: unknown;
  restart(message: string, error: unknown, delay: DurationLike | undefined): void;
  stop(message: string, error: unknown): void;
  reportError(message: string, error: unknown): void;
  readonly isStopped: boolean;
}

// Not a private field: an instance reaches the executor without its constructor being called.
const ports = new WeakMap<object, ReceiverPort>();

/** Connects a receiver to the engine, before `onStart`. */
export function attachReceiver(receiver: Receiver<unknown>, port: ReceiverPort): void {
  ports.set(receiver, port);
}

/**
 * A custom source: extend it, and pass an instance to `ssc.receiverStream`. The instance is shipped by value to an
 * executor, where it runs on a thread of its own; open sockets and files in `onStart`, not in the constructor.
 *
 * @typeParam T The records.
 * @typeParam Position Where its source is, if it says so in `store`: plain data, such as a number or an object of them. It is
 *   written to logs.
 */
export abstract class Receiver<T, Position = unknown> {
  /** The storage level of received blocks, which are kept until their batch is done. */
  readonly storageLevel: StorageLevel;

  /** @param storageLevel By default received blocks are copied to a second executor. */
  constructor(storageLevel: StorageLevel = StorageLevel.MEMORY_AND_DISK_2) {
    this.storageLevel = storageLevel;
  }

  /** Starts receiving. Must return, or resolve, soon: long work continues in the background. */
  abstract onStart(): void | Promise<void>;
  /**
   * Stops receiving and releases the resources of `onStart`. Records stored until it settles are accepted; it may take
   * as long as `receiver.stop.timeout`.
   */
  abstract onStop(): void | Promise<void>;
  /**
   * Called when all records up to a position that was given to `store` are safe: the place to acknowledge them to the
   * source, instead of waiting for each `store`. In order; not for every position, but always for the last one of a block. Its
   * promise is not awaited.
   */
  onSafe?(position: Position): void | Promise<void>;

  /**
   * Stores records: one, or an array of them as one block that is never split.
   *
   * Resolves when they are as safe as the storage level says and a batch will have them, so that a reliable receiver
   * can then acknowledge them; waits when the engine is behind (back-pressure). A record that is itself an array is
   * passed as `[record]`.
   *
   * `position` says where the source is after these records: an offset, a sequence number, a cursor. It is kept as safely
   * as they are, and whichever run of the receiver comes next, after a failure, on another executor or in another start of
   * the job, finds it as its `position`. A receiver that goes on from there receives nothing twice and leaves nothing out.
   *
   * Rejects if they are refused: with RECEIVER_CLOSED once `onStop` has settled, with RECEIVER_OVERRUN when a million
   * records are waiting, with RECORD_NOT_ENCODABLE or RECORD_TOO_LARGE for invalid records.
   */
  store(records: T | readonly T[], position?: Position): Promise<void> {
    const many = Array.isArray(records);
    return portOf(this).store(many ? records : [records], many, position);
  }

  /**
   * The position that was stored with the last records that are safe and that a batch has or will have; `undefined` if there are none. It is
   * that of the moment at which this run began: read it in `onStart`.
   *
   * @throws RECEIVER_DETACHED Before `onStart`.
   */
  get position(): Position | undefined {
    return portOf(this).position as Position | undefined; // as it was given to `store`
  }

  /** Stops and restarts after `delay`; by default with back-off. */
  restart(message: string, error?: unknown, delay?: DurationLike): void {
    portOf(this).restart(message, error, delay);
  }

  /** Stops for good. */
  stop(message: string, error?: unknown): void {
    portOf(this).stop(message, error);
  }

  /** Reports a non-fatal error to the operator. */
  reportError(message: string, error: unknown): void {
    portOf(this).reportError(message, error);
  }

  /** Unique within the job, from 0. @throws RECEIVER_DETACHED Before `onStart`. */
  get streamId(): number {
    return portOf(this).streamId;
  }

  /** True if it is not running: it was stopped, or has not been started. */
  get isStopped(): boolean {
    return ports.get(this)?.isStopped ?? true;
  }
}

// Not a private method, for the same reason.
function portOf(receiver: object): ReceiverPort {
  const port = ports.get(receiver);
  if (port !== undefined) return port;
  throw receiverDetached(
    "a receiver was used before the engine started it. Call store, restart, stop and streamId from onStart on, not in the constructor.",
  );
}
