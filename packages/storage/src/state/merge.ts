import { KEY_GROUPS, KeyMap } from "@millrace/codec";
import { isSameVersion, type StateVersion } from "@millrace/plan";
import { deltaFileName, type GroupRange, partFileName, type StatePartition } from "./file-names.ts";
import type { MergedDelta } from "./merged.ts";
import { RowGroupsWriter, readRows, type StateCell, type StateRows } from "./rows.ts";
import { SLICE_BYTES } from "./slice-ranges.ts";
import type { DeltaBase, StateFile } from "./state-file.ts";
import type { StateFiles } from "./state-files.ts";
import type { DeltaLink } from "./walk.ts";

/** Rows of a row group of a part: few key groups, so that little is decoded for one. */
const PART_ROWS = 1024;

/** Changes that are merged, those of a link. */
interface Source {
  readonly version: StateVersion;
  readonly older: readonly StateVersion[];
  readonly base: DeltaBase;
  readonly schema: number;
  readonly timed: boolean;
  readonly nextOrdinal: number;
  readonly level: number;
  readonly bytes: number;
  readonly groups: GroupRange;
  /** Its rows that may be of these groups. */
  rows(groups: GroupRange): Promise<readonly StateRows[]>;
}

/**
 * Merges the deltas of versions that build on each other into one, which has their changes by key group. As many of them are merged,
 * from the newest on, as have values of the same kind.
 *
 * @param links Newest first.
 * @param pause Awaited between pieces of work of about the size of a slice.
 * @returns `undefined`: nothing was written, for there is nothing to merge with the newest.
 * @throws The errors of `StateFiles.readFile`. What was written does not count.
 *
 * Memory: the rows of the deltas that have not been merged before, and those of a part of each of the others.
 */
export async function mergeDeltas(
  files: StateFiles,
  of: StatePartition,
  links: readonly DeltaLink[],
  pause: () => Promise<void>,
): Promise<MergedDelta | undefined> {
  const sources = await alike(files, of, links, pause);
  const [newest] = sources;
  const oldest = sources.at(-1);
  if (newest === undefined || oldest === undefined || (sources.length === 1 && newest.level > 0)) return undefined;
  const { version, schema, timed, nextOrdinal } = newest;
  const older = sources.flatMap((source) => [source.version, ...source.older]).slice(1);
  const count = older.length + 1;
  const level = 1 + Math.max(...sources.map((source) => source.level));
  const head = { schema, timed, nextOrdinal, level, base: oldest.base };
  const parts: GroupRange[] = [];
  let bytes = 0;
  for (const range of rangesOf(sources)) {
    await pause();
    const rowGroups = await rowsBetween(sources, range, timed);
    if (rowGroups.length === 0) continue;
    bytes += await files.writePart(of, { version, count, ...range }, head, rowGroups);
    parts.push(range);
  }
  const merged: MergedDelta = { version, count, older, ...head, parts, bytes };
  await files.writeMerged(of, merged);
  return merged;
}

/** The first links whose rows may be in one file. */
async function alike(
  files: StateFiles,
  of: StatePartition,
  links: readonly DeltaLink[],
  pause: () => Promise<void>,
): Promise<readonly Source[]> {
  const sources: Source[] = [];
  let read = 0;
  for (const link of links) {
    const newer = sources.at(-1);
    if (newer !== undefined && !(newer.base.kind === "version" && isSameVersion(newer.base.version, link.version)))
      break;
    if (read >= SLICE_BYTES) {
      await pause();
      read = 0;
    }
    const source =
      link.merged === undefined ? await deltaSource(files, of, link.version) : mergedSource(files, of, link.merged);
    if (link.merged === undefined) read += source.bytes;
    if (source.base.kind === "slices") break;
    if (newer !== undefined && (source.schema !== newer.schema || source.timed !== newer.timed)) break;
    sources.push(source);
  }
  return sources;
}

async function deltaSource(files: StateFiles, of: StatePartition, version: StateVersion): Promise<Source> {
  const file = await files.readFile(of, deltaFileName(version), { version, kind: "delta" });
  const { schema, timed, nextOrdinal, base = { kind: "nothing" } } = file;
  const groups = file.rowGroups.reduce(
    ({ first, last }, group) => ({ first: Math.min(first, group.first), last: Math.max(last, group.last) }),
    { first: KEY_GROUPS - 1, last: 0 },
  );
  const rows = file.rowGroups.map((_, at) => readRows(file, at));
  return {
    ...{ version, older: [], base, schema, timed, nextOrdinal, level: 0, bytes: file.bytes, groups },
    rows: () => Promise.resolve(rows),
  };
}

function mergedSource(files: StateFiles, of: StatePartition, merged: MergedDelta): Source {
  const { version, count, parts } = merged;
  return {
    ...merged,
    groups: { first: parts[0]?.first ?? KEY_GROUPS - 1, last: parts.at(-1)?.last ?? 0 },
    rows: async (range) => {
      const rows: StateRows[] = [];
      for (const groups of parts) {
        if (!overlap(groups, range)) continue;
        const file: StateFile = await files.readFile(of, partFileName({ version, count, ...groups }), {
          ...{ version, kind: "part", groups },
        });
        file.rowGroups.forEach((group, at) => {
          if (overlap(group, range)) rows.push(readRows(file, at));
        });
      }
      return rows;
    },
  };
}

/** The groups of the sources, in ranges whose rows are about as many bytes as a slice. */
function rangesOf(sources: readonly Source[]): readonly GroupRange[] {
  const bytes = sources.reduce((sum, source) => sum + source.bytes, 0);
  const first = Math.min(...sources.map(({ groups }) => groups.first));
  const last = Math.max(...sources.map(({ groups }) => groups.last));
  const width = Math.max(1, Math.ceil((last - first + 1) / Math.ceil(bytes / SLICE_BYTES)));
  const ranges: GroupRange[] = [];
  for (let start = first; start <= last; start += width) {
    ranges.push({ first: start, last: Math.min(start + width - 1, last) });
  }
  return ranges;
}

/** The newest row of each key, by key group. */
async function rowsBetween(sources: readonly Source[], range: GroupRange, timed: boolean) {
  const seen = new KeyMap<unknown, true>();
  const found: { readonly group: number; readonly rows: StateRows; readonly at: number }[] = [];
  for (const source of sources) {
    for (const rows of await source.rows(range)) {
      for (let at = 0; at < rows.rows; at++) {
        const group = rows.groups[at] ?? 0;
        if (group < range.first || group > range.last) continue;
        const key = rows.keys[at];
        if (seen.find(key) >= 0) continue;
        seen.add(key, true);
        found.push({ group, rows, at });
      }
    }
  }
  found.sort((a, b) => a.group - b.group);
  const states = new RowGroupsWriter("state", { timed, most: PART_ROWS });
  const removals = new RowGroupsWriter("removal", { timed, most: PART_ROWS });
  for (const { group, rows, at } of found) {
    const { keys, cells, ordinals, updated, version } = rows;
    if (rows.removals) removals.remove(keys[at], group);
    else {
      const cell = cells[at] as StateCell; // what a writer was given
      states.put(keys[at], group, cell, ordinals[at] ?? 0, updated?.[at] ?? version.batch);
    }
  }
  return [...states.finish(), ...removals.finish()];
}

function overlap(a: GroupRange, b: GroupRange): boolean {
  return a.first <= b.last && a.last >= b.first;
}
