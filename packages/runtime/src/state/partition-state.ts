import type { EpochMs } from "@millrace/base";
import { type ClassTable, keyGroup } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import type { RowsTaker, StateCell, StateRows } from "@millrace/storage";
import { KeyIndex } from "../table/key-index.ts";
import { IdleOrder } from "./idle-order.ts";
import { KeyGroups } from "./key-groups.ts";
import { byTime, orderOf } from "./key-order.ts";
import { Overlay } from "./overlay.ts";
import { StateColumn } from "./state-column.ts";
import { ofKey } from "./state-of-key.ts";
import type { UnreadPieces } from "./unread-pieces.ts";
import { FIRST_SCHEMA, Migration, type ValueSchema } from "./value-schema.ts";

const COMPACT_MIN = 1024;
const FIRST_CAPACITY = 16;

/**
 * One partition of an operator's state in memory: the published state, and the overlay of the running or the last batch.
 *
 *     none ─begin─▶ overlay, incomplete ─complete─▶ overlay, complete ─publish─▶ none, at its version
 *                          └─drop─▶ none                    └─drop─▶ none
 *
 * Keys have **ordinals**, in the order in which they were added; results depend on that order, and files keep it. A partition
 * that was loaded has its keys in another order of indices, since what is newer is read first: `positions` and `at` give the one of
 * the ordinals.
 */
export class PartitionState implements RowsTaker {
  /** The version of the published state, known to be committed; `undefined` before the first. */
  head: StateVersion | undefined;
  index: KeyIndex = new KeyIndex();
  column: StateColumn;
  groups: KeyGroups = new KeyGroups();
  /** Above the ordinals of all keys. */
  nextOrdinal = 0;
  /** For operators whose keys time out: the time of each key's last update. */
  idle: IdleOrder | undefined;
  /** What has not been read of it yet; `undefined`: nothing. */
  unread: UnreadPieces | undefined;
  readonly #classes: ClassTable;
  readonly #migration: Migration;
  #ordinals = new Float64Array(FIRST_CAPACITY);
  #overlay: Overlay | undefined;
  /** While it is read: keys that newer files have removed. */
  #gone: KeyIndex | undefined;
  /** While it is read, if keys time out: when each was last updated. */
  #updated: Float64Array | undefined;
  /** The indices below `#orderedTo` by their ordinals; `undefined`: they are in that order. */
  #order: Int32Array | undefined;
  #orderedTo = 0;

  constructor(options: {
    readonly timed: boolean;
    readonly classes: ClassTable;
    readonly schema?: ValueSchema | undefined;
  }) {
    this.#classes = options.classes;
    this.#migration = new Migration(options.schema ?? FIRST_SCHEMA, options.classes);
    this.column = new StateColumn(options.classes);
    this.idle = options.timed ? new IdleOrder() : undefined;
  }

  /** The version of its values. */
  get schema(): number {
    return this.#migration.schema.version;
  }

  /** Keys in memory, including those that the batch adds. */
  get keys(): number {
    return this.index.size + (this.#overlay?.newKeys.length ?? 0);
  }

  get overlay(): Overlay | undefined {
    return this.#overlay;
  }

  /** The index of a key, or -1. Reads the part of the state that the key belongs to, if that has not been read yet. */
  find(key: unknown): number {
    if (this.unread !== undefined) this.unread.read(keyGroup(key));
    return this.index.find(key);
  }

  /** Reads what has not been read yet. */
  readAll(): void {
    this.unread?.readAll();
  }

  ordinalOf(index: number): number {
    return this.#ordinals[index] ?? 0;
  }

  /** Places in the order of the keys; some are empty. All of the state has been read. */
  get positions(): number {
    const { capacity } = this.index;
    return this.#order === undefined ? capacity : this.#order.length + capacity - this.#orderedTo;
  }

  /** The index at a position. */
  at(position: number): number {
    const order = this.#order;
    if (order === undefined) return position;
    return position < order.length ? (order[position] ?? 0) : position - order.length + this.#orderedTo;
  }

  /** Keys that were last updated before a time, longest idle first, and among equals in the order of the keys. */
  *idleBefore(time: number): Generator<number, void, undefined> {
    let alike: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (const { index, time: updated } of this.idle?.before(time) ?? []) {
      if (updated !== last) {
        yield* this.#byOrdinal(alike);
        alike = [];
        last = updated;
      }
      alike.push(index);
    }
    yield* this.#byOrdinal(alike);
  }

  /** Begins the transaction of a batch; an earlier one that was not published is dropped. */
  begin(batch: EpochMs): Overlay {
    const overlay = new Overlay(batch, { published: this.column, keys: this.index.keys, classes: this.#classes });
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
    const { batch, touched } = overlay;
    overlay.eachForgotten((index) => this.#remove(index));
    overlay.eachChanged((index, column, place) => this.#take(index, column, place, batch));
    for (const index of touched) if (this.column.has(index)) this.idle?.touch(index, batch);
    overlay.eachNew((key, column, place, group) => {
      // Forgotten and added again, it is a new key.
      this.index.find(key);
      this.#take(this.#add(key, group, this.nextOrdinal++), column, place, batch);
    });
    this.head = overlay.version;
    this.#overlay = undefined;
    this.#compact();
  }

  // ---- reading from files

  /**
   * Rows of a file: keys that are there already have a newer state.
   *
   * @param belongs Whether a key is one of this partition; by default, all are.
   */
  take(rows: StateRows, wants: (group: number) => boolean, belongs?: (key: unknown) => boolean): void {
    const { groups, keys, ordinals, cells, updated, version, schema, removals } = rows;
    const older = !removals && schema !== this.schema;
    for (let at = 0; at < rows.rows; at++) {
      const group = groups[at] ?? 0;
      if (!wants(group)) continue;
      const key = keys[at];
      if (belongs !== undefined && !belongs(key)) continue;
      if (this.#gone !== undefined && this.#gone.find(key) >= 0) continue;
      if (this.index.find(key) >= 0) continue;
      if (removals) {
        this.#forgetOlder(key);
        continue;
      }
      const cell = cells[at] as StateCell; // what a writer was given
      const value = older ? this.#migration.migrated(cell, schema, key) : undefined;
      if (older && value === undefined) {
        this.#forgetOlder(key);
        continue;
      }
      const index = this.#add(key, group, ordinals[at] ?? 0);
      if (older) this.#setMigrated(index, key, value);
      else this.column.setCell(index, cell);
      if (this.idle !== undefined) this.#setUpdated(index, updated?.[at] ?? version.batch);
    }
  }

  /** Everything has been read. */
  finishReading(): void {
    this.unread = undefined;
    this.#gone = undefined;
    this.#orderedTo = this.index.capacity;
    this.#order = orderOf(this.#orderedTo, this.#ordinals, (index) => this.column.has(index));
    const updated = this.#updated;
    this.#updated = undefined;
    if (updated === undefined) return;
    const indices = byTime(
      Int32Array.from({ length: this.positions }, (_, position) => this.at(position)),
      updated,
    );
    for (const index of indices) this.idle?.touch(index, updated[index] ?? 0);
  }

  /** Gives the keys new ordinals: those of several former partitions, which were made distinct, may have large gaps. */
  renumber(): void {
    for (let position = 0; position < this.positions; position++) this.#ordinals[this.at(position)] = position;
    this.nextOrdinal = this.positions;
  }

  /** What older files say of a key does not count. */
  #forgetOlder(key: unknown): void {
    this.#gone ??= new KeyIndex();
    this.#gone.find(key);
    this.#gone.add(key);
  }

  #setMigrated(index: number, key: unknown, value: unknown): void {
    try {
      this.column.set(index, value);
    } catch (error) {
      this.#remove(index); // it is read again
      throw ofKey(error, key);
    }
  }

  #setUpdated(index: number, time: number): void {
    let updated = this.#updated ?? new Float64Array(FIRST_CAPACITY);
    if (index >= updated.length) updated = grown(updated, index);
    updated[index] = time;
    this.#updated = updated;
  }

  // ----

  /** Adds the key that `index.find` has just not found. */
  #add(key: unknown, group: number, ordinal: number): number {
    const index = this.index.add(key);
    this.groups.add(index, group);
    if (index >= this.#ordinals.length) this.#ordinals = grown(this.#ordinals, index);
    this.#ordinals[index] = ordinal;
    return index;
  }

  #take(index: number, from: StateColumn, place: number, batch: EpochMs): void {
    this.column.setFrom(index, from, place);
    this.idle?.touch(index, batch);
  }

  #remove(index: number): void {
    this.index.remove(index);
    this.column.delete(index);
    this.groups.remove(index);
    this.idle?.remove(index);
  }

  #byOrdinal(indices: number[]): number[] {
    return indices.sort((a, b) => this.ordinalOf(a) - this.ordinalOf(b));
  }

  /** Indices are never reused, so forgotten keys leave holes. Whatever is not read yet comes after what is. */
  #compact(): void {
    const { index, column, groups, idle } = this;
    const ordinals = this.#ordinals;
    const holes = index.capacity - index.size;
    if (holes < COMPACT_MIN || holes < index.size || this.unread !== undefined) return;
    const { positions } = this;
    const at = (position: number): number => this.at(position);
    const kept = Int32Array.from({ length: positions }, (_, position) => at(position)).filter((i) => column.has(i));
    this.#order = undefined;
    this.index = new KeyIndex();
    this.column = new StateColumn(this.#classes);
    this.groups = new KeyGroups();
    this.#ordinals = new Float64Array(FIRST_CAPACITY);
    const places = new Int32Array(index.capacity);
    for (const i of kept) {
      const key = index.keys[i];
      this.index.find(key);
      const place = this.#add(key, groups.of(i), ordinals[i] ?? 0);
      places[i] = place;
      this.column.setFrom(place, column, i);
    }
    if (idle === undefined) return;
    this.idle = new IdleOrder();
    for (const { index: i, time } of idle.before(Number.POSITIVE_INFINITY)) this.idle.touch(places[i] ?? 0, time);
  }
}

function grown(column: Float64Array, index: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(2 * column.length, index + 1));
  larger.set(column);
  return larger;
}
