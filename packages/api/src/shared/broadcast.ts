import { type BlockId, type BlockLocation, blockId } from "@millrace/plan";
import { broadcastDestroyed, broadcastMisused } from "../errors.ts";

/** The source of a broadcast variable's value: the driver has it, an executor fetches and decodes it. */
interface Backing<T> {
  value(): T;
  unpersist(): void;
}

/**
 * A read-only value that is sent to each executor once, however many tasks use it. Capture the `Broadcast` itself in a
 * function, and read `value` inside.
 */
export class Broadcast<out T> {
  /** Unique within the job. */
  readonly id: number;
  #backing: Backing<T> | undefined;

  /**
   * Created by `ssc.broadcast(value)`, and by the engine on executors.
   *
   * @internal
   */
  constructor(id: number, backing: Backing<T>) {
    this.id = id;
    this.#backing = backing;
  }

  /** The value; on an executor it is decoded once per thread. Do not modify it. @throws BROADCAST_DESTROYED */
  get value(): T {
    return this.#alive().value();
  }

  /** Frees the copies on executors; the next use sends the value again. @throws BROADCAST_MISUSED It is called on an executor. */
  unpersist(): void {
    this.#alive().unpersist();
  }

  /** Frees the value everywhere, for good. Calling it again has no effect. @throws BROADCAST_MISUSED It is called on an executor. */
  destroy(): void {
    this.#backing?.unpersist();
    this.#backing = undefined;
  }

  /** True if `destroy` has been called in this process. */
  get isDestroyed(): boolean {
    return this.#backing === undefined;
  }

  #alive(): Backing<T> {
    if (this.#backing !== undefined) return this.#backing;
    throw broadcastDestroyed(
      `the broadcast variable ${this.id} is used after destroy(). Destroy it once no batch uses it, or use unpersist().`,
    );
  }
}

/** The store for the blocks of broadcast variables on the driver. */
export interface BroadcastStore {
  encode(value: unknown): Uint8Array;
  put(name: BlockId, parts: readonly Uint8Array[]): Promise<BlockLocation>;
  drop(blocks: readonly BlockId[]): void;
}

/**
 * A broadcast variable on the driver: encoded and stored when a stage first needs it.
 *
 * The block of a variable created for a batch is dropped when every batch that used it is forgotten, so that a job that
 * creates one in each batch keeps no more blocks than batches. A later use stores it again, under another name. Relying on
 * the garbage collector would not suffice: it does not collect a value that the job still holds, however often it is encoded.
 */
export class DriverBroadcast<T> implements Backing<T> {
  /** True if it is kept until the job drops it: created in `build`, or used by output that stays for as long as the job runs. */
  lasting: boolean;
  readonly #id: number;
  readonly #value: T;
  readonly #store: BroadcastStore;
  #version = 0;
  #location: BlockLocation | Promise<BlockLocation> | undefined;
  /** The number of remembered batches whose stages refer to the block, and may run again. */
  #holders = 0;
  /** True if the job no longer has a reference to it. */
  #unreachable = false;

  constructor(id: number, value: T, options: { readonly lasting: boolean; readonly store: BroadcastStore }) {
    this.#id = id;
    this.#value = value;
    this.#store = options.store;
    this.lasting = options.lasting;
  }

  /** Keeps the block for a batch, until {@link release}. */
  hold(): void {
    this.#holders += 1;
  }

  /** Undoes a {@link hold}, when its batch is forgotten. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0 && (!this.lasting || this.#unreachable)) this.unpersist();
  }

  /** Called when the job has dropped its last reference. */
  onUnreachable(): void {
    this.#unreachable = true;
    if (this.#holders === 0) this.unpersist();
  }

  value(): T {
    return this.#value;
  }

  /** The name of the current block. */
  get name(): BlockId {
    return blockId(this.#version === 0 ? `broadcast/${this.#id}` : `broadcast/${this.#id}.${this.#version}`);
  }

  /** The location of the block for executors; not a promise if the block is stored already. */
  locate(): BlockLocation | Promise<BlockLocation> {
    if (this.#location !== undefined) return this.#location;
    const { name } = this;
    const placing = this.#store.put(name, [this.#store.encode(this.#value)]).then(
      (location) => {
        if (this.#location === placing) this.#location = location;
        return location;
      },
      (error: unknown) => {
        if (this.#location === placing) this.#location = undefined; // so that the next use tries again
        throw error;
      },
    );
    this.#location = placing;
    return placing;
  }

  unpersist(): void {
    if (this.#location === undefined) return;
    this.#store.drop([this.name]);
    this.#location = undefined;
    this.#version += 1;
  }
}

/**
 * A broadcast variable on an executor.
 *
 * @param load Reads and decodes the block (`decodeCaptures(bytes)[0][0]`); called when `value` is first read.
 */
export function executorBroadcast(name: string, load: () => unknown): Broadcast<unknown> {
  let loaded: { readonly value: unknown } | undefined;
  return new Broadcast(Number.parseInt(name.slice(name.indexOf("/") + 1), 10), {
    value: () => {
      loaded ??= { value: load() };
      return loaded.value;
    },
    unpersist: () => {
      throw broadcastMisused(
        `the block ${name} cannot be released on an executor, where other tasks may use it. Call unpersist() and destroy() on the driver, such as in foreachRDD.`,
      );
    },
  });
}
