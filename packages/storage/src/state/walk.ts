import { assert, EngineError } from "@millrace/base";
import { HASH_VERSION, KEY_GROUPS } from "@millrace/codec";
import { fileNotFound, type Location, within } from "@millrace/files";
import { isSameVersion, type StateVersion, versionName } from "@millrace/plan";
import { missing } from "./errors.ts";
import type { Fetched, Fetching } from "./fetching.ts";
import {
  deltaFileName,
  type GroupRange,
  type PartitionFiles,
  type SliceName,
  type StatePartition,
  sliceFileName,
} from "./file-names.ts";
import { readRows, type StateRows } from "./rows.ts";
import { decodeStateFile, type StateFile } from "./state-file.ts";

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

/**
 * Key groups that are in the same file: a slice, which holds what is older than the rows that were taken; without one, there is
 * nothing older.
 */
export interface Piece extends GroupRange {
  readonly slice: SliceName;
}

/** What is known of a partition at a version when its deltas have been taken. */
export interface WalkedPartition {
  /** The slices that hold the rest, in ascending order of key groups; groups without any are left out. */
  readonly pieces: readonly Piece[];
  /** The versions that were met, newest first. */
  readonly chain: readonly StateVersion[];
  readonly nextOrdinal: number;
  /** Bytes of the deltas that were taken. */
  readonly deltaBytes: number;
}

const READ_AHEAD = 16;

/**
 * Takes the rows of the deltas from `head` back, each from the version that the next one names, until every group has a slice:
 * the newest one on that chain.
 *
 * @param options.groups Only these count. By default, all.
 * @param options.without Slices that cannot be read, by file name.
 * @param options.until Ends before this version, and looks at no slices: only what has changed since counts.
 * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN
 */
export function* walk(
  partition: ListedPartition,
  head: StateVersion,
  taker: RowsTaker,
  options: { readonly groups?: GroupRange; readonly without?: ReadonlySet<string>; readonly until?: StateVersion } = {},
): Fetching<WalkedPartition> {
  const { until, groups = { first: 0, last: KEY_GROUPS - 1 }, without } = options;
  const cover = new Cover(groups);
  const slices = slicesByVersion(until === undefined ? partition.files.slices : [], without);
  const deltas = new DeltaFiles(partition);
  const chain: StateVersion[] = [];
  let nextOrdinal = 0;
  let deltaBytes = 0;
  for (
    let version: StateVersion | undefined = head;
    version !== undefined && (chain.length === 0 || cover.open > 0);
  ) {
    for (const slice of slices.get(versionName(version)) ?? []) cover.add(slice);
    if (cover.open === 0 && chain.length > 0) {
      chain.push(version);
      break;
    }
    if (until !== undefined && isSameVersion(version, until)) {
      chain.push(version);
      break;
    }
    const delta: StateFile = yield* deltas.read(version, chain.at(-1));
    if (chain.length === 0) ({ nextOrdinal } = delta);
    chain.push(version);
    if (cover.open > 0) {
      for (let at = 0; at < delta.rowGroups.length; at++) taker.take(readRows(delta, at), cover.isOpen);
      deltaBytes += delta.bytes;
    }
    if (delta.base?.kind === "slices" && cover.open > 0 && until === undefined)
      throw sliceMissing(partition, version, cover.gap());
    version = delta.base?.kind === "version" ? delta.base.version : undefined;
  }
  return { pieces: cover.pieces(), chain, nextOrdinal, deltaBytes };
}

/** For each key group, the slice that has it. */
class Cover {
  readonly #first: number;
  readonly #slices: (SliceName | undefined)[];
  /** Groups that no slice has yet. */
  open: number;
  readonly isOpen = (group: number): boolean => {
    const at = group - this.#first;
    return at >= 0 && at < this.#slices.length && this.#slices[at] === undefined;
  };

  constructor({ first, last }: GroupRange) {
    this.#first = first;
    this.open = last - first + 1;
    this.#slices = new Array<SliceName | undefined>(this.open).fill(undefined);
  }

  add(slice: SliceName): void {
    for (let group = slice.first; group <= slice.last; group++) {
      if (!this.isOpen(group)) continue;
      this.#slices[group - this.#first] = slice;
      this.open -= 1;
    }
  }

  /** The first groups without a slice. */
  gap(): GroupRange {
    const first = this.#slices.indexOf(undefined);
    let last = first;
    while (last + 1 < this.#slices.length && this.#slices[last + 1] === undefined) last += 1;
    return { first: this.#first + first, last: this.#first + last };
  }

  pieces(): Piece[] {
    const pieces: Piece[] = [];
    let start = 0;
    for (let at = 1; at <= this.#slices.length; at++) {
      const slice = this.#slices[start];
      if (at < this.#slices.length && this.#slices[at] === slice) continue;
      if (slice !== undefined) pieces.push({ slice, first: this.#first + start, last: this.#first + at - 1 });
      start = at;
    }
    return pieces;
  }
}

/** Reads deltas along a chain; those that were written before are probably wanted next, so they are read with it. */
class DeltaFiles {
  readonly #partition: ListedPartition;
  /** Newest first. */
  readonly #listed: readonly StateVersion[];
  readonly #ahead = new Map<string, Fetched>();

  constructor(partition: ListedPartition) {
    this.#partition = partition;
    this.#listed = [...partition.files.deltas].sort(
      (a, b) => b.batch - a.batch || b.epoch - a.epoch || b.attempt - a.attempt,
    );
  }

  *read(version: StateVersion, builtOnIt: StateVersion | undefined): Fetching<StateFile> {
    const name = versionName(version);
    const { of, folder } = this.#partition;
    const place = { of, path: within(folder, deltaFileName(version)) };
    if (!this.#ahead.has(name)) {
      const at = this.#listed.findIndex((one) => isSameVersion(one, version));
      const next = at < 0 ? [version] : this.#listed.slice(at, at + READ_AHEAD);
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
          : `version ${versionName(builtOnIt)} builds on it`,
      );
    }
    return decodeStateFile({ place, version, slice: undefined }, file.bytes, HASH_VERSION);
  }
}

/** Told of a slice that cannot be read, before older files are tried. */
export type OnDamage = (slice: SliceName, error: unknown) => void;

/**
 * Takes the rows of pieces. One whose slice cannot be read is put together from the slices before it, and the deltas since.
 *
 * @throws What was wrong with a slice, if there is no way around it.
 */
export function* takePieces(
  partition: ListedPartition,
  pieces: readonly Piece[],
  taker: RowsTaker,
  options: { readonly onDamage: OnDamage; readonly without?: ReadonlySet<string> },
): Fetching<void> {
  for (let next = 0; next < pieces.length; next += READ_AHEAD) {
    const some = pieces.slice(next, next + READ_AHEAD);
    const files = yield some.map(({ slice }) => within(partition.folder, sliceFileName(slice)));
    for (const [at, piece] of some.entries()) {
      const file = files[at];
      assert(file !== undefined, `${sliceFileName(piece.slice)} was not fetched`);
      let rows: readonly StateRows[];
      try {
        rows = rowsOf(partition, piece, file);
      } catch (error) {
        yield* takeAround(partition, piece, error, taker, options);
        continue;
      }
      for (const group of rows) taker.take(group, (one) => one >= piece.first && one <= piece.last);
    }
  }
}

/** The rows of a slice that may be of a piece. All of them are read before one is taken. */
function rowsOf({ of, folder }: ListedPartition, { slice, first, last }: Piece, file: Fetched): readonly StateRows[] {
  if ("error" in file) throw file.error;
  const place = { of, path: within(folder, sliceFileName(slice)) };
  const content = decodeStateFile({ place, version: slice.version, slice }, file.bytes, HASH_VERSION);
  const rows: StateRows[] = [];
  content.rowGroups.forEach((group, at) => {
    if (group.first <= last && group.last >= first) rows.push(readRows(content, at));
  });
  return rows;
}

function* takeAround(
  partition: ListedPartition,
  piece: Piece,
  damage: unknown,
  taker: RowsTaker,
  { onDamage, without = NONE }: { readonly onDamage: OnDamage; readonly without?: ReadonlySet<string> },
): Fetching<void> {
  const { slice, first, last } = piece;
  onDamage(slice, damage);
  const others = new Set([...without, sliceFileName(slice)]);
  try {
    const { pieces } = yield* walk(partition, slice.version, taker, { groups: { first, last }, without: others });
    yield* takePieces(partition, pieces, taker, { onDamage, without: others });
  } catch {
    throw damage; // it is what should have worked
  }
}

const NONE: ReadonlySet<string> = new Set();

function sliceMissing({ of, folder }: ListedPartition, version: StateVersion, { first, last }: GroupRange): Error {
  const path = within(folder, sliceFileName({ version, first, last }));
  return missing({ of, path }, `version ${versionName(version)} consists of it and others`);
}

function isGone(error: unknown): boolean {
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
