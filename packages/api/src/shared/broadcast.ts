import { type BlockId, type BlockLocation, blockId } from "@millrace/plan";
import { broadcastDestroyed, broadcastMisused } from "../errors.ts";

/** Where a broadcast variable's value comes from: the driver has it, an executor fetches and decodes it. */
interface Backing<T> {
  value(): T;
  unpersist(): void;
}

/**
 * A read-only value that is sent to each executor once, however many tasks use it. Give it to functions by capturing
 * the `Broadcast` itself, and read `value` inside.
 */
export class Broadcast<out T> {
  /** Unique within the job. */
  readonly id: number;
  #backing: Backing<T> | undefined;

  /**
   * Made by `ssc.broadcast(value)`, and by the engine on executors.
   *
   * @internal
   */
  constructor(id: number, backing: Backing<T>) {
    this.id = id;
    this.#backing = backing;
  }

  /** The value; on an executor it is decoded once per thread. Do not change it. @throws BROADCAST_DESTROYED */
  get value(): T {
    return this.#alive().value();
  }

  /** Frees the executors' copies; the next use sends it again. @throws BROADCAST_MISUSED Not on the driver. */
  unpersist(): void {
    this.#alive().unpersist();
  }

  /** Frees it everywhere, for good; once it is done nothing happens. @throws BROADCAST_MISUSED Not on the driver. */
  destroy(): void {
    this.#backing?.unpersist();
    this.#backing = undefined;
  }

  /** Whether `destroy` was called here. */
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

/** What keeps the blocks of broadcast variables on the driver. */
export interface BroadcastStore {
  encode(value: unknown): Uint8Array;
  put(name: BlockId, parts: readonly Uint8Array[]): Promise<BlockLocation>;
  drop(blocks: readonly BlockId[]): void;
}

/**
 * A broadcast variable on the driver: encoded and put when a stage first needs it.
 *
 * The block of one made for a batch is dropped when every batch that used it is forgotten, so that a job that
 * broadcasts anew in each batch keeps no more blocks than batches; a later use puts it again under another name. The garbage
 * collector alone would not do: a value that the job holds anyway makes no garbage, however often it is encoded.
 */
export class DriverBroadcast<T> implements Backing<T> {
  /** Kept until the job drops it: made in `build`, or used by output that stays for as long as the job runs. */
  lasting: boolean;
  readonly #id: number;
  readonly #value: T;
  readonly #store: BroadcastStore;
  #version = 0;
  #location: BlockLocation | Promise<BlockLocation> | undefined;
  /** Remembered batches whose stages name the block: they may run again. */
  #holders = 0;
  /** The job has no reference to it any more. */
  #unreachable = false;

  constructor(id: number, value: T, options: { readonly lasting: boolean; readonly store: BroadcastStore }) {
    this.#id = id;
    this.#value = value;
    this.#store = options.store;
    this.lasting = options.lasting;
  }

  /** A batch uses it: its block stays until {@link release}. */
  hold(): void {
    this.#holders += 1;
  }

  /** A batch that held it is forgotten. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0 && (!this.lasting || this.#unreachable)) this.unpersist();
  }

  /** The job dropped its last reference. */
  onUnreachable(): void {
    this.#unreachable = true;
    if (this.#holders === 0) this.unpersist();
  }

  value(): T {
    return this.#value;
  }

  /** The block's name: that of the current copy. */
  get name(): BlockId {
    return blockId(this.#version === 0 ? `broadcast/${this.#id}` : `broadcast/${this.#id}.${this.#version}`);
  }

  /** Where executors find it. At once when it was put before. */
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
 * The broadcast variable of a block as an executor sees it.
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
        `the block ${name} was to be released on an executor, where other tasks may use it. Call unpersist() and destroy() on the driver, such as in foreachRDD.`,
      );
    },
  });
}
