import { type ExecutorId, formatSize } from "@millrace/base";
import type { BlockId, BlockLocation, Holder } from "@millrace/plan";
import { type BlockSink, blockNotHeld } from "@millrace/rpc";
import {
  BlockBuilder,
  type BlockHandle,
  type BlockPool,
  type BlockStore,
  freeSlices,
  type Reservation,
  type SpillDirectory,
  type SpillFile,
} from "@millrace/storage";
import { blockSizeWrong, holderUnknown } from "../errors.ts";
import type { LoggedLocation, ReceivedLog } from "../received-log/received-log.ts";
import type { DataPort } from "./data-port.ts";
import { Semaphore } from "./semaphore.ts";
import { copyToShared } from "./shared-copy.ts";

/** A block in local memory; it is kept unchanged until `release`, which must be called once. */
export interface PinnedBlock {
  readonly handle: BlockHandle;
  release(): void;
}

/** None of the holders of a block served it. */
export class FetchFailed extends Error {
  override readonly name = "FetchFailed";
  readonly block: BlockId;
  readonly holder: Holder;
  readonly reason: Error;

  constructor(block: BlockId, holder: Holder, reason: Error) {
    super(reason.message, { cause: reason });
    this.block = block;
    this.holder = holder;
    this.reason = reason;
  }
}

export interface BlockFetcherPorts {
  readonly self: ExecutorId;
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly spills: SpillDirectory;
  readonly data: DataPort;
}

/** Concurrent fetches, and their total size. */
const FETCHES_MAX = 64;
const FETCH_BYTES_MAX = 64 << 20;

/**
 * Makes blocks available in this process: from its own store, from another executor of the job, from the driver, or from the
 * received log.
 */
export class BlockFetcher {
  readonly #ports: BlockFetcherPorts;
  readonly #count = new Semaphore(FETCHES_MAX);
  readonly #bytes = new Semaphore(FETCH_BYTES_MAX);
  /** Blocks being fetched into the store for many tasks: later requests wait for the first. */
  readonly #keeping = new Map<BlockId, Promise<void>>();
  #receivedLog: Pick<ReceivedLog, "read"> | undefined;

  constructor(ports: BlockFetcherPorts) {
    this.#ports = ports;
  }

  /** From now on, received blocks that no holder serves are read from the log. */
  useLog(log: Pick<ReceivedLog, "read">): void {
    this.#receivedLog = log;
  }

  /** Pins a block of this process, without waiting. */
  local(id: BlockId): PinnedBlock | undefined {
    return this.#ports.store.pin(id);
  }

  /** A block available without waiting: one of this process, or a small one that came with the task. */
  available(location: BlockLocation): PinnedBlock | undefined {
    const held = this.local(location.id);
    if (held !== undefined || location.copy === undefined) return held;
    const { pool } = this.#ports;
    const slice = pool.copyIn(location.copy);
    if (slice === undefined) return undefined; // the pool is full: it is fetched, which may use the disk
    return { handle: { kind: "memory", slices: [slice] }, release: () => pool.free(slice) };
  }

  /**
   * Pins a block, fetching it if it is elsewhere. A fetched copy is freed when released.
   *
   * @throws FetchFailed
   */
  async hold(location: BlockLocation): Promise<PinnedBlock> {
    return this.available(location) ?? this.#fetch(location);
  }

  /**
   * Like {@link hold}, but the copy goes into the store, where it stays until it is dropped by name: for broadcast
   * variables and copies of received blocks.
   *
   * @throws FetchFailed
   */
  async holdAndKeep(location: BlockLocation): Promise<PinnedBlock> {
    const { id } = location;
    for (;;) {
      const held = this.local(id);
      if (held !== undefined) return held;
      const underWay = this.#keeping.get(id) ?? this.#keep(location);
      await underWay;
    }
  }

  #keep(location: BlockLocation): Promise<void> {
    const work = this.#fetch(location)
      .then((fetched) => this.#put(location.id, fetched))
      .finally(() => this.#keeping.delete(location.id));
    this.#keeping.set(location.id, work);
    return work;
  }

  #put(id: BlockId, fetched: PinnedBlock): void {
    try {
      this.#ports.store.put(id, fetched.handle); // the store frees it from now on
    } catch (error) {
      fetched.release();
      throw error;
    }
  }

  async #fetch(location: BlockLocation): Promise<PinnedBlock> {
    const releaseCount = await this.#count.acquire(1);
    const releaseBytes = await this.#bytes.acquire(location.bytes);
    try {
      return await this.#fromAnyHolder(location);
    } finally {
      releaseBytes();
      releaseCount();
    }
  }

  async #fromAnyHolder(location: BlockLocation): Promise<PinnedBlock> {
    let failed: FetchFailed | undefined;
    for (const holder of location.at) {
      try {
        return await this.#from(holder, location);
      } catch (error) {
        failed = new FetchFailed(location.id, holder, error instanceof Error ? error : new Error(String(error)));
      }
    }
    if (location.logged !== undefined && this.#receivedLog !== undefined) {
      return this.#fromLog(this.#receivedLog, { ...location, logged: location.logged });
    }
    throw failed ?? new FetchFailed(location.id, "driver", holderUnknown(`block ${location.id} has no holder`));
  }

  /** @throws RECEIVED_LOG_DAMAGED, and the errors of the file system. */
  async #fromLog(log: Pick<ReceivedLog, "read">, location: BlockLocation & LoggedLocation): Promise<PinnedBlock> {
    const content = await log.read({ id: location.id, bytes: location.bytes, logged: location.logged });
    const target = new FetchTarget(this.#ports.pool, this.#ports.spills, location);
    target.chunk(content);
    target.end();
    return target.held();
  }

  async #from(holder: Holder, location: BlockLocation): Promise<PinnedBlock> {
    const { id } = location;
    if (holder === this.#ports.self) {
      const held = this.local(id);
      if (held !== undefined) return held;
      throw blockNotHeld(`this executor, ${holder}, no longer holds block ${id}. It is recomputed.`, {
        fields: { block: id, holder },
      });
    }
    const target = new FetchTarget(this.#ports.pool, this.#ports.spills, location);
    await this.#ports.data.get(holder, id, target);
    return target.held();
  }
}

/** Memory of the announced size, filled as the block arrives; on disk if the pool is full. */
class FetchTarget implements BlockSink {
  readonly #pool: BlockPool;
  readonly #location: BlockLocation;
  readonly #builder: BlockBuilder;
  readonly #spill: SpillFile;
  #reservation: Reservation | undefined;
  #filled = 0;

  constructor(pool: BlockPool, spills: SpillDirectory, location: BlockLocation) {
    this.#pool = pool;
    this.#location = location;
    this.#spill = spills.newFile();
    this.#builder = new BlockBuilder(pool, this.#spill);
    if (location.bytes > 0) this.#reservation = this.#builder.reserve(location.bytes);
  }

  chunk(view: Uint8Array): void {
    const target = this.#reservation?.target;
    if (target === undefined || this.#filled + view.byteLength > target.byteLength) throw this.#wrongSize("more");
    copyToShared(view, target, this.#filled);
    this.#filled += view.byteLength;
  }

  end(): void {
    if (this.#filled !== this.#location.bytes) {
      const error = this.#wrongSize(String(this.#filled));
      this.abort();
      throw error;
    }
    this.#reservation?.commit();
    this.#reservation = undefined;
  }

  abort(): void {
    this.#reservation?.cancel();
    this.#reservation = undefined;
    this.#spill.discard();
  }

  held(): PinnedBlock {
    const handle = this.#builder.finish();
    this.#spill.close();
    return {
      handle,
      release: () => {
        freeSlices(handle, this.#pool);
        this.#spill.discard();
      },
    };
  }

  #wrongSize(came: string): Error {
    const { id, bytes } = this.#location;
    return blockSizeWrong(
      `block ${id} should have ${bytes} bytes (${formatSize(bytes)}), but ${came} arrived. It is recomputed.`,
      {
        fields: { block: id, bytes },
      },
    );
  }
}
