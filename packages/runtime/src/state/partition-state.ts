import type { EpochMs } from "@millrace/base";
import { type ClassTable, keyGroup } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import type { RowsTaker, StateCell, StateRows } from "@millrace/storage";
import { KeyIndex } from "../table/key-index.ts";
import { Overlay } from "./overlay.ts";
import { StateColumn } from "./state-column.ts";
import { ofKey } from "./state-of-key.ts";
import type { StateTable } from "./state-table.ts";
import type { UnreadPieces } from "./unread-pieces.ts";
import { FIRST_SCHEMA, Migration, type ValueSchema } from "./value-schema.ts";

/** Changes of a step, as a table makes them. */
const STEP = 1024;

const isStep = (changes: number): boolean => changes % STEP === 0;

/**
 * One partition of an operator's state: the published state, in a table, and the overlay of the running or the last batch.
 *
 *     none ─begin─▶ overlay, incomplete ─complete─▶ overlay, complete ─publish─▶ none, at its version
 *                          └─drop─▶ none                    └─drop─▶ none
 *
 * Keys have **ordinals**, in the order in which they were added; results depend on that order, and files keep it.
 */
export class PartitionState implements RowsTaker {
  /** The version of the published state, known to be committed; `undefined` before the first. */
  head: StateVersion | undefined;
  readonly table: StateTable;
  /** Above the ordinals of all keys. */
  nextOrdinal = 0;
  /** What has not been read of it yet; `undefined`: nothing. */
  unread: UnreadPieces | undefined;
  readonly #classes: ClassTable;
  readonly #migration: Migration;
  #overlay: Overlay | undefined;
  /** While it is read: keys that newer files have removed. */
  #gone: KeyIndex | undefined;

  constructor(options: {
    readonly table: StateTable;
    readonly classes: ClassTable;
    readonly schema?: ValueSchema | undefined;
  }) {
    this.#classes = options.classes;
    this.#migration = new Migration(options.schema ?? FIRST_SCHEMA, options.classes);
    this.table = options.table;
  }

  /** The version of its values. */
  get schema(): number {
    return this.#migration.schema.version;
  }

  /** Keys in memory, including those that the batch adds. */
  get keys(): number {
    return this.table.keysInHeap + (this.#overlay?.newKeys.length ?? 0);
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
  }

  /** The index of a key, or -1. Reads the part of the state that the key belongs to, if that has not been read yet. */
  find(key: unknown): number {
    if (this.unread !== undefined) this.unread.read(keyGroup(key));
    return this.table.find(key);
  }

  /** Reads what has not been read yet. */
  readAll(): void {
    this.unread?.readAll();
  }

  /** Begins the transaction of a batch; an earlier one that was not published is dropped. */
  begin(batch: EpochMs): Overlay {
    const overlay = new Overlay(batch, { published: this.table, classes: this.#classes });
    this.#overlay = overlay;
    return overlay;
  }

  drop(): void {
    this.#overlay = undefined;
  }

  /** Makes the overlay part of the published state, when its batch has been committed. */
  publish(): void {
    const overlay = this.#overlay;
    if (overlay === undefined) return;
    const { table } = this;
    table.change(this.#publishing(overlay));
    this.nextOrdinal += overlay.newKeys.length;
    this.head = overlay.version;
    this.#overlay = undefined;
    if (this.unread === undefined) table.compact(); // whatever is not read yet comes after what is
  }

  /** It is not used any more. */
  close(): void {
    this.unread?.stop();
    this.table.close();
  }

  // ---- reading from files

  /**
   * Rows of a file: keys that are there already have a newer state.
   *
   * @param belongs Whether a key is one of this partition; by default, all are.
   */
  take(rows: StateRows, wants: (group: number) => boolean, belongs?: (key: unknown) => boolean): void {
    this.table.change(this.#taking(rows, wants, belongs));
  }

  /** Everything has been read. */
  finishReading(): void {
    this.unread = undefined;
    this.#gone = undefined;
    this.table.finishReading();
  }

  /** Gives the keys new ordinals: those of several former partitions, which were made distinct, may have large gaps. */
  renumber(): void {
    this.table.renumber();
    this.nextOrdinal = this.table.size;
  }

  *#publishing(overlay: Overlay): Generator<void, void, undefined> {
    const { table, nextOrdinal } = this;
    const { batch: updated, changed, changedStates, newStates } = overlay;
    let changes = 0;
    for (const index of overlay.forgotten) {
      table.remove(index);
      if (isStep(++changes)) yield;
    }
    for (let place = 0; place < changed.length; place++) {
      table.replace(changed[place] ?? 0, { column: changedStates, place }, updated);
      if (isStep(++changes)) yield;
    }
    for (const index of overlay.touched) {
      if (table.has(index)) table.touch(index, updated);
      if (isStep(++changes)) yield;
    }
    for (const [place, key] of overlay.newKeys.entries()) {
      const at = { group: overlay.newGroups[place] ?? 0, ordinal: nextOrdinal + place, updated };
      table.find(key); // forgotten and added again, it is a new key
      table.add(key, at, { column: newStates, place });
      if (isStep(++changes)) yield;
    }
  }

  *#taking(
    rows: StateRows,
    wants: (group: number) => boolean,
    belongs: ((key: unknown) => boolean) | undefined,
  ): Generator<void, void, undefined> {
    const { groups, keys, ordinals, cells, updated, version, schema, removals } = rows;
    const { table } = this;
    const older = !removals && schema !== this.schema;
    for (let at = 0; at < rows.rows; at++) {
      if (isStep(at)) yield;
      const group = groups[at] ?? 0;
      if (!wants(group)) continue;
      const key = keys[at];
      if (belongs !== undefined && !belongs(key)) continue;
      if (this.#gone !== undefined && this.#gone.find(key) >= 0) continue;
      if (table.find(key) >= 0) continue;
      if (removals) {
        this.#forgetOlder(key);
        continue;
      }
      const given = cells[at] as StateCell; // what a writer was given
      const cell = older ? this.#migrated(given, schema, key) : given;
      if (cell === undefined) {
        this.#forgetOlder(key);
        continue;
      }
      table.addRead(key, { group, ordinal: ordinals[at] ?? 0, updated: updated?.[at] ?? version.batch }, cell);
    }
  }

  /** What older files say of a key does not count. */
  #forgetOlder(key: unknown): void {
    this.#gone ??= new KeyIndex();
    this.#gone.find(key);
    this.#gone.add(key);
  }

  #migrated(cell: StateCell, schema: number, key: unknown): StateCell | undefined {
    const value = this.#migration.migrated(cell, schema, key);
    if (value === undefined) return undefined;
    const made = new StateColumn(this.#classes);
    try {
      made.set(0, value);
    } catch (error) {
      throw ofKey(error, key);
    }
    return made.cell(0);
  }
}
