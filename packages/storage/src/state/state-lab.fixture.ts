import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { KEY_GROUPS, keyGroup } from "@millrace/codec";
import { locationFrom } from "@millrace/files";
import type { StateVersion } from "@millrace/plan";
import { LocalFileSystem } from "../file-system/local.ts";
import { type GroupRange, type StatePartition, sliceFileName } from "./file-names.ts";
import { mergeDeltas } from "./merge.ts";
import type { MergedDelta } from "./merged.ts";
import { RowGroupsWriter, type StateCell } from "./rows.ts";
import { keysOfSlice, sliceRanges } from "./slice-ranges.ts";
import { readState } from "./state-data.ts";
import { StateFiles } from "./state-files.ts";
import type { RowsTaker } from "./walk.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-state-files-"));

export function removeLabs(): void {
  rmSync(root, { recursive: true, force: true });
}

let count = 0;
export const totals: StatePartition = { operator: "totals", partition: 0, partitions: 1 };
export const ALL: GroupRange = { first: 0, last: KEY_GROUPS - 1 };

const NO_DAMAGE = { onDamage: () => undefined };

/** A key's state in the model. */
interface Entry {
  readonly ordinal: number;
  readonly value: number;
}
export type Content = ReadonlyMap<string, Entry>;

export interface Committed {
  readonly version: StateVersion;
  readonly content: Content;
}

/** A partition of state on disk, with a map for each version that says what must be in it. */
export class StateLab {
  readonly directory: string = join(root, String(count++));
  readonly folder: string = join(this.directory, "state/totals/1-0");
  readonly files: StateFiles = new StateFiles({
    files: new LocalFileSystem(),
    directory: locationFrom(this.directory),
  });
  readonly committed: Committed[] = [];
  readonly damaged: string[] = [];
  #ordinals = 0;
  #batch = 0;

  get head(): StateVersion | undefined {
    return this.committed.at(-1)?.version;
  }

  /** A batch changes keys; `undefined` forgets one. */
  async batch(
    changes: Readonly<Record<string, number | undefined>>,
    options: { readonly fails?: boolean; readonly attempt?: number } = {},
  ): Promise<StateVersion> {
    const { attempt = 0, fails = false } = options;
    const version = { batch: epochMs(100 * ++this.#batch), attempt, epoch: 1 };
    const last = this.committed.at(-1);
    const content = new Map(last?.content);
    const states = new RowGroupsWriter("state", { timed: false });
    const removals = new RowGroupsWriter("removal", { timed: false });
    for (const [key, value] of Object.entries(changes)) {
      const group = keyGroup(key);
      if (value === undefined) {
        if (content.delete(key)) removals.remove(key, group);
        continue;
      }
      const ordinal = content.get(key)?.ordinal ?? this.#ordinals++;
      content.set(key, { ordinal, value });
      states.put(key, group, value, ordinal, 0);
    }
    await this.files.writeDelta(totals, {
      version,
      base: last === undefined ? { kind: "nothing" } : { kind: "version", version: last.version },
      ...{ schema: 1, timed: false, nextOrdinal: this.#ordinals },
      rowGroups: [...states.finish(), ...removals.finish()],
    });
    if (!fails) this.committed.push({ version, content });
    return version;
  }

  /** Writes a slice of a committed version. */
  async slice(at: number, range: GroupRange = ALL): Promise<string> {
    const { version, content } = this.committed.at(at) ?? { version: undefined, content: undefined };
    if (version === undefined || content === undefined) throw new Error(`there is no version ${at}`);
    const writer = new RowGroupsWriter("state", { timed: false });
    for (const [key, { ordinal, value }] of content) {
      const group = keyGroup(key);
      if (group >= range.first && group <= range.last) writer.put(key, group, value, ordinal, 0);
    }
    const head = { version, ...range, schema: 1, timed: false, nextOrdinal: this.#ordinals };
    await this.files.writeSlice(totals, { ...head, rowGroups: writer.finish() });
    return sliceFileName(head);
  }

  /** Keys with values, in order, as the files have them. */
  async read(head = this.head): Promise<readonly (readonly [unknown, unknown])[]> {
    const onDamage = (file: string) => void this.damaged.push(file);
    const rows = await readState(this.files, totals, head, { onDamage });
    return rows.map(({ key, cell }) => [key, cell]);
  }

  /** Merges deltas that a reader of the head meets: `many` of them, but for the newest ones. */
  async merge(many: number, newest = 0): Promise<MergedDelta | undefined> {
    if (this.head === undefined) return undefined;
    const { links } = await this.files.open(totals, this.head, { take: () => undefined }, { merged: NO_DAMAGE });
    const some = links.slice(newest, newest + many);
    return some.length === 0 ? undefined : mergeDeltas(this.files, totals, some, () => Promise.resolve());
  }

  /** Like `read`, as a task does: the rows of merged deltas are read by key groups. */
  async readMerged(head = this.head): Promise<readonly (readonly [unknown, unknown])[]> {
    if (head === undefined) return [];
    const onDamage = (file: string) => void this.damaged.push(file);
    const found = new Map<unknown, { readonly ordinal: number; readonly value: unknown } | undefined>();
    const taker: RowsTaker = {
      take: ({ rows, groups, keys, cells, ordinals, removals }, wants) => {
        for (let at = 0; at < rows; at++) {
          if (!wants(groups[at] ?? 0) || found.has(keys[at])) continue;
          found.set(keys[at], removals ? undefined : { ordinal: ordinals[at] ?? 0, value: cells[at] });
        }
      },
    };
    const opened = await this.files.open(totals, head, taker, { merged: { onDamage } });
    for (const piece of opened.pieces) await this.files.take(opened, [piece], taker, onDamage);
    const rows = [...found].flatMap(([key, row]) => (row === undefined ? [] : [{ key, ...row }]));
    return rows.sort((a, b) => a.ordinal - b.ordinal).map(({ key, value }) => [key, value]);
  }

  async sweep(oldest: StateVersion): Promise<void> {
    const chain = this.committed.map(({ version }) => version).reverse();
    await this.files.sweep(totals, { chain, oldest: oldest.batch });
  }

  get names(): readonly string[] {
    return existsSync(this.folder) ? readdirSync(this.folder).sort() : [];
  }

  damage(name: string, how: (file: Buffer) => Uint8Array = (file) => file.subarray(0, -1)): void {
    writeFileSync(join(this.folder, name), how(readFileSync(join(this.folder, name))));
  }
}

/** Keys with values, in order, as the model has them. */
export function inOrder(content: Content): readonly (readonly [string, number])[] {
  return [...content].sort(([, a], [, b]) => a.ordinal - b.ordinal).map(([key, { value }]) => [key, value] as const);
}

/** `k0`, `k1`, … each with the value. */
export const keys = (many: number, value: number) =>
  Object.fromEntries(Array.from({ length: many }, (_, i) => [`k${i}`, value]));

/** A key with its state, to be written. */
interface KeyWithState {
  readonly key: unknown;
  readonly cell: StateCell;
  /** When it was last updated, in epoch ms. */
  readonly updated: number;
}

/** Writes a version of a partition that consists of these entries, in this order. Each key must occur once, in its partition. */
export async function writeState(
  files: StateFiles,
  of: StatePartition,
  content: {
    readonly version: StateVersion;
    readonly schema: number;
    readonly timed: boolean;
    readonly entries: readonly KeyWithState[];
  },
): Promise<void> {
  const { entries, ...head } = content;
  const groups = Uint16Array.from(entries, ({ key }) => keyGroup(key));
  const counts = new Uint32Array(KEY_GROUPS);
  for (const group of groups) counts[group] = (counts[group] ?? 0) + 1;
  const inGroups = Uint32Array.from(entries.keys()).sort((a, b) => (groups[a] ?? 0) - (groups[b] ?? 0) || a - b);
  let next = 0;
  await files.writeWhole(of, {
    ...head,
    nextOrdinal: entries.length,
    ranges: sliceRanges(counts, keysOfSlice(bytesOf(entries))),
    fill: ({ last }, writer) => {
      for (; next < inGroups.length; next++) {
        const at = inGroups[next] ?? 0;
        const entry = entries[at];
        const group = groups[at] ?? 0;
        if (entry === undefined || group > last) return;
        writer.put(entry.key, group, entry.cell, at, entry.updated);
      }
    },
  });
}

/** Bytes of an entry, about, from some of them. */
function bytesOf(entries: readonly KeyWithState[]): number {
  const some = entries.slice(0, 100);
  return some.reduce((bytes, { key, cell }) => bytes + sizeOf(key) + sizeOf(cell) + 16, 0) / Math.max(1, some.length);
}

function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return value instanceof Uint8Array ? value.length : 8;
}
