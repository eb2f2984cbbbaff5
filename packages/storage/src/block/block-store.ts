import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { assert, EngineError, type ErrorFactory, errorKind, formatSize } from "@millrace/base";
import type { BlockId } from "@millrace/plan";
import { fileError, systemCode } from "../file-system/system-error.ts";
import type { BlockPool, PoolSlice } from "../pool/block-pool.ts";
import { freeSlices } from "./block-builder.ts";
import { type BlockHandle, fileBytes, handleBytes, partsOf } from "./block-handle.ts";
import { isOwnedBy } from "./spill-file.ts";
import { writeSpill } from "./spill-writer.ts";

export interface BlockStoreOptions {
  readonly pool: BlockPool;
  /** For spilled blocks; created on first use. Files in it that belong to no block are removed, nothing outside it. */
  readonly directory: string;
  /** Share of the pool above which the least recently used blocks are evicted to disk. */
  readonly highWatermark?: number;
  /** Share of the pool at which eviction stops. */
  readonly lowWatermark?: number;
  readonly blocksMax?: number;
  /** Called when a spill or a removal has failed; the blocks stay in memory. */
  readonly onError: (error: Error) => void;
}

/**
 * The way a block is evicted when memory is short: it is written to disk; or dropped, as it can be recomputed; or it is
 * on disk from the beginning.
 */
export type Keep = "memoryAndDisk" | "memoryOnly" | "diskOnly";

/** Keeps a block in its place until `release`, even if it is dropped, replaced or spilled in the meantime. */
export interface Pin {
  readonly id: BlockId;
  readonly handle: BlockHandle;
  /** Once. */
  release(): void;
}

export interface StoreUsage {
  readonly blocks: number;
  readonly pins: number;
  /** Bytes of blocks in the pool and on disk, including dropped blocks that are still pinned. */
  readonly memoryBytes: number;
  readonly fileBytes: number;
  /** Whole pages of the pool in use, including those of unfinished tasks. */
  readonly poolUsedBytes: number;
  readonly poolCapacityBytes: number;
  /** Bytes that went to disk because memory was short, since the start. */
  readonly spilledBytes: number;
}

const storeFull: ErrorFactory = errorKind("STORE_FULL", "environment");

/**
 * One copy of a block. It is held by its entry (until it is dropped, replaced or spilled) and by its pins; when the
 * last is released, its memory is freed and its files lose a user.
 */
interface Copy {
  readonly keep: Keep;
  readonly handle: BlockHandle;
  readonly bytes: number;
  holders: number;
}

/**
 * The blocks of one process, by id; on the main thread. Slots read them through handles that are pinned while the task
 * runs. When the pool fills beyond the high watermark, the least recently used blocks are evicted, without blocking,
 * down to the low watermark; pinned ones stay.
 */
export class BlockStore {
  readonly #pool: BlockPool;
  readonly #directory: string;
  readonly #highBytes: number;
  readonly #lowBytes: number;
  readonly #blocksMax: number;
  readonly #onError: (error: Error) => void;
  readonly #entries = new Map<BlockId, Copy>();
  /** The entries in memory, least recently used first. */
  readonly #inMemory = new Map<BlockId, Copy>();
  /** Ids by their first two parts (`shuffle/4`), so that dropping a shuffle does not scan all blocks. */
  readonly #groups = new Map<string, Set<BlockId>>();
  readonly #copies = new Set<Copy>();
  /** Number of copies with a part in each file. */
  readonly #fileUsers = new Map<string, number>();
  #pins = 0;
  #memoryBytes = 0;
  #fileBytes = 0;
  #spilledBytes = 0;
  #spillCount = 0;
  #spilling: Promise<void> | undefined;
  /** Puts to skip before the disk is tried again after a failure. */
  #patience = 0;
  readonly #background = new Set<Promise<void>>();

  constructor(options: BlockStoreOptions) {
    this.#pool = options.pool;
    this.#directory = resolve(options.directory);
    this.#highBytes = (options.highWatermark ?? 0.8) * options.pool.capacityBytes;
    this.#lowBytes = (options.lowWatermark ?? 0.7) * options.pool.capacityBytes;
    this.#blocksMax = options.blocksMax ?? 4_000_000;
    this.#onError = options.onError;
  }

  /**
   * Takes ownership of a block. It replaces one with the same id, whose pins stay valid.
   *
   * @throws STORE_FULL There are too many blocks; the caller still owns the handle.
   */
  put(id: BlockId, handle: BlockHandle, keep: Keep = "memoryAndDisk"): void {
    if (this.#entries.size >= this.#blocksMax && !this.#entries.has(id)) {
      throw storeFull(
        `block ${id} exceeds the ${this.#blocksMax} blocks an executor may hold. The task fails; ` +
          `use fewer partitions, or keep fewer batches (remember, window lengths).`,
        { fields: { block: id, blocksMax: this.#blocksMax } },
      );
    }
    const copy = this.#newCopy(handle, keep);
    this.#remove(id);
    this.#entries.set(id, copy);
    if (hasMemory(handle)) this.#inMemory.set(id, copy);
    const group = groupOf(id);
    const ids = this.#groups.get(group);
    if (ids === undefined) this.#groups.set(group, new Set([id]));
    else ids.add(id);
    if (keep === "diskOnly" && hasMemory(handle)) this.#inBackground(this.#toDisk(id, copy));
    this.#relieve();
  }

  /** Counts bytes that the writer of a block spilled, if they are not counted elsewhere. */
  countSpilled(handle: BlockHandle): void {
    this.#spilledBytes += fileBytes(handle);
  }

  has(id: BlockId): boolean {
    return this.#entries.has(id);
  }

  /** The current place of a block, without pinning it: for sizes and listings. Use `pin` to read it. */
  get(id: BlockId): BlockHandle | undefined {
    return this.#entries.get(id)?.handle;
  }

  /** Pins a block for reading, which counts as a use; `undefined` if it is not here. */
  pin(id: BlockId): Pin | undefined {
    const copy = this.#entries.get(id);
    if (copy === undefined) return undefined;
    if (this.#inMemory.delete(id)) this.#inMemory.set(id, copy);
    copy.holders += 1;
    this.#pins += 1;
    let released = false;
    const release = (): void => {
      assert(!released, `block ${id} was released twice`);
      released = true;
      this.#pins -= 1;
      this.#letGo(copy);
    };
    return { id, handle: copy.handle, release };
  }

  /** Drops blocks; unknown ids are ignored. Pinned ones are freed when they are released. */
  drop(ids: Iterable<BlockId>): void {
    for (const id of ids) this.#remove(id);
  }

  /** Drops every block whose id has this prefix. Fast for two complete parts and a slash: `shuffle/4/`. */
  dropPrefix(prefix: string): void {
    const group = groupOf(prefix);
    const candidates =
      prefix.startsWith(`${group}/`) && group.includes("/") ? this.#groups.get(group) : this.#entries.keys();
    for (const id of [...(candidates ?? [])]) if (id.startsWith(prefix)) this.#remove(id);
  }

  /** Every block whose id has this prefix. O(blocks). */
  idsOf(prefix: string): readonly BlockId[] {
    return [...this.#entries.keys()].filter((id) => id.startsWith(prefix));
  }

  /** Drops every block whose id does not have this prefix. O(blocks). */
  dropAllBut(prefix: string): void {
    for (const id of [...this.#entries.keys()]) if (!id.startsWith(prefix)) this.#remove(id);
  }

  usage(): StoreUsage {
    return {
      blocks: this.#entries.size,
      pins: this.#pins,
      memoryBytes: this.#memoryBytes,
      fileBytes: this.#fileBytes,
      poolUsedBytes: this.#pool.usedBytes,
      poolCapacityBytes: this.#pool.capacityBytes,
      spilledBytes: this.#spilledBytes,
    };
  }

  /**
   * Frees what a terminated slot thread left behind: memory that no block of this store uses, spill files without
   * blocks, and files of state. First release the pins of its tasks, and put the blocks it had reported.
   */
  async reclaim(owner: number): Promise<void> {
    this.#pool.reclaim(owner, this.#liveSlices());
    const names = await readdir(this.#directory).catch((): string[] => []); // no directory: nothing was spilled
    const orphans = names.filter((name) => isOwnedBy(owner, name) && !this.#fileUsers.has(join(this.#directory, name)));
    await Promise.all(orphans.map((name) => this.#unlink(join(this.#directory, name))));
  }

  /** Resolves when no spill and no removal of a file is in progress. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Drops everything and removes the spill directory. */
  async close(): Promise<void> {
    this.drop([...this.#entries.keys()]);
    await this.settled();
    await rm(this.#directory, { recursive: true, force: true });
  }

  *#liveSlices(): Generator<PoolSlice> {
    for (const copy of this.#copies) {
      for (const part of partsOf(copy.handle)) if (part.kind === "memory") yield* part.slices;
    }
  }

  #newCopy(handle: BlockHandle, keep: Keep): Copy {
    const copy: Copy = { keep, handle, bytes: handleBytes(handle), holders: 1 };
    this.#copies.add(copy);
    this.#account(handle, 1);
    for (const path of filesOf(handle)) this.#fileUsers.set(path, (this.#fileUsers.get(path) ?? 0) + 1);
    return copy;
  }

  #remove(id: BlockId): void {
    const copy = this.#entries.get(id);
    if (copy === undefined) return;
    this.#entries.delete(id);
    this.#inMemory.delete(id);
    const group = groupOf(id);
    const ids = this.#groups.get(group);
    ids?.delete(id);
    if (ids?.size === 0) this.#groups.delete(group);
    this.#letGo(copy);
  }

  #letGo(copy: Copy): void {
    copy.holders -= 1;
    if (copy.holders > 0) return;
    this.#copies.delete(copy);
    this.#account(copy.handle, -1);
    freeSlices(copy.handle, this.#pool);
    for (const path of filesOf(copy.handle)) this.#leaveFile(path);
  }

  #account(handle: BlockHandle, sign: 1 | -1): void {
    for (const part of partsOf(handle)) {
      if (part.kind === "memory") this.#memoryBytes += sign * handleBytes(part);
      else this.#fileBytes += sign * part.length;
    }
  }

  #leaveFile(path: string): void {
    const users = (this.#fileUsers.get(path) ?? 0) - 1;
    if (users > 0) {
      this.#fileUsers.set(path, users);
      return;
    }
    this.#fileUsers.delete(path);
    // A block may also be a range of a file that belongs to others.
    if (path.startsWith(this.#directory + sep)) this.#inBackground(this.#unlink(path));
  }

  async #unlink(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
    } catch (error) {
      if (systemCode(error) !== "ENOTDIR") this.#onError(fileError("remove", path, error)); // otherwise it never existed
    }
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  /** Starts spilling if needed and not in progress. */
  #relieve(): void {
    if (this.#spilling !== undefined || this.#pool.usedBytes <= this.#highBytes) return;
    if (this.#patience > 0) {
      this.#patience -= 1;
      return;
    }
    this.#spilling = this.#spillDown()
      .catch((error: unknown) => {
        this.#patience = PUTS_AFTER_FAILURE;
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        this.#spilling = undefined;
      });
    this.#inBackground(this.#spilling);
  }

  async #spillDown(): Promise<void> {
    for (;;) {
      const wanted = this.#pool.usedBytes - this.#lowBytes;
      const victims = wanted > 0 ? this.#victims(Math.min(wanted, SPILL_STEP_BYTES)) : [];
      if (victims.length === 0) return;
      for (const [id, copy] of victims) if (copy.keep === "memoryOnly") this.#remove(id);
      const toDisk = victims.filter(([, copy]) => copy.keep !== "memoryOnly");
      if (toDisk.length > 0) await this.#spill(toDisk);
    }
  }

  /** A failing disk costs memory, not the block. */
  async #toDisk(id: BlockId, copy: Copy): Promise<void> {
    try {
      await this.#spill([[id, copy]]);
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The least recently used unpinned blocks in memory, of at least `bytes` together. */
  #victims(bytes: number): [BlockId, Copy][] {
    const victims: [BlockId, Copy][] = [];
    let found = 0;
    for (const [id, copy] of this.#inMemory) {
      if (found >= bytes) break;
      if (copy.holders > 1) continue;
      victims.push([id, copy]);
      found += copy.bytes;
    }
    return victims;
  }

  async #spill(victims: readonly [BlockId, Copy][]): Promise<void> {
    const path = join(this.#directory, `store-${this.#spillCount++}`);
    for (const [, copy] of victims) copy.holders += 1; // blocks being written must not be freed
    this.#fileUsers.set(path, (this.#fileUsers.get(path) ?? 0) + 1);
    try {
      await mkdir(this.#directory, { recursive: true });
      const spilled = await writeSpill({ path, pool: this.#pool, handles: victims.map(([, copy]) => copy.handle) });
      victims.forEach(([id, copy], i) => {
        const handle = spilled[i];
        assert(handle !== undefined, `the spill of block ${id} has no place`);
        if (this.#entries.get(id) !== copy) return; // dropped or replaced meanwhile
        this.#entries.set(id, this.#newCopy(handle, copy.keep));
        this.#inMemory.delete(id);
        if (copy.keep !== "diskOnly") this.#spilledBytes += copy.bytes - fileBytes(copy.handle);
        this.#letGo(copy);
      });
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw fileError(
        `move ${formatSize(victims.reduce((sum, [, copy]) => sum + copy.bytes, 0))} of blocks to`,
        path,
        error,
      );
    } finally {
      for (const [, copy] of victims) this.#letGo(copy);
      this.#leaveFile(path);
    }
  }
}

/** So that a disk that stays full is not tried, and reported, with every block. */
const PUTS_AFTER_FAILURE = 100;

/** Written at a time, so that memory is freed in steps. */
const SPILL_STEP_BYTES = 16 * 1024 * 1024;

function hasMemory(handle: BlockHandle): boolean {
  return partsOf(handle).some((part) => part.kind === "memory" && part.slices.length > 0);
}

/** `shuffle/4` of `shuffle/4/0/1/2`. */
function groupOf(id: string): string {
  const second = id.indexOf("/", id.indexOf("/") + 1);
  return second < 0 ? id : id.slice(0, second);
}

function filesOf(handle: BlockHandle): Set<string> {
  const paths = new Set<string>();
  for (const part of partsOf(handle)) if (part.kind === "file") paths.add(part.path);
  return paths;
}
