import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { KEY_GROUPS, keyGroup } from "@millrace/codec";
import { locationFrom } from "@millrace/files";
import type { StateVersion } from "@millrace/plan";
import { LocalFileSystem } from "../file-system/local.ts";
import { type GroupRange, type StatePartition, sliceFileName } from "./file-names.ts";
import { RowGroupsWriter } from "./rows.ts";
import { readState } from "./state-data.ts";
import { StateFiles } from "./state-files.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-state-files-"));

export function removeLabs(): void {
  rmSync(root, { recursive: true, force: true });
}

let count = 0;
export const totals: StatePartition = { operator: "totals", partition: 0, partitions: 1 };
export const ALL: GroupRange = { first: 0, last: KEY_GROUPS - 1 };

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
    const onDamage = (slice: Parameters<typeof sliceFileName>[0]) => void this.damaged.push(sliceFileName(slice));
    const rows = await readState(this.files, totals, head, { onDamage });
    return rows.map(({ key, cell }) => [key, cell]);
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
