import { afterStep, assert, beforeStep, EngineError, type EpochMs } from "@millrace/base";
import { HASH_VERSION } from "@millrace/codec";
import { entriesOf, type FileSystem, fileNotFound, type Location, within } from "@millrace/files";
import type { StateVersion } from "@millrace/plan";
import type { Piece } from "./cover.ts";
import { fetchLater, fetchNow } from "./fetching.ts";
import {
  deltaFileName,
  type GroupRange,
  mergedFileName,
  operatorFolder,
  type PartitionFiles,
  type PartName,
  partFileName,
  partitionFilesOf,
  partitionFolder,
  partitionNamed,
  type SliceName,
  type StatePartition,
  sliceFileName,
} from "./file-names.ts";
import { type MergedDelta, mergedLists } from "./merged.ts";
import { PartCache, takePieces } from "./pieces.ts";
import { RowGroupsWriter } from "./rows.ts";
import {
  ALL_GROUPS,
  type DeltaBase,
  decodeStateFile,
  decodeStateHead,
  type ExpectedFile,
  encodeStateFile,
  type RowGroupContent,
  STATE_HEAD_BYTES,
  type StateFile,
  type StateFileHead,
} from "./state-file.ts";
import { filesToSweep } from "./sweep.ts";
import {
  type ListedPartition,
  type OnDamage,
  type RowsTaker,
  type WalkedPartition,
  type WalkOptions,
  walk,
} from "./walk.ts";

export interface StateFilesOptions {
  readonly files: FileSystem;
  /** The checkpoint directory; the files are in `state` within it. */
  readonly directory: Location;
  /** What counts survives a loss of power: `checkpoint.sync`. */
  readonly sync?: boolean;
}

type CommonHead = Pick<StateFileHead, "schema" | "timed" | "nextOrdinal">;

export interface DeltaContent extends CommonHead {
  readonly version: StateVersion;
  readonly base: DeltaBase;
  readonly rowGroups: readonly RowGroupContent[];
}

export interface SliceContent extends CommonHead, SliceName {
  readonly rowGroups: readonly RowGroupContent[];
}

/** What a merged delta and its parts have in common. */
export type MergedHead = CommonHead & Pick<StateFileHead, "base" | "level">;

/** A partition at a version: its deltas have been taken, and the pieces hold the rest. */
export interface OpenedPartition extends WalkedPartition {
  readonly listed: ListedPartition;
  readonly parts: PartCache;
}

/** Files up to this size are put together in memory. */
const COPIED_MAX = 1024 * 1024;

/** Files that one sweep of a folder removes at most; the others have to wait for the next. */
const SWEEP_MAX = 1000;

/**
 * The state of operators in a checkpoint directory: for each partition, deltas and slices (docs/formats/state.md). Writes are
 * atomic, and never replace what another version has written.
 */
export class StateFiles {
  readonly #files: FileSystem;
  readonly #directory: Location;
  readonly #sync: boolean;

  constructor({ files, directory, sync = false }: StateFilesOptions) {
    this.#files = files;
    this.#directory = directory;
    this.#sync = sync;
  }

  /** Writes what a version changes. Returns the size of the file. */
  async writeDelta(of: StatePartition, content: DeltaContent): Promise<number> {
    const bytes = await this.#writeDelta(of, content);
    await this.#makeDurable(of, [deltaFileName(content.version)]);
    return bytes;
  }

  #writeDelta(of: StatePartition, { rowGroups, ...head }: DeltaContent): Promise<number> {
    return this.#write(
      of,
      deltaFileName(head.version),
      { kind: "delta", ...head, groups: ALL_GROUPS, level: 0 },
      rowGroups,
    );
  }

  /** Writes a range of key groups as of a version. Returns the size of the file. */
  writeSlice(of: StatePartition, { rowGroups, ...head }: SliceContent): Promise<number> {
    const { first, last, version, schema, timed, nextOrdinal } = head;
    const groups = { first, last };
    return this.#write(
      of,
      sliceFileName(head),
      { kind: "slice", version, schema, timed, nextOrdinal, groups, base: undefined, level: 0 },
      rowGroups,
    );
  }

  /**
   * Writes a version that stands by itself: its slices, then the delta that says so.
   *
   * @param whole.fill Writes the rows of some key groups.
   */
  async writeWhole(
    of: StatePartition,
    whole: CommonHead & {
      readonly version: StateVersion;
      /** All key groups, in ranges. */
      readonly ranges: readonly GroupRange[];
      readonly fill: (range: GroupRange, writer: RowGroupsWriter) => void | Promise<void>;
    },
  ): Promise<number> {
    const { ranges, fill, ...head } = whole;
    let bytes = 0;
    for (const range of ranges) {
      const writer = new RowGroupsWriter("state", head);
      await fill(range, writer);
      bytes += await this.writeSlice(of, { ...head, ...range, rowGroups: writer.finish() });
    }
    bytes += await this.#writeDelta(of, { ...head, base: { kind: "slices" }, rowGroups: [] });
    await this.#makeDurable(of, [
      ...ranges.map((range) => sliceFileName({ version: head.version, ...range })),
      deltaFileName(head.version),
    ]);
    return bytes;
  }

  /** Writes some key groups of a merged delta. Returns the size of the file. */
  writePart(
    of: StatePartition,
    name: PartName,
    head: MergedHead,
    rowGroups: readonly RowGroupContent[],
  ): Promise<number> {
    const { first, last, version } = name;
    const groups = { first, last };
    return this.#write(of, partFileName(name), { kind: "part", ...head, version, groups }, rowGroups);
  }

  /** Writes a merged delta whose parts are there, which makes it count. */
  async writeMerged(of: StatePartition, merged: MergedDelta): Promise<void> {
    const { version, base, schema, timed, nextOrdinal, level } = merged;
    const head = { kind: "merged", version, base, schema, timed, nextOrdinal, level, groups: ALL_GROUPS } as const;
    await this.#write(of, mergedFileName(merged), head, mergedLists(merged));
  }

  /** One file of a partition. @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system */
  async readFile(of: StatePartition, name: string, expected: Omit<ExpectedFile, "place">): Promise<StateFile> {
    const path = within(partitionFolder(this.#directory, of), name);
    return decodeStateFile({ place: { of, path }, ...expected }, await this.#files.read(path), HASH_VERSION);
  }

  /**
   * Takes the deltas that lead to a version, newest first. With `until`, only those after that version. With `merged`, those that
   * were merged are left to the pieces.
   *
   * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system
   */
  async open(
    of: StatePartition,
    head: StateVersion,
    taker: RowsTaker,
    options: Pick<WalkOptions, "until" | "merged"> = {},
  ): Promise<OpenedPartition> {
    const listed = await this.list(of);
    return { listed, parts: new PartCache(), ...(await fetchLater(walk(listed, head, taker, options), this.#files)) };
  }

  /** Takes the rows of pieces. @throws The errors of `open` */
  take(opened: OpenedPartition, pieces: readonly Piece[], taker: RowsTaker, onDamage: OnDamage): Promise<void> {
    return fetchLater(takePieces(opened, pieces, taker, { onDamage }), this.#files);
  }

  /** True if `takeNow` is possible. */
  get blocking(): boolean {
    return this.#files.blocking !== undefined;
  }

  /** Like `take`, blocking the thread. */
  takeNow(opened: OpenedPartition, pieces: readonly Piece[], taker: RowsTaker, onDamage: OnDamage): void {
    const { blocking } = this.#files;
    assert(blocking !== undefined, "the file system has no blocking calls");
    fetchNow(takePieces(opened, pieces, taker, { onDamage }), blocking);
  }

  /**
   * What a version builds on.
   *
   * @returns `undefined`: its delta is not there.
   * @throws STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system
   */
  async baseOf(of: StatePartition, version: StateVersion): Promise<DeltaBase | undefined> {
    const path = within(partitionFolder(this.#directory, of), deltaFileName(version));
    try {
      const bytes = await this.#files.read(path, { start: 0, end: STATE_HEAD_BYTES });
      return decodeStateHead({ place: { of, path }, version, kind: "delta" }, bytes, HASH_VERSION).base;
    } catch (error) {
      if (error instanceof EngineError && error.code === fileNotFound.code) return undefined;
      throw error;
    }
  }

  /** The names of the files of a partition that are of batches up to this one. */
  async namesUntil(of: StatePartition, batch: EpochMs): Promise<readonly string[]> {
    const { deltas, slices } = (await this.list(of)).files;
    return [
      ...deltas.filter((version) => version.batch <= batch).map(deltaFileName),
      ...slices.filter(({ version }) => version.batch <= batch).map(sliceFileName),
    ];
  }

  async list(of: StatePartition): Promise<ListedPartition> {
    const folder = partitionFolder(this.#directory, of);
    const entries = (await entriesOf(this.#files, folder)) ?? [];
    return { of, folder, files: partitionFilesOf(entries.map(({ name }) => name)) };
  }

  /**
   * Removes files that nobody needs, see `filesToSweep`; and when all versions that are still read have this number of
   * partitions, those that were written for others. It may be interrupted anywhere.
   *
   * @returns The batch before which no version is needed any more.
   */
  async sweep(
    of: StatePartition,
    needed: { readonly chain: readonly StateVersion[]; readonly oldest: EpochMs },
  ): Promise<EpochMs> {
    const { folder, files } = await this.list(of);
    const swept = filesToSweep({ files, ...needed });
    // What takes the place of the others: it was written in the background, and nobody has waited for it.
    const removed = new Set(swept.slices);
    if (swept.deltas.length + removed.size > 0)
      await this.#makeDurable(of, files.slices.filter((slice) => !removed.has(slice)).map(sliceFileName));
    await this.#remove(folder, swept);
    if (needed.chain.some(({ batch }) => batch <= needed.oldest)) await this.#sweepFormer(of);
    return swept.base;
  }

  async #sweepFormer({ operator, partition, partitions }: StatePartition): Promise<void> {
    const parent = operatorFolder(this.#directory, operator);
    for (const entry of (await entriesOf(this.#files, parent)) ?? []) {
      const former = entry.kind === "directory" ? partitionNamed(entry.name) : undefined;
      if (former === undefined || former.partitions === partitions || former.partition % partitions !== partition)
        continue;
      const entries = (await entriesOf(this.#files, entry.path)) ?? [];
      const files = partitionFilesOf(entries.map(({ name }) => name));
      const known = Object.values(files).reduce((sum, some) => sum + some.length, 0);
      if (known === entries.length && known <= SWEEP_MAX) await this.#files.remove(entry.path);
      else await this.#remove(entry.path, files);
    }
  }

  async #remove(folder: Location, { deltas, slices, torn }: PartitionFiles): Promise<void> {
    const names = [...torn.map(({ name }) => name), ...slices.map(sliceFileName), ...deltas.map(deltaFileName)];
    for (const name of names.slice(0, SWEEP_MAX)) await this.#files.remove(within(folder, name));
  }

  async #makeDurable(of: StatePartition, names: readonly string[]): Promise<void> {
    if (!this.#sync) return;
    const folder = partitionFolder(this.#directory, of);
    const paths = names.map((name) => within(folder, name));
    await this.#files.sync?.(paths, this.#directory);
  }

  async #write(
    of: StatePartition,
    name: string,
    head: StateFileHead,
    rowGroups: readonly RowGroupContent[],
  ): Promise<number> {
    const parts = encodeStateFile(of, head, rowGroups, HASH_VERSION);
    const path = within(partitionFolder(this.#directory, of), name);
    const step = head.kind === "delta" ? "delta" : "snapshot";
    beforeStep(step, path);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    // One call of the system costs more than a small copy.
    const small = bytes > COPIED_MAX ? undefined : [Buffer.concat(parts)];
    const { blocking } = this.#files;
    // A task waits for its delta in any case, and three trips to other threads are most of the time of a small one.
    if (step === "delta" && small !== undefined && blocking?.write !== undefined) blocking.write(path, small);
    else await this.#files.write(path, small ?? parts);
    afterStep(step, path);
    return bytes;
  }
}
