import { assert, EngineError } from "@millrace/base";
import { HASH_VERSION } from "@millrace/codec";
import { fileNotFound, type Location, within } from "@millrace/files";
import { isSameVersion, type StateVersion, versionName } from "@millrace/plan";
import { Cover, type Piece } from "./cover.ts";
import { missing } from "./errors.ts";
import type { Fetched, Fetching } from "./fetching.ts";
import {
  deltaFileName,
  type GroupRange,
  type MergedName,
  mergedFileName,
  type PartitionFiles,
  type SliceName,
  type StatePartition,
  sliceFileName,
} from "./file-names.ts";
import { type MergedDelta, readMerged } from "./merged.ts";
import { readRows, type StateRows } from "./rows.ts";
import { ALL_GROUPS, decodeStateFile, type StateFile } from "./state-file.ts";

/** The files of one partition, as they were listed. */
export interface ListedPartition {
  readonly of: StatePartition;
  readonly folder: Location;
  readonly files: PartitionFiles;
}

/**
 * Takes the rows of a partition, newest first: of all rows of a key, only the first counts, be it a state or a removal.
 */
export interface RowsTaker {
  /** @param wants Whether rows of a key group count. */
  take(rows: StateRows, wants: (group: number) => boolean): void;
}

/** What is known of a partition at a version when its deltas have been taken. */
export interface WalkedPartition {
  /** The files that hold the rest, in ascending order of key groups; groups without any are left out. */
  readonly pieces: readonly Piece[];
  /** The deltas from the first merged one that was met on, newest first. Their rows have not been taken. */
  readonly layers: readonly DeltaLink[];
  /** The versions that were met, newest first. */
  readonly chain: readonly StateVersion[];
  /** The deltas that were met, newest first: merged ones, and those in which a version was written. */
  readonly links: readonly DeltaLink[];
  readonly nextOrdinal: number;
}

/** A delta, of one version or merged. */
export interface DeltaLink {
  readonly version: StateVersion;
  readonly merged: MergedDelta | undefined;
  /** Of its file, or of its parts. */
  readonly bytes: number;
}

export interface WalkOptions {
  /** Only these count. By default, all. */
  readonly groups?: GroupRange;
  /** Files that cannot be read, by name. */
  readonly without?: ReadonlySet<string>;
  /** Ends before this version, and looks at no slices: only what has changed since counts. */
  readonly until?: StateVersion;
  /** Merged deltas are used where they are, so that the rows of the versions in them are read by key group. */
  readonly merged?: { readonly onDamage: OnDamage };
}

/** Files that are read side by side. */
export const READ_AHEAD = 16;

/**
 * Takes the rows of the deltas from `head` back, each from the version that the next one names, until every group has a slice:
 * the newest one on that chain.
 *
 * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN
 */
export function* walk(
  partition: ListedPartition,
  head: StateVersion,
  taker: RowsTaker,
  options: WalkOptions = {},
): Fetching<WalkedPartition> {
  const { until, groups = ALL_GROUPS, without } = options;
  const cover = new Cover(groups);
  const slices = slicesByVersion(until === undefined ? partition.files.slices : [], without);
  const deltas = new DeltaFiles(partition, until === undefined ? options.merged : undefined);
  const chain: StateVersion[] = [];
  const layers: DeltaLink[] = [];
  const links: DeltaLink[] = [];
  const meet = (version: StateVersion): void => {
    for (const slice of slices.get(versionName(version)) ?? []) cover.add(slice);
  };
  let nextOrdinal = 0;
  for (
    let version: StateVersion | undefined = head;
    version !== undefined && (links.length === 0 || cover.open > 0);
  ) {
    meet(version);
    const isEnd = until !== undefined ? isSameVersion(version, until) : cover.open === 0 && links.length > 0;
    if (isEnd) {
      chain.push(version);
      break;
    }
    const merged: MergedDelta | undefined = yield* deltas.readMerged(version);
    if (merged !== undefined) {
      if (links.length === 0) ({ nextOrdinal } = merged);
      const link = { version, merged, bytes: merged.bytes };
      links.push(link);
      layers.push(link);
      cover.layers = layers.length;
      chain.push(version, ...merged.older);
      merged.older.forEach(meet);
      version = merged.base.kind === "version" ? merged.base.version : undefined;
      continue;
    }
    const delta: StateFile = yield* deltas.read(version, {
      builtOnIt: chain.at(-1),
      gap: until === undefined ? cover.gap() : undefined,
    });
    if (links.length === 0) ({ nextOrdinal } = delta);
    chain.push(version);
    const link = { version, merged: undefined, bytes: delta.bytes };
    links.push(link);
    if (layers.length > 0) {
      layers.push(link); // newer rows come first
      cover.layers = layers.length;
    } else if (cover.open > 0)
      for (let at = 0; at < delta.rowGroups.length; at++) taker.take(readRows(delta, at), cover.isOpen);
    if (delta.base?.kind === "slices" && cover.open > 0 && until === undefined)
      throw sliceMissing(partition, version, cover.gap());
    version = delta.base?.kind === "version" ? delta.base.version : undefined;
  }
  return { pieces: cover.pieces(), layers, chain, links, nextOrdinal };
}

/** Reads deltas along a chain; those that were written before are probably wanted next, so they are read with it. */
class DeltaFiles {
  readonly #partition: ListedPartition;
  /** Newest first. */
  readonly #listed: readonly StateVersion[];
  readonly #ahead = new Map<string, Fetched>();
  readonly #onDamage: OnDamage | undefined;
  /** Merged deltas by their newest version, the longest first. */
  readonly #merged = new Map<string, MergedName[]>();

  constructor(partition: ListedPartition, merged: WalkOptions["merged"]) {
    this.#partition = partition;
    this.#listed = [...partition.files.deltas].sort(
      (a, b) => b.batch - a.batch || b.epoch - a.epoch || b.attempt - a.attempt,
    );
    this.#onDamage = merged?.onDamage;
    if (merged === undefined) return;
    for (const one of [...partition.files.merged].sort((a, b) => b.count - a.count)) {
      const name = versionName(one.version);
      this.#merged.set(name, [...(this.#merged.get(name) ?? []), one]);
    }
  }

  /** The longest merged delta up to a version; one that cannot be read is done without. */
  *readMerged(version: StateVersion): Fetching<MergedDelta | undefined> {
    const { of, folder } = this.#partition;
    for (const one of this.#merged.get(versionName(version)) ?? []) {
      const name = mergedFileName(one);
      const path = within(folder, name);
      const [file] = yield [path];
      assert(file !== undefined, `${name} was not fetched`);
      try {
        if ("error" in file) throw file.error;
        const expected = { place: { of, path }, version, kind: "merged" } as const;
        return readMerged(decodeStateFile(expected, file.bytes, HASH_VERSION), one);
      } catch (error) {
        if (!isGone(error)) this.#onDamage?.(name, error);
      }
    }
    return undefined;
  }

  /** The deltas from one on that may be read with it. */
  #from(at: number): readonly StateVersion[] {
    let end = at + 1;
    while (end < this.#listed.length && end - at < READ_AHEAD) {
      const version = this.#listed[end];
      if (version === undefined || this.#merged.has(versionName(version))) break;
      end += 1;
    }
    return this.#listed.slice(at, end);
  }

  *read(
    version: StateVersion,
    /** The version that was read before it, and key groups that need it. */
    { builtOnIt, gap }: { readonly builtOnIt: StateVersion | undefined; readonly gap: GroupRange | undefined },
  ): Fetching<StateFile> {
    const name = versionName(version);
    const { of, folder } = this.#partition;
    const place = { of, path: within(folder, deltaFileName(version)) };
    if (!this.#ahead.has(name)) {
      const at = this.#listed.findIndex((one) => isSameVersion(one, version));
      const next = at < 0 ? [version] : this.#from(at);
      this.#ahead.clear();
      const files = yield next.map((one) => within(folder, deltaFileName(one)));
      next.forEach((one, i) => {
        const file = files[i];
        if (file !== undefined) this.#ahead.set(versionName(one), file);
      });
    }
    const file = this.#ahead.get(name);
    this.#ahead.delete(name);
    assert(file !== undefined, `the delta ${name} was not fetched`);
    if ("error" in file) {
      if (!isGone(file.error)) throw file.error;
      throw missing(
        place,
        builtOnIt === undefined
          ? `the batch log says that version ${name} was committed`
          : `version ${versionName(builtOnIt)} builds on it${gap === undefined ? "" : `, for no slice has the key groups ${gap.first} to ${gap.last}`}`,
      );
    }
    return decodeStateFile({ place, version, kind: "delta" }, file.bytes, HASH_VERSION);
  }
}

/** Told of the name of a file that cannot be read, before older ones are tried. */
export type OnDamage = (file: string, error: unknown) => void;

function sliceMissing({ of, folder }: ListedPartition, version: StateVersion, { first, last }: GroupRange): Error {
  const path = within(folder, sliceFileName({ version, first, last }));
  return missing({ of, path }, `version ${versionName(version)} consists of it and others`);
}

export function isGone(error: unknown): boolean {
  return error instanceof EngineError && error.code === fileNotFound.code;
}

function slicesByVersion(
  slices: readonly SliceName[],
  without: ReadonlySet<string> | undefined,
): ReadonlyMap<string, readonly SliceName[]> {
  const byVersion = new Map<string, SliceName[]>();
  for (const slice of slices) {
    if (without?.has(sliceFileName(slice)) === true) continue;
    const name = versionName(slice.version);
    const known = byVersion.get(name);
    if (known === undefined) byVersion.set(name, [slice]);
    else known.push(slice);
  }
  return byVersion;
}
