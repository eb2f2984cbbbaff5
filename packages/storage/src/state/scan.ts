import { KeyMap } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import type { StatePartition } from "./file-names.ts";
import type { StateRows } from "./rows.ts";
import { type FoundKey, foundAt } from "./state-data.ts";
import type { StateFiles } from "./state-files.ts";
import type { OnDamage, RowsTaker } from "./walk.ts";

/**
 * The rows of a partition at a version, some at a time, in the order of their key groups. In memory are the rows of the deltas since
 * the slices were written, and one slice.
 *
 * @throws STATE_DELTA_MISSING, STATE_DELTA_CORRUPT, STATE_DELTA_FOREIGN, and the errors of the file system
 */
export async function* scanState(
  files: StateFiles,
  of: StatePartition,
  head: StateVersion | undefined,
  onDamage: OnDamage = () => undefined,
): AsyncGenerator<readonly FoundKey[], void, undefined> {
  if (head === undefined) return;
  const changed = new ChangedRows();
  const opened = await files.open(of, head, changed);
  const inGroups = changed.rows();
  let next = 0;
  /** The rows of deltas in groups up to this one. */
  const until = (last: number): FoundKey[] => {
    const start = next;
    while (next < inGroups.length && (inGroups[next]?.group ?? 0) <= last) next += 1;
    return inGroups.slice(start, next);
  };
  for (const piece of opened.pieces) {
    const rows = until(piece.last);
    if (rows.length > 0) yield rows;
    const held = new SliceRows(changed);
    await files.take(opened, [piece], held, (file, error) => {
      held.damaged();
      onDamage(file, error);
    });
    yield* held.rows();
  }
  const rest = until(Number.POSITIVE_INFINITY);
  if (rest.length > 0) yield rest;
}

/** The first row of each key that deltas have. */
class ChangedRows implements RowsTaker {
  readonly #found = new KeyMap<unknown, FoundKey | undefined>();

  get size(): number {
    return this.#found.size;
  }

  has(key: unknown): boolean {
    return this.#found.has(key);
  }

  take(rows: StateRows, wants: (group: number) => boolean): void {
    for (let at = 0; at < rows.rows; at++) {
      const key = rows.keys[at];
      if (!wants(rows.groups[at] ?? 0) || this.#found.has(key)) continue;
      this.#found.set(key, rows.removals ? undefined : foundAt(rows, at));
    }
  }

  /** By key group. */
  rows(): readonly FoundKey[] {
    const rows = [...this.#found.values()].filter((row) => row !== undefined);
    return rows.sort((a, b) => a.group - b.group || a.ordinal - b.ordinal);
  }
}

/** The rows of one slice that deltas do not replace; of several files, if the slice is damaged. */
class SliceRows implements RowsTaker {
  readonly #changed: ChangedRows;
  readonly #taken: FoundKey[][] = [];
  /** Once a slice turned out to be damaged: several files have rows of a key, of which the first counts. */
  #seen: KeyMap<unknown, true> | undefined;

  constructor(changed: ChangedRows) {
    this.#changed = changed;
  }

  damaged(): void {
    this.#seen ??= new KeyMap();
  }

  take(rows: StateRows, wants: (group: number) => boolean): void {
    const found: FoundKey[] = [];
    for (let at = 0; at < rows.rows; at++) {
      const key = rows.keys[at];
      if (!wants(rows.groups[at] ?? 0)) continue;
      if (this.#changed.size > 0 && this.#changed.has(key)) continue;
      if (this.#seen?.has(key) === true) continue;
      this.#seen?.set(key, true);
      if (!rows.removals) found.push(foundAt(rows, at));
    }
    if (found.length > 0) this.#taken.push(found);
  }

  rows(): readonly (readonly FoundKey[])[] {
    return this.#taken;
  }
}
