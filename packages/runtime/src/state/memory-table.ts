import type { ClassTable } from "@millrace/codec";
import type { GroupRange, StateCell } from "@millrace/storage";
import { KeyIndex } from "../table/key-index.ts";
import { IdleOrder } from "./idle-order.ts";
import { KeyGroups } from "./key-groups.ts";
import { byTime, orderOf } from "./key-order.ts";
import { StateColumn } from "./state-column.ts";
import type { ColumnPlace, KeyPlace, Marks, StateTable } from "./state-table.ts";

const COMPACT_MIN = 1024;
const FIRST_CAPACITY = 16;
/** Indices that `inOrder` yields at a time. */
const CHUNK = 4096;

/**
 * State in memory: keys have indices in the order in which they came, and everything else is in columns by index.
 *
 * A table that was loaded has its keys in another order of indices than that of their ordinals, since what is newer is read first.
 */
export class MemoryTable implements StateTable {
  readonly failure: undefined;
  readonly #classes: ClassTable;
  #index: KeyIndex = new KeyIndex();
  #column: StateColumn;
  #groups: KeyGroups = new KeyGroups();
  #idle: IdleOrder | undefined;
  #ordinals = new Float64Array(FIRST_CAPACITY);
  /** While it is read, if keys time out: when each was last updated. */
  #updated: Float64Array | undefined;
  /** The indices below `#orderedTo` by their ordinals; `undefined`: they are in that order. */
  #order: Int32Array | undefined;
  #orderedTo = 0;

  constructor(options: { readonly classes: ClassTable; readonly timed: boolean }) {
    this.#classes = options.classes;
    this.#column = new StateColumn(options.classes);
    this.#idle = options.timed ? new IdleOrder() : undefined;
  }

  get size(): number {
    return this.#index.size;
  }

  get keysInHeap(): number {
    return this.#index.size;
  }

  get counts(): Uint32Array {
    return this.#groups.counts;
  }

  get timed(): boolean {
    return this.#idle !== undefined;
  }

  find(key: unknown): number {
    return this.#index.find(key);
  }

  has(index: number): boolean {
    return this.#column.has(index);
  }

  keyAt(index: number): unknown {
    return this.#index.keys[index];
  }

  groupOf(index: number): number {
    return this.#groups.of(index);
  }

  ordinalOf(index: number): number {
    return this.#ordinals[index] ?? 0;
  }

  updatedAt(index: number): number {
    return this.#idle?.timeOf(index) ?? 0;
  }

  get(index: number): unknown {
    return this.#column.get(index);
  }

  isEncoded(index: number): boolean {
    return this.#column.isEncoded(index);
  }

  cell(index: number): StateCell {
    return this.#column.cell(index);
  }

  equals(index: number, other: StateColumn, place: number): boolean {
    return this.#column.equals(index, other, place);
  }

  *inOrder(): Generator<ArrayLike<number>, void, undefined> {
    const order = this.#order;
    for (let at = 0; order !== undefined && at < order.length; at += CHUNK) yield order.subarray(at, at + CHUNK);
    const from = order === undefined ? 0 : this.#orderedTo;
    for (let at = from; at < this.#index.capacity; at += CHUNK) {
      const chunk = new Int32Array(Math.min(CHUNK, this.#index.capacity - at));
      for (let i = 0; i < chunk.length; i++) chunk[i] = at + i;
      yield chunk;
    }
  }

  *idleBefore(time: number): Generator<number, void, undefined> {
    let alike: number[] = [];
    let last = Number.NEGATIVE_INFINITY;
    for (const { index, time: updated } of this.#idle?.before(time) ?? []) {
      if (updated !== last) {
        yield* this.#byOrdinal(alike);
        alike = [];
        last = updated;
      }
      alike.push(index);
    }
    yield* this.#byOrdinal(alike);
  }

  ofGroups(range: GroupRange, use: (index: number, group: number) => void): void {
    this.#groups.each(range, (at) => this.#column.has(at), use);
  }

  marks(given: Iterable<number>): Marks {
    return new ByteMarks(this.#index.capacity, given);
  }

  // ---- changes

  change(steps: Iterator<void>): void {
    while (steps.next().done !== true);
  }

  add(key: unknown, place: KeyPlace, { column, place: from }: ColumnPlace): void {
    const index = this.#add(key, place);
    this.#column.setFrom(index, column, from);
    this.#idle?.touch(index, place.updated);
  }

  addRead(key: unknown, place: KeyPlace, cell: StateCell): void {
    const index = this.#add(key, place);
    this.#column.setCell(index, cell);
    if (this.#idle !== undefined) this.#setUpdated(index, place.updated);
  }

  replace(index: number, { column, place }: ColumnPlace, updated: number): void {
    this.#column.setFrom(index, column, place);
    this.#idle?.touch(index, updated);
  }

  touch(index: number, updated: number): void {
    this.#idle?.touch(index, updated);
  }

  remove(index: number): void {
    this.#index.remove(index);
    this.#column.delete(index);
    this.#groups.remove(index);
    this.#idle?.remove(index);
  }

  finishReading(): void {
    this.#orderedTo = this.#index.capacity;
    this.#order = orderOf(this.#orderedTo, this.#ordinals, (index) => this.#column.has(index));
    const updated = this.#updated;
    this.#updated = undefined;
    if (updated === undefined) return;
    for (const index of byTime(this.#indicesInOrder(), updated)) this.#idle?.touch(index, updated[index] ?? 0);
  }

  renumber(): void {
    let next = 0;
    for (const index of this.#indicesInOrder()) this.#ordinals[index] = next++;
  }

  /** Indices are never reused, so forgotten keys leave holes. */
  compact(): void {
    const [index, column, groups, idle, ordinals] = [
      this.#index,
      this.#column,
      this.#groups,
      this.#idle,
      this.#ordinals,
    ];
    const holes = index.capacity - index.size;
    if (holes < COMPACT_MIN || holes < index.size) return;
    const kept = this.#indicesInOrder().filter((i) => column.has(i));
    this.#order = undefined;
    this.#index = new KeyIndex();
    this.#column = new StateColumn(this.#classes);
    this.#groups = new KeyGroups();
    this.#ordinals = new Float64Array(FIRST_CAPACITY);
    const places = new Int32Array(index.capacity);
    for (const i of kept) {
      const key = index.keys[i];
      this.#index.find(key);
      const place = this.#add(key, { group: groups.of(i), ordinal: ordinals[i] ?? 0 });
      places[i] = place;
      this.#column.setFrom(place, column, i);
    }
    if (idle === undefined) return;
    this.#idle = new IdleOrder();
    for (const { index: i, time } of idle.before(Number.POSITIVE_INFINITY)) this.#idle.touch(places[i] ?? 0, time);
  }

  close(): void {}

  #add(key: unknown, { group, ordinal }: Pick<KeyPlace, "group" | "ordinal">): number {
    const index = this.#index.add(key);
    this.#groups.add(index, group);
    if (index >= this.#ordinals.length) this.#ordinals = grown(this.#ordinals, index);
    this.#ordinals[index] = ordinal;
    return index;
  }

  #setUpdated(index: number, time: number): void {
    let updated = this.#updated ?? new Float64Array(FIRST_CAPACITY);
    if (index >= updated.length) updated = grown(updated, index);
    updated[index] = time;
    this.#updated = updated;
  }

  #indicesInOrder(): Int32Array {
    const order = this.#order ?? new Int32Array(0);
    const from = this.#order === undefined ? 0 : this.#orderedTo;
    const indices = new Int32Array(order.length + this.#index.capacity - from);
    indices.set(order);
    for (let at = order.length; at < indices.length; at++) indices[at] = at - order.length + from;
    return indices;
  }

  #byOrdinal(indices: number[]): number[] {
    return indices.sort((a, b) => this.ordinalOf(a) - this.ordinalOf(b));
  }
}

class ByteMarks implements Marks {
  readonly #marks: Uint8Array;

  constructor(capacity: number, given: Iterable<number>) {
    this.#marks = new Uint8Array(capacity);
    for (const index of given) if (index >= 0) this.#marks[index] = 1;
  }

  has(index: number): boolean {
    return this.#marks[index] === 1;
  }

  add(index: number): void {
    this.#marks[index] = 1;
  }
}

function grown(column: Float64Array, index: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(2 * column.length, index + 1));
  larger.set(column);
  return larger;
}
