import { KeyMap, keyGroup } from "@millrace/codec";
import { formerHeads, groupsOf, isSameVersion, type StateHeads, type StateVersion } from "@millrace/plan";
import type { GroupRange, StatePartition } from "./file-names.ts";
import type { StateCell, StateRows } from "./rows.ts";
import { ALL_GROUPS } from "./state-file.ts";
import type { StateFiles } from "./state-files.ts";
import type { OnDamage, RowsTaker } from "./walk.ts";

/** A key with its state, as it was found in a file. */
export interface FoundKey {
  readonly key: unknown;
  readonly group: number;
  /** Its place in the order of the partition's keys: they are in the order in which they were added. */
  readonly ordinal: number;
  readonly cell: StateCell;
  /** The time of the last update, in epoch ms; `undefined` if the operator's keys do not time out. */
  readonly updated: number | undefined;
  /** Of the file: of a delta, the version that set the state; of a slice, a later one. */
  readonly version: StateVersion;
  /** Of the value. */
  readonly schema: number;
}

/** A key that differs between two versions. At least one of the two is there. */
export interface ChangedKey {
  readonly key: unknown;
  readonly before: FoundKey | undefined;
  readonly after: FoundKey | undefined;
}

export interface ReadOptions {
  /** Only these keys: what lies in other key groups is not read, as far as it is in files of its own. */
  readonly keys?: readonly unknown[];
  /** Only keys of these groups, likewise. */
  readonly groups?: GroupRange;
  /** Told of slices that are damaged, and have been worked around. */
  readonly onDamage?: OnDamage;
}

/**
 * The rows of a partition at a version, in the order of its keys.
 *
 * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system
 */
export async function readState(
  files: StateFiles,
  of: StatePartition,
  head: StateVersion | undefined,
  { keys, groups, onDamage = () => undefined }: ReadOptions = {},
): Promise<readonly FoundKey[]> {
  if (head === undefined) return [];
  const found = new RowCollector(keys, groups);
  const opened = await files.open(of, head, found);
  const pieces = opened.pieces.filter(({ first, last }) => found.wantsAny(first, last));
  await files.take(opened, pieces, found, onDamage);
  return found.rows();
}

/**
 * The keys whose state differs between two versions of a partition. Costs what the batches between them touched, as long as
 * their deltas are there, and otherwise as much as reading both.
 *
 * @param from An earlier version than `to`; `undefined`: before the first.
 * @throws The errors of `readState`.
 */
export async function readChanges(
  files: StateFiles,
  of: StatePartition,
  { from, to }: { readonly from: StateVersion | undefined; readonly to: StateVersion | undefined },
  options: Pick<ReadOptions, "onDamage"> = {},
): Promise<readonly ChangedKey[]> {
  const touched = to === undefined || from === undefined ? undefined : await touchedSince(files, of, from, to);
  const keys = touched?.keys();
  const only = keys === undefined ? options : { ...options, keys };
  const before = await readState(files, of, from, only);
  return changesBetween(before, touched?.rows() ?? (await readState(files, of, to, options)));
}

/**
 * The same for a whole state that has another number of partitions meanwhile, some keys at a time. Costs as much as reading both,
 * and holds one partition in memory, of the larger number.
 *
 * @param byHash Keys are placed by their groups; otherwise any partition may have them.
 * @throws The errors of `readState`.
 */
export async function* readChangesAcross(
  files: StateFiles,
  operator: string,
  { from, to }: { readonly from: StateHeads; readonly to: StateHeads },
  { byHash, onDamage }: Pick<ReadOptions, "onDamage"> & { readonly byHash: boolean },
): AsyncGenerator<readonly ChangedKey[], void, undefined> {
  const ranges = Math.max(from.partitions, to.partitions);
  for (let partition = 0; partition < ranges; partition++) {
    const range = { partition, partitions: ranges, byHash };
    const own = groupsOf(partition, ranges);
    const groups = { first: own.from, last: own.until - 1 };
    const options = { groups, ...(onDamage === undefined ? {} : { onDamage }) };
    const read = async (all: StateHeads): Promise<readonly FoundKey[]> => {
      const rows: FoundKey[] = [];
      const { partitions } = all;
      for (const [at, head] of formerHeads(all, range).heads.entries()) {
        for (const row of await readState(files, { operator, partition: at, partitions }, head, options))
          rows.push(row);
      }
      return rows;
    };
    yield changesBetween(await read(from), await read(to));
  }
}

function changesBetween(before: readonly FoundKey[], after: readonly FoundKey[]): readonly ChangedKey[] {
  const rows = new KeyMap<unknown, FoundKey>();
  for (const row of before) rows.set(row.key, row);
  const changes: ChangedKey[] = [];
  for (const row of after) {
    const old = rows.get(row.key);
    rows.delete(row.key);
    if (old === undefined || !isSameCell(old.cell, row.cell)) changes.push({ key: row.key, before: old, after: row });
  }
  for (const row of rows.values()) changes.push({ key: row.key, before: row, after: undefined });
  return changes;
}

/** What the deltas after `from` say; `undefined` if they do not lead back to it. */
async function touchedSince(
  files: StateFiles,
  of: StatePartition,
  from: StateVersion,
  to: StateVersion,
): Promise<RowCollector | undefined> {
  const found = new RowCollector();
  try {
    const { chain } = await files.open(of, to, found, { until: from });
    return isSameVersion(chain.at(-1), from) ? found : undefined;
  } catch {
    return undefined; // the state itself may still be readable, and its reader reports what is wrong
  }
}

function isSameCell(a: StateCell, b: StateCell): boolean {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return Object.is(a, b);
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Keeps the first row of each key. */
class RowCollector implements RowsTaker {
  /** By key; `undefined`: removed. */
  readonly #found = new KeyMap<unknown, FoundKey | undefined>();
  readonly #keys: KeyMap<unknown, true> | undefined;
  readonly #groups: ReadonlySet<number> | undefined;
  readonly #range: GroupRange;

  constructor(keys?: readonly unknown[], range: GroupRange = ALL_GROUPS) {
    this.#range = range;
    if (keys === undefined) return;
    this.#groups = new Set(keys.map(keyGroup));
    const wanted = new KeyMap<unknown, true>();
    for (const key of keys) wanted.set(key, true);
    this.#keys = wanted;
  }

  wantsAny(first: number, last: number): boolean {
    if (first > this.#range.last || last < this.#range.first) return false;
    if (this.#groups === undefined) return true;
    for (const group of this.#groups) if (group >= first && group <= last) return true;
    return false;
  }

  take(rows: StateRows, wants: (group: number) => boolean): void {
    for (let at = 0; at < rows.rows; at++) {
      const group = rows.groups[at] ?? 0;
      if (!wants(group) || this.#groups?.has(group) === false) continue;
      if (group < this.#range.first || group > this.#range.last) continue;
      const key = rows.keys[at];
      if (this.#keys?.has(key) === false || this.#found.has(key)) continue;
      this.#found.set(key, rows.removals ? undefined : foundAt(rows, at));
    }
  }

  keys(): readonly unknown[] {
    return [...this.#found.keys()];
  }

  rows(): readonly FoundKey[] {
    const rows: FoundKey[] = [];
    for (const row of this.#found.values()) if (row !== undefined) rows.push(row);
    return rows.sort((a, b) => a.ordinal - b.ordinal);
  }
}

export function foundAt({ keys, groups, ordinals, cells, updated, version, schema }: StateRows, at: number): FoundKey {
  return {
    key: keys[at],
    group: groups[at] ?? 0,
    ordinal: ordinals[at] ?? 0,
    cell: cells[at] as StateCell, // what `RowGroupsWriter.put` took
    updated: updated?.[at],
    version,
    schema,
  };
}
