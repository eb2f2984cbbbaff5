import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineError, epochMs } from "@millrace/base";
import { emptyClassTable, partitionOf } from "@millrace/codec";
import { type BlockingFiles, FileSystems, locationFrom } from "@millrace/files";
import type { StateHeads, StateRef, StateVersion } from "@millrace/plan";
import { LocalFileSystem, SpillDirectory, StateFiles, stateStores } from "@millrace/storage";
import type { PartitionState } from "./partition-state.ts";
import { type StateNeeds, StateStore } from "./state-store.ts";
import { StoredTable } from "./stored-table.ts";
import { testedStore } from "./tested-store.fixture.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-state-store-"));

export function removeLabs(): void {
  for (const lab of labs) lab.store.close();
  labs.length = 0;
  rmSync(root, { recursive: true, force: true });
}

let count = 0;
const labs: StoreLab[] = [];
export const SNAPSHOT_DELTAS = 5;

/** Of the values in a test, which are small: so a state has several slices. */
const SLICE_KEYS = 2;

export interface LabOptions {
  readonly timed?: boolean;
  /** Tasks visit every key. */
  readonly everyKey?: boolean;
  readonly partitions?: number;
  /** Keys of a slice. */
  readonly sliceKeys?: number;
  /** Deltas that are merged into one. */
  readonly mergedDeltas?: number;
}

/** A file system without blocking calls. */
export class RemoteFiles extends LocalFileSystem {
  override readonly blocking = undefined;
}

/** A state over many batches, on one slot after the other. */
export class StoreLab {
  readonly directory: string = join(root, String(count++));
  readonly troubles: EngineError[] = [];
  readonly #options: LabOptions;
  #files: LocalFileSystem = new LocalFileSystem();
  store: StateStore;
  partitions: number;
  /** What is committed. */
  #heads: StateHeads | undefined;
  #batch = 0;

  constructor(options: LabOptions = {}) {
    labs.push(this);
    this.#options = options;
    this.store = this.#newStore();
    this.partitions = options.partitions ?? 1;
  }

  /** The slot is lost. */
  async restart(files = this.#files): Promise<void> {
    await this.store.saved();
    this.store.close();
    this.#files = files;
    this.store = this.#newStore();
  }

  /** One batch: `undefined` forgets a key. */
  async batch(changes: ReadonlyMap<string, number | undefined>, options: { readonly fails?: boolean } = {}) {
    this.#batch += 1;
    const heads: (StateVersion | undefined)[] = [];
    for (let partition = 0; partition < this.partitions; partition++) {
      const own = [...changes].filter(([key]) => partitionOf(key, this.partitions) === partition);
      heads.push(await this.#task(this.ref(partition, this.#batch), own));
    }
    if (options.fails !== true) this.#heads = { batch: epochMs(this.#batch), partitions: this.partitions, heads };
  }

  async #task(ref: StateRef, changes: readonly (readonly [string, number | undefined])[]) {
    const { state } = await this.store.prepare(ref, this.#needs(ref));
    const overlay = state.begin(ref.batch);
    for (const [key, value] of changes) {
      const index = state.find(key);
      if (value === undefined) {
        if (index >= 0) overlay.forget(index);
      } else if (index < 0) overlay.add(key, value);
      else if (!overlay.change(index, value) && this.#options.timed) overlay.touched.add(index);
    }
    await this.store.complete(ref, state, overlay);
    return overlay.version ?? ref.head;
  }

  /** The state as of the last committed batch, as its slot has it. */
  async state(partition = 0): Promise<PartitionState> {
    const ref = this.ref(partition);
    const { state } = await this.store.prepare(ref, this.#needs(ref));
    state.readAll();
    return state;
  }

  /** Keys with states, in order, of all partitions. */
  async entries(): Promise<readonly (readonly [unknown, unknown])[]> {
    const all: (readonly [unknown, unknown])[] = [];
    for (let partition = 0; partition < this.partitions; partition++)
      all.push(...entriesOf(await this.state(partition)));
    return all;
  }

  /** Versions that a reader of the first partition meets, until every key group has a slice. */
  async chain(): Promise<number> {
    const { head } = this.ref();
    const files = new StateFiles({ files: new LocalFileSystem(), directory: locationFrom(this.directory) });
    return head === undefined ? 0 : (await files.open(this.ref(), head, { take: () => undefined })).chain.length;
  }

  get folder(): string {
    return join(this.directory, `state/totals/${this.partitions}-0`);
  }

  /** Names of the files of the first partition. */
  get files(): readonly string[] {
    return readdirSync(this.folder).sort();
  }

  /** The reference that a task of the next batch would have. */
  ref(partition = 0, batch: number = this.#batch + 1): StateRef {
    const heads = this.#heads;
    const moved = heads !== undefined && heads.partitions !== this.partitions;
    return {
      ...{ operator: "totals", partition, partitions: this.partitions, directory: locationFrom(this.directory) },
      ...{ batch: epochMs(batch), head: moved ? undefined : heads?.heads[partition], first: heads === undefined },
      ...(moved ? { from: heads } : {}),
      oldest: heads?.batch ?? epochMs(0),
      writes: { batch: epochMs(batch), attempt: 0, epoch: 1 },
    };
  }

  #needs({ partition, partitions }: StateRef): StateNeeds {
    const { timed = false, everyKey = false } = this.#options;
    return { timed, everyKey, belongs: (key) => partitionOf(key, partitions) === partition };
  }

  #newStore(): StateStore {
    const files = new FileSystems({ systems: [this.#files], directory: "/" });
    const { sliceKeys = SLICE_KEYS, mergedDeltas } = this.#options;
    const newStore = stateStores(testedStore, new SpillDirectory(join(root, "slot"), count++));
    return new StateStore({
      newTable: newStore && (({ timed }) => new StoredTable(newStore(), { classes: emptyClassTable, timed })),
      ...{ files, classes: emptyClassTable, snapshotDeltas: SNAPSHOT_DELTAS, sliceKeys },
      ...(mergedDeltas !== undefined && { mergedDeltas }),
      onTrouble: (error) => void this.troubles.push(error),
    });
  }
}

/** Keys with their states, in the order in which results have them. */
export function entriesOf(state: PartitionState): [unknown, unknown][] {
  const entries: [unknown, unknown][] = [];
  const { table } = state;
  for (const chunk of table.inOrder()) {
    for (const at of Array.from(chunk)) if (table.has(at)) entries.push([table.keyAt(at), table.get(at)]);
  }
  return entries;
}

/** Keys with the time of their last update, longest idle first. */
export function idleOf(state: PartitionState): [unknown, number | undefined][] {
  const { table } = state;
  return [...table.idleBefore(Number.POSITIVE_INFINITY)].map((at) => [table.keyAt(at), table.updatedAt(at)]);
}

export function localBlocking(): BlockingFiles {
  const { blocking } = new LocalFileSystem();
  if (blocking === undefined) throw new Error("files of this machine have blocking calls");
  return blocking;
}

/** `k0`, `k1`, …, each with the value. */
export const keys = (many: number, value: number) => new Map(Array.from({ length: many }, (_, i) => [`k${i}`, value]));
