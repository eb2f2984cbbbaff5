import { assert, EngineError, type EpochMs, epochMs } from "@millrace/base";
import type { ClassTable } from "@millrace/codec";
import { type FileSystems, fileNotFound, type Location } from "@millrace/files";
import { isSameVersion, type StateHeads, type StateRef, type StateVersion } from "@millrace/plan";
import { type OnDamage, type OpenedPartition, StateFiles, sliceRanges, stateDeltaMissing } from "@millrace/storage";
import { DeltaMerger } from "./delta-merger.ts";
import { damagedFile, notFound } from "./file-troubles.ts";
import { MemoryTable } from "./memory-table.ts";
import type { Overlay } from "./overlay.ts";
import { PartitionState } from "./partition-state.ts";
import { formerTaker, placedTaker } from "./placed-rows.ts";
import { RollingSlices } from "./rolling-slices.ts";
import { SliceWriter } from "./slice-writer.ts";
import { deltaRows, headOf, wholeRows } from "./state-rows.ts";
import type { StateTable } from "./state-table.ts";
import { UnreadPieces } from "./unread-pieces.ts";
import type { ValueSchema } from "./value-schema.ts";

/** A partition that no task has needed for this many batches has moved to another slot. */
const IDLE_BATCHES_MAX = 16;

/** Attempts to read a state before a missing file is reported, since another slot may replace files meanwhile. */
const READS_MAX = 3;

export interface StateStoreOptions {
  readonly files: FileSystems;
  readonly classes: ClassTable;
  /** `state.snapshot.deltas`. */
  readonly snapshotDeltas: number;
  /** What counts survives a loss of power: `checkpoint.sync`. */
  readonly sync?: boolean;
  /** Keys of a slice, if they are to be fewer than usual. For tests. */
  readonly sliceKeys?: number;
  /** Deltas that are merged into one, if they are to be fewer than usual. For tests. */
  readonly mergedDeltas?: number;
  /** Called with the number of keys held, at every `reportKeys` and while state is loaded. */
  readonly onKeys?: ((keys: number) => void) | undefined;
  /** Resolves when the slot has no task to run, or has had one for long enough; by default at once. */
  readonly idle?: () => Promise<void>;
  /** Makes an empty table for the published state of a partition; by default in memory. */
  readonly newTable?: ((options: { readonly timed: boolean }) => StateTable) | undefined;
  /** Called with what the operator should know of and no task fails by. */
  readonly onTrouble?: ((error: EngineError) => void) | undefined;
}

/** What an operator needs of its state before it begins. */
export interface StateNeeds {
  /** The times of the keys' last updates. */
  readonly timed: boolean;
  /** True if it visits every key in every batch; otherwise it reads what it touches. */
  readonly everyKey: boolean;
  /** Whether a key belongs to the partition. */
  readonly belongs: (key: unknown) => boolean;
  /** A partitioner of the author places its keys, which may be another one than in an earlier run of the job. */
  readonly placed?: boolean;
  /** Of its values; version 1 by default. */
  readonly schema?: ValueSchema;
}

/** The state that a task of a stateful operator starts from. */
export interface Prepared {
  readonly state: PartitionState;
  /** The batch's update has already been made: return its result again. */
  readonly done: boolean;
}

/** A state to be read; nothing is changed while it is. */
export interface ReadState {
  readonly state: PartitionState;
  readonly overlay: Overlay | undefined;
  /** Called when it has been read. */
  readonly close: () => void;
}

/** A partition that this slot holds. */
interface Held {
  readonly state: PartitionState;
  readonly slices: RollingSlices;
  /** The former heads that it was made of, until a version of it is committed. */
  readonly from: StateHeads | undefined;
  /** Its tasks read what they touch. */
  readonly lazy: boolean;
  lastUse: number;
}

/**
 * The state that this slot holds: per operator and partition the published version and an overlay.
 *
 * There is no message that a batch has committed. A task names the version it builds on, which is the last committed
 * one of the partition:
 *
 * | the slot has | it does |
 * |---|---|
 * | an overlay that is version `head` | publishes it |
 * | `head` published, and a complete overlay of this batch | nothing: an output is repeated |
 * | `head` published, and any other overlay | drops the overlay |
 * | anything else | reads `head` from its files |
 *
 * A task that needs only the keys that it touches begins when the deltas are read; it reads slices as it touches them, and the
 * others are read behind.
 *
 * The published state, which is committed, is written as slices, one after the other, at the pace of the deltas, and files that
 * they replace are removed: both in the background, one at a time. Neither has to succeed.
 */
export class StateStore {
  readonly #options: StateStoreOptions;
  readonly #partitions = new Map<string, Held>();
  readonly #files = new Map<string, StateFiles>();
  #batch: EpochMs = epochMs(0);
  /** The state that is being read. */
  #loading: PartitionState | undefined;
  /** Distinct batches seen. */
  #batches = 0;
  readonly #writer: SliceWriter = new SliceWriter();
  readonly #merger: DeltaMerger;
  /** Reading behind. */
  readonly #reading = new Set<Promise<void>>();

  constructor(options: StateStoreOptions) {
    this.#options = options;
    this.#merger = new DeltaMerger(this.#idle);
  }

  readonly #idle = (): Promise<void> => this.#options.idle?.() ?? Promise.resolve();

  reportKeys(): void {
    const { onKeys } = this.#options;
    if (onKeys === undefined) return;
    let keys = this.#loading?.keys ?? 0;
    for (const { state } of this.#partitions.values()) keys += state.keys;
    onKeys(keys);
  }

  /** Resolves when everything is read, pending slices are written and the files that they replace are removed. For tests. */
  async saved(): Promise<void> {
    await Promise.all(this.#reading);
    await this.#writer.settled();
    await this.#merger.settled();
  }

  /** Gives up all partitions. A thread that ends need not. */
  close(): void {
    for (const name of this.#partitions.keys()) this.#forget(name);
  }

  /** @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system. */
  async prepare(ref: StateRef, needs: StateNeeds): Promise<Prepared> {
    this.#tick(ref.batch);
    const name = nameOf(ref);
    if (this.#partitions.get(name)?.state.table.failure !== undefined) this.#forget(name);
    const held = this.#partitions.get(name);
    if (held !== undefined) publish(held, ref.head);
    // Whether keys time out may differ from one run of the job to the next.
    if (held !== undefined && (held.state.table.timed || !needs.timed) && isAt(held, ref)) {
      held.lastUse = this.#batches;
      const { state } = held;
      if (state.overlay?.complete === true && state.overlay.batch === ref.batch) return { state, done: true };
      state.drop();
      if (needs.everyKey) state.readAll();
      return { state, done: false };
    }
    this.#forget(name);
    const loaded = await this.#load(ref, needs);
    this.#partitions.set(name, loaded);
    return { state: loaded.state, done: false };
  }

  /**
   * The state of version `ref.head`, read-only: this slot's, published or in a complete overlay; otherwise that of the files.
   * The update of the batch is done, and has written it.
   *
   * @throws The errors of `prepare`.
   */
  async readUpdated(ref: StateRef, schema?: ValueSchema): Promise<ReadState> {
    this.#tick(ref.batch);
    const held = this.#partitions.get(nameOf(ref));
    if (held !== undefined && held.state.table.failure === undefined) {
      const { state } = held;
      held.lastUse = this.#batches;
      if (isAt(held, ref)) return { state, overlay: undefined, close: () => undefined };
      const { overlay } = state;
      if (overlay?.version !== undefined && isSameVersion(overlay.version, ref.head))
        return { state, overlay, close: () => undefined };
    }
    const { state } = await this.#load(ref, {
      timed: false,
      everyKey: true,
      belongs: () => true,
      ...(schema && { schema }),
    });
    return { state, overlay: undefined, close: () => state.close() };
  }

  /** Writes what a batch changes, unless that is nothing, and completes its overlay. */
  async complete(ref: StateRef, state: PartitionState, overlay: Overlay): Promise<void> {
    const name = nameOf(ref);
    const held = this.#partitions.get(name);
    assert(held?.state === state, `the state of ${ref.operator} is not held`);
    if (ref.from === undefined) await this.#writeDelta(ref, held, overlay);
    else await this.#writeWhole(ref, held, overlay);
    overlay.complete = true;
    const files = this.#filesOf(ref.directory);
    this.#writer.write(name, { ref, files, ...held });
    const { merges } = held.slices;
    if (held.lazy && held.slices.isMerged(state))
      this.#merger.merge({ ref, files, merges, deltaBytes: overlay.deltaBytes });
  }

  async #writeDelta(ref: StateRef, { state }: Held, overlay: Overlay): Promise<void> {
    const rowGroups = deltaRows(state, overlay);
    if (rowGroups.length === 0) return;
    const version = writtenBy(ref);
    overlay.deltaBytes = await this.#filesOf(ref.directory).writeDelta(ref, {
      version,
      base: state.head === undefined ? { kind: "nothing" } : { kind: "version", version: state.head },
      ...headOf(state, overlay),
      rowGroups,
    });
    overlay.version = version;
    this.#writer.addDelta(overlay.deltaBytes);
  }

  /** The state was in another number of partitions: all of it is written, so that nothing of those is needed any more. */
  async #writeWhole(ref: StateRef, { state, slices }: Held, overlay: Overlay): Promise<void> {
    const counts = state.table.counts.slice();
    for (const group of overlay.newGroups) counts[group] = (counts[group] ?? 0) + 1;
    const version = writtenBy(ref);
    await this.#filesOf(ref.directory).writeWhole(ref, {
      version,
      ...headOf(state, overlay),
      ranges: sliceRanges(counts, slices.sliceKeys),
      fill: wholeRows(state, overlay),
    });
    overlay.version = version;
  }

  async #load(ref: StateRef, needs: StateNeeds): Promise<Held> {
    for (let reads = 1; ; reads++) {
      try {
        return ref.from === undefined ? await this.#read(ref, needs) : await this.#readFormer(ref, ref.from, needs);
      } catch (error) {
        this.#loading?.close();
        const gone = error instanceof EngineError && GONE.includes(error.code);
        if (!gone) throw error;
        if (reads >= READS_MAX) throw await this.#missing(ref, error);
      } finally {
        this.#loading = undefined;
      }
    }
  }

  async #read(ref: StateRef, { timed, everyKey, schema, belongs, placed = false }: StateNeeds): Promise<Held> {
    const files = this.#filesOf(ref.directory);
    const state = this.#newState(timed, schema);
    const lazy = !everyKey && !timed && files.blocking;
    const { head } = ref;
    if (head === undefined)
      return { state, slices: this.#newSlices(NOTHING), from: undefined, lazy, lastUse: this.#batches };
    this.#loading = state;
    const onDamage = this.#onDamage(ref);
    // Of a partition that an earlier run wrote, every key is looked at before one is looked up: it may have to be elsewhere now.
    const checked = placed && head.epoch !== ref.writes?.epoch;
    const taker = checked ? placedTaker(state, ref, belongs) : state;
    const later = lazy && !checked;
    const opened = await files.open(ref, head, taker, later ? { merged: { onDamage } } : {});
    const { chain, links, nextOrdinal, pieces } = opened;
    state.head = head;
    state.nextOrdinal = nextOrdinal;
    if (!later || pieces.length === 0) {
      await files.take(opened, pieces, taker, onDamage);
      state.finishReading();
    } else {
      const unread = new UnreadPieces({
        ...{ files, opened, taker: state, onDamage },
        onRead: () => this.reportKeys(),
        onEnd: () => state.finishReading(),
        idle: this.#idle,
      });
      state.unread = unread;
      const reading = unread.readBehind().then(() => void this.#reading.delete(reading));
      this.#reading.add(reading);
    }
    const slices = this.#newSlices(opened);
    slices.read(
      links.reduce((sum, { bytes }) => sum + bytes, 0),
      chain.length,
    );
    this.reportKeys();
    return { state, slices, from: undefined, lazy, lastUse: this.#batches };
  }

  /** Puts the partition together from those that the state was in. */
  async #readFormer(ref: StateRef, from: StateHeads, { timed, everyKey, belongs, schema }: StateNeeds): Promise<Held> {
    const { operator, directory } = ref;
    const files = this.#filesOf(directory);
    const state = this.#newState(timed, schema);
    this.#loading = state;
    const onDamage = this.#onDamage(ref);
    for (const [former, head] of from.heads.entries()) {
      if (head === undefined) continue;
      const of = { operator, partition: former, partitions: from.partitions };
      const taker = formerTaker(state, { former, of: from.partitions, belongs });
      const opened = await files.open(of, head, taker);
      await files.take(opened, opened.pieces, taker, onDamage);
    }
    state.finishReading();
    state.renumber();
    this.reportKeys();
    const lazy = !everyKey && !timed && files.blocking;
    return { state, slices: this.#newSlices(NOTHING), from, lazy, lastUse: this.#batches };
  }

  #newState(timed: boolean, schema: ValueSchema | undefined): PartitionState {
    const { classes, newTable } = this.#options;
    const table = newTable?.({ timed }) ?? new MemoryTable({ classes, timed });
    return new PartitionState({ table, classes, schema });
  }

  #newSlices(known: Pick<OpenedPartition, "chain" | "links">): RollingSlices {
    const { snapshotDeltas: roundDeltas, sliceKeys = Number.POSITIVE_INFINITY, mergedDeltas } = this.#options;
    return new RollingSlices({ roundDeltas, sliceKeys, mergedDeltas }, known);
  }

  #onDamage(ref: StateRef): OnDamage {
    return (file, error) => void this.#options.onTrouble?.(damagedFile(ref, file, error));
  }

  /** Whether it is one of many files that is missing, or all of them. */
  async #missing(ref: StateRef, error: EngineError): Promise<Error> {
    const { head } = ref;
    if (head === undefined) return error;
    const { deltas } = (await this.#filesOf(ref.directory).list(ref)).files;
    return deltas.some((version) => isSameVersion(version, head)) ? error : notFound(ref, head, deltas);
  }

  #filesOf(directory: Location): StateFiles {
    let files = this.#files.get(directory);
    if (files === undefined) {
      const { sync = false, files: systems } = this.#options;
      files = new StateFiles({ files: systems.for(directory), directory, sync });
      this.#files.set(directory, files);
    }
    return files;
  }

  #tick(batch: EpochMs): void {
    if (batch === this.#batch) return;
    this.#batch = batch;
    this.#batches += 1;
    this.#writer.beginBatch();
    for (const [name, held] of this.#partitions) {
      if (this.#batches - held.lastUse > IDLE_BATCHES_MAX) this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#partitions.get(name)?.state.close();
    this.#partitions.delete(name);
    this.#writer.forget(name);
  }
}

const NOTHING: Pick<OpenedPartition, "chain" | "links"> = { chain: [], links: [] };

const GONE: readonly string[] = [stateDeltaMissing.code, fileNotFound.code];

const nameOf = (ref: StateRef): string => `${ref.directory}\0${ref.operator}\0${ref.partitions}-${ref.partition}`;

/** Publishes a complete overlay if it is the version that is committed. */
function publish({ state, slices }: Held, head: StateVersion | undefined): void {
  const { overlay } = state;
  if (head === undefined || overlay?.version === undefined || !isSameVersion(overlay.version, head)) return;
  slices.published(head, overlay.deltaBytes);
  state.publish();
}

/** Whether the published state is what a task builds on. */
function isAt({ state, from }: Held, ref: StateRef): boolean {
  if (ref.from === undefined)
    return isSameVersion(state.head, ref.head) && (state.head !== undefined || from === undefined);
  if (from === undefined || state.head !== undefined || from.partitions !== ref.from.partitions) return false;
  return ref.from.heads.every((head, former) => isSameVersion(head, from.heads[former]));
}

function writtenBy({ writes, operator }: StateRef): StateVersion {
  assert(writes !== undefined, `a task that only reads the state of ${operator} changes it`);
  return writes;
}
