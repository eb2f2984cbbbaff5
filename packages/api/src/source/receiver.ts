import type { DurationLike } from "@millrace/base";
import { receiverDetached } from "../errors.ts";
import { StorageLevel } from "../rdd/storage-level.ts";

/** What the engine gives a receiver while it runs. */
export interface ReceiverPort {
  readonly streamId: number;
  /**
   * Resolves when the records are as safe as the storage level says; waits while the engine is behind.
   *
   * @param oneBlock They are one block of their own; otherwise they join the block that is being filled.
   */
  store(records: readonly unknown[], oneBlock: boolean): Promise<void>;
  restart(message: string, error: unknown, delay: DurationLike | undefined): void;
  stop(message: string, error: unknown): void;
  reportError(message: string, error: unknown): void;
  readonly isStopped: boolean;
}

// Not a private field: an instance reaches the executor without its constructor being called.
const hosts = new WeakMap<object, ReceiverPort>();

/** Gives a receiver its engine; before `onStart` is called. */
export function attachReceiver(receiver: Receiver<unknown>, host: ReceiverPort): void {
  hosts.set(receiver, host);
}

/**
 * A source of your own: extend it, and hand an instance to `ssc.receiverStream`. The instance is shipped by value to an
 * executor, where it runs on a thread of its own; open sockets and files in `onStart`, not in the constructor.
 */
export abstract class Receiver<T> {
  /** Where received blocks are kept until their batch is done. */
  readonly storageLevel: StorageLevel;

  /** @param storageLevel By default received blocks are copied to a second executor. */
  constructor(storageLevel: StorageLevel = StorageLevel.MEMORY_AND_DISK_2) {
    this.storageLevel = storageLevel;
  }

  /** Begins to receive. Must return, or resolve, soon: what takes long goes on in the background. */
  abstract onStart(): void | Promise<void>;
  /**
   * Stops receiving and frees what `onStart` took. What is stored until it settles is taken; it is waited for as long as
   * `receiver.stop.timeout` says.
   */
  abstract onStop(): void | Promise<void>;

  /**
   * Hands records to the engine: one, or an array of them as one block that is never split.
   *
   * Resolves when they are as safe as the storage level says and a batch will have them, so that a reliable receiver can then
   * acknowledge them; waits when the engine is behind. A record that is itself an array goes in as `[record]`.
   *
   * Rejects when they are not taken: with RECEIVER_CLOSED once `onStop` has settled, with RECEIVER_OVERRUN when a million
   * records wait, with RECORD_NOT_ENCODABLE or RECORD_TOO_LARGE for what no record can be.
   */
  store(records: T | readonly T[]): Promise<void> {
    const many = Array.isArray(records);
    return hostOf(this).store(many ? records : [records], many);
  }

  /** Stops and starts again after `delay`; by default pauses grow from failure to failure. */
  restart(message: string, error?: unknown, delay?: DurationLike): void {
    hostOf(this).restart(message, error, delay);
  }

  /** Stops for good. */
  stop(message: string, error?: unknown): void {
    hostOf(this).stop(message, error);
  }

  /** Tells the operator of a trouble that stops nothing. */
  reportError(message: string, error: unknown): void {
    hostOf(this).reportError(message, error);
  }

  /** Unique within the job, from 0. @throws RECEIVER_DETACHED Before `onStart`. */
  get streamId(): number {
    return hostOf(this).streamId;
  }

  /** Whether it does not run: it was stopped, or has not been started. */
  get isStopped(): boolean {
    return hosts.get(this)?.isStopped ?? true;
  }
}

// Not a private method, for the same reason.
function hostOf(receiver: object): ReceiverPort {
  const host = hosts.get(receiver);
  if (host !== undefined) return host;
  throw receiverDetached(
    "a receiver was used before the engine started it. Call store, restart, stop and streamId from onStart on, not in the constructor.",
  );
}
