import { assert } from "@millrace/base";
import { type ClassTable, KEY_GROUPS } from "@millrace/codec";
import {
  type EmbeddedStore,
  type EmbeddedTable,
  type GroupRange,
  orderedBytes,
  type StateCell,
  type TableEntry,
} from "@millrace/storage";
import { KeyBytes } from "./key-bytes.ts";
import { SparseMarks } from "./sparse-marks.ts";
import type { StateColumn } from "./state-column.ts";
import type { ColumnPlace, KeyPlace, Marks, StateTable } from "./state-table.ts";
import { StoredCells } from "./stored-cell.ts";

/** Entries that are read in one go. */
const CHUNK = 512;
/** Bytes of entries that are kept in memory until the next ones are published; each counts for its object, too. */
const KEPT_BYTES = 4 * 1024 ** 2;
const ENTRY_BYTES = 200;
const NUMBER_BYTES = 8;
const NOTHING = new Uint8Array(0);

/**
 * State in an embedded store: of a partition, only the number of keys by group is in memory. The index of a key is its ordinal.
 *
 * | table | key | value |
 * |---|---|---|
 * | entries | ordinal | group, last update, key and state |
 * | keys | group and key | ordinal |
 * | idle, if keys time out | last update and ordinal | |
 */
export class StoredTable implements StateTable {
  readonly keysInHeap = 0;
  readonly counts: Uint32Array = new Uint32Array(KEY_GROUPS);
  readonly timed: boolean;
  size = 0;
  readonly #store: EmbeddedStore;
  readonly #entries: EmbeddedTable;
  readonly #keys: EmbeddedTable;
  readonly #idle: EmbeddedTable | undefined;
  readonly #keyBytes: KeyBytes = new KeyBytes();
  readonly #cells: StoredCells;
  /** Entries that were read or written lately, by index. */
  readonly #kept = new Map<number, Buffer>();
  #keptBytes = 0;
  readonly #number: Uint8Array = new Uint8Array(NUMBER_BYTES);
  readonly #numberView: DataView = new DataView(this.#number.buffer);
  readonly #idleKey: Uint8Array = new Uint8Array(2 * NUMBER_BYTES);
  readonly #idleView: DataView = new DataView(this.#idleKey.buffer);

  /** @param store Of this partition alone: it is closed with it. */
  constructor(store: EmbeddedStore, options: { readonly classes: ClassTable; readonly timed: boolean }) {
    this.#store = store;
    this.timed = options.timed;
    this.#entries = store.table("entries");
    this.#keys = store.table("keys");
    this.#idle = options.timed ? store.table("idle") : undefined;
    this.#cells = new StoredCells(options.classes);
  }

  get failure(): unknown {
    return this.#store.failure;
  }

  find(key: unknown): number {
    return this.#keys.getNumber(this.#keyBytes.of(key)) ?? -1;
  }

  has(index: number): boolean {
    return this.#entry(index) !== undefined;
  }

  keyAt(index: number): unknown {
    return this.#cells.keyOf(this.#entryAt(index));
  }

  groupOf(index: number): number {
    return this.#cells.groupOf(this.#entryAt(index));
  }

  ordinalOf(index: number): number {
    return index;
  }

  updatedAt(index: number): number {
    return this.timed ? this.#cells.updatedAt(this.#entryAt(index)) : 0;
  }

  get(index: number): unknown {
    const entry = this.#entry(index);
    return entry === undefined ? undefined : this.#cells.valueOf(entry);
  }

  isEncoded(index: number): boolean {
    return this.#cells.isEncoded(this.#entryAt(index));
  }

  cell(index: number): StateCell {
    return this.#cells.cellOf(this.#entryAt(index));
  }

  equals(index: number, other: StateColumn, place: number): boolean {
    const [cell, given] = [this.cell(index), other.cell(place)];
    return cell instanceof Uint8Array && given instanceof Uint8Array
      ? Buffer.compare(cell, given) === 0
      : Object.is(cell, given);
  }

  *inOrder(): Generator<readonly number[], void, undefined> {
    for (const entries of this.#chunks(this.#entries, { start: this.#numbered(0).slice() })) {
      const chunk: number[] = [];
      for (const { key, value } of entries) {
        const index = numberIn(key, 0);
        this.#keep(index, bufferOf(value));
        chunk.push(index);
      }
      yield chunk;
    }
  }

  *idleBefore(time: number): Generator<number, void, undefined> {
    if (this.#idle === undefined) return;
    const range = { start: this.#numbered(0).slice(), end: this.#numbered(Math.max(0, time)).slice() };
    for (const entries of this.#chunks(this.#idle, range))
      for (const { key } of entries) yield numberIn(key, NUMBER_BYTES);
  }

  ofGroups({ first, last }: GroupRange, use: (index: number, group: number) => void): void {
    const [start, end] = [Buffer.alloc(2), Buffer.alloc(2)];
    start.writeUInt16BE(first);
    end.writeUInt16BE(last + 1);
    for (const entries of this.#chunks(this.#keys, { start, end })) {
      for (const { key, value } of entries) use(numberIn(value, 0), bufferOf(key).readUInt16BE(0));
    }
  }

  marks(given: Iterable<number>): Marks {
    return new SparseMarks(given);
  }

  // ---- changes

  change(steps: Iterator<void>): void {
    let done = false;
    const step = (): void => {
      done = steps.next().done === true;
    };
    while (!done) this.#store.transaction(step);
  }

  add(key: unknown, place: KeyPlace, { column, place: from }: ColumnPlace): void {
    this.addRead(key, place, column.cell(from));
  }

  addRead(key: unknown, place: KeyPlace, cell: StateCell): void {
    const { group, ordinal, updated } = place;
    this.#put(ordinal, this.#cells.encode(key, place, cell));
    this.#keys.put(this.#keyBytes.of(key), this.#numbered(ordinal));
    this.#idle?.put(this.#idleAt(updated, ordinal), NOTHING);
    this.counts[group] = (this.counts[group] ?? 0) + 1;
    this.size += 1;
  }

  replace(index: number, { column, place }: ColumnPlace, updated: number): void {
    const entry = this.#entryAt(index);
    this.#moveIdle(index, entry, updated);
    this.#put(index, this.#cells.withCell(entry, column.cell(place), updated));
  }

  touch(index: number, updated: number): void {
    if (this.#idle === undefined) return;
    const entry = this.#entryAt(index);
    this.#moveIdle(index, entry, updated);
    this.#put(index, this.#cells.withCell(entry, this.#cells.cellOf(entry), updated));
  }

  remove(index: number): void {
    const entry = this.#entryAt(index);
    const group = this.#cells.groupOf(entry);
    this.#keys.remove(this.#keyBytes.of(this.#cells.keyOf(entry)));
    this.#idle?.remove(this.#idleAt(this.#cells.updatedAt(entry), index));
    this.#entries.remove(this.#numbered(index));
    this.#drop(index);
    this.counts[group] = (this.counts[group] ?? 1) - 1;
    this.size -= 1;
  }

  finishReading(): void {}

  renumber(): void {
    this.change(this.#renumber());
  }

  /** Pages of removed entries are used again. */
  compact(): void {}

  close(): void {
    this.#kept.clear();
    this.#store.close();
  }

  /** Numbers only become lower, so that none meets one that is still to come. */
  *#renumber(): Generator<void, void, undefined> {
    let next = 0;
    for (const chunk of this.inOrder()) {
      for (const index of chunk) this.#move(index, next++);
      yield;
    }
  }

  #move(from: number, to: number): void {
    if (from === to) return;
    const entry = this.#entryAt(from);
    const updated = this.#cells.updatedAt(entry);
    this.#entries.remove(this.#numbered(from));
    this.#drop(from);
    this.#put(to, entry);
    this.#keys.put(this.#keyBytes.of(this.#cells.keyOf(entry)), this.#numbered(to));
    this.#idle?.remove(this.#idleAt(updated, from));
    this.#idle?.put(this.#idleAt(updated, to), NOTHING);
  }

  #moveIdle(index: number, entry: Buffer, updated: number): void {
    if (this.#idle === undefined) return;
    this.#idle.remove(this.#idleAt(this.#cells.updatedAt(entry), index));
    this.#idle.put(this.#idleAt(updated, index), NOTHING);
  }

  #put(index: number, entry: Uint8Array): void {
    this.#entries.put(this.#numbered(index), entry);
    this.#keep(index, Buffer.from(entry)); // a copy
  }

  #entryAt(index: number): Buffer {
    const entry = this.#entry(index);
    assert(entry !== undefined, `there is no key at ${index}`);
    return entry;
  }

  #entry(index: number): Buffer | undefined {
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    const read = this.#entries.get(this.#numbered(index));
    if (read === undefined) return undefined;
    const entry = bufferOf(read);
    this.#keep(index, entry);
    return entry;
  }

  #keep(index: number, entry: Buffer): void {
    this.#drop(index);
    const bytes = entry.length + ENTRY_BYTES;
    if (this.#keptBytes + bytes > KEPT_BYTES) {
      this.#kept.clear();
      this.#keptBytes = 0;
    }
    this.#kept.set(index, entry);
    this.#keptBytes += bytes;
  }

  #drop(index: number): void {
    const entry = this.#kept.get(index);
    if (entry === undefined) return;
    this.#kept.delete(index);
    this.#keptBytes -= entry.length + ENTRY_BYTES;
  }

  /** All entries of a range, some at a time: the table may change in between. */
  *#chunks(
    table: EmbeddedTable,
    { start, end }: { readonly start: Uint8Array; readonly end?: Uint8Array },
  ): Generator<readonly TableEntry[], void, undefined> {
    for (let from = start.slice(); ; ) {
      const entries = table.range({ start: from, limit: CHUNK, ...(end === undefined ? {} : { end }) });
      const last = entries.at(-1);
      if (last === undefined) return;
      yield entries;
      from = new Uint8Array(last.key.length + 1); // the next key that is possible
      from.set(last.key);
    }
  }

  /** A number as a key or a value, valid until the next call. */
  #numbered(number: number): Uint8Array {
    orderedBytes(this.#numberView, 0, number);
    return this.#number;
  }

  #idleAt(updated: number, index: number): Uint8Array {
    orderedBytes(this.#idleView, 0, updated);
    orderedBytes(this.#idleView, NUMBER_BYTES, index);
    return this.#idleKey;
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function numberIn(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(at);
}
