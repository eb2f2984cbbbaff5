import { detachString, SLICED_UNITS_MIN } from "../bytes/text.ts";
import { canonicalObject } from "./canonical.ts";
import { notComparable } from "./comparable.ts";

/** V8's `Map` refuses more than 2^24 entries; the table continues in another map before that. */
const MAP_ENTRIES_MAX = 2 ** 24 - 2 ** 16;

/** Deleted slots are compacted when they are more than half of all, and at least this many. */
const COMPACT_MIN = 1024;

const DELETED: unique symbol = Symbol("deleted");

/**
 * A table from keys, equal by value, to values; iterated in the order of first insertion.
 *
 * Entries are stored in two dense arrays; maps lead from a key to its *slot*, its index there. So an update costs one
 * look-up: `const s = map.find(key); s < 0 ? map.add(key, v) : map.setAt(s, f(map.valueAt(s), v))`. A slot is valid
 * until the next `delete`, `clear` or `add`. Number values are stored unboxed.
 *
 * Holds more than the 16.7 million entries at which a JS `Map` fails. Strings in keys are detached from the text they
 * were cut from; arrays and objects with long strings are copied for it. Deleting while iterating is allowed; adding
 * while iterating is not.
 *
 * @throws KEY_NOT_COMPARABLE From any method that takes a key: the key has no equality by value.
 */
export class KeyMap<K, V> {
  #primitives: Map<unknown, number> = new Map();
  /** Composite keys by their canonical text: separate from `#primitives`, where a string key may have the same text. */
  #composites: Map<string, number> = new Map();
  /** Full maps; empty for all but huge tables. */
  #full: Map<unknown, number>[] = [];
  #fullComposites: Map<string, number>[] = [];
  #keys: (K | typeof DELETED)[] = [];
  #values: V[] = [];
  #deleted = 0;
  /** The composite key of the last look-up and its text, so that `add` after `find` need not compute it again. */
  #lastKey: unknown;
  #lastText = "";
  readonly #entriesMax: number;

  /** @param options.mapEntriesMax Entries of one inner map; lower in tests. */
  constructor(options: { readonly mapEntriesMax?: number } = {}) {
    this.#entriesMax = options.mapEntriesMax ?? MAP_ENTRIES_MAX;
  }

  get size(): number {
    return this.#keys.length - this.#deleted;
  }

  /** The slot of a key, or -1. */
  find(key: K): number {
    if (typeof key === "string" || typeof key === "number") {
      const slot = this.#primitives.get(key);
      if (slot !== undefined) return slot;
      return this.#full.length === 0 ? -1 : findIn(this.#full, key);
    }
    return this.#findOther(key);
  }

  /** Adds a key that `find` did not find, and returns its slot. */
  add(key: K, value: V): number {
    if (this.#deleted >= COMPACT_MIN && this.#deleted > this.#keys.length >> 1) this.#compact();
    const slot = this.#keys.length;
    if (typeof key === "string") {
      const own = detachString(key);
      this.#roomForPrimitive().set(own, slot);
      this.#keys.push(own as K & string); // equal to `key`, which is a string here
    } else {
      this.#index(key, slot);
      this.#keys.push(detachKey(key) as K); // an equal key of the same type
    }
    this.#values.push(value);
    return slot;
  }

  /** Behaviour is undefined for a slot that `find` or `add` did not just return. */
  valueAt(slot: number): V {
    return this.#values[slot] as V; // the slot exists: see above
  }

  setAt(slot: number, value: V): void {
    this.#values[slot] = value;
  }

  /** Stores `value` for a new key, or `merge(old, value)` for a known one, with one look-up. */
  merge(key: K, value: V, merge: (old: V, value: V) => V): void {
    const slot = this.find(key);
    if (slot < 0) this.add(key, value);
    else this.#values[slot] = merge(this.valueAt(slot), value);
  }

  get(key: K): V | undefined {
    const slot = this.find(key);
    return slot < 0 ? undefined : this.#values[slot];
  }

  has(key: K): boolean {
    return this.find(key) >= 0;
  }

  set(key: K, value: V): this {
    const slot = this.find(key);
    if (slot < 0) this.add(key, value);
    else this.#values[slot] = value;
    return this;
  }

  delete(key: K): boolean {
    const slot = this.find(key);
    if (slot < 0) return false;
    if (typeof key === "object" && key !== null) {
      deleteIn(this.#composites, this.#fullComposites, this.#textOf(key));
      this.#lastKey = undefined;
    } else {
      deleteIn(this.#primitives, this.#full, key);
    }
    this.#keys[slot] = DELETED;
    // Never read again. Overwriting a number would make V8 box all others, and a number keeps nothing alive.
    if (typeof this.#values[slot] === "object") this.#values[slot] = undefined as V; // the slot is marked deleted
    this.#deleted += 1;
    return true;
  }

  clear(): void {
    this.#primitives = new Map();
    this.#composites = new Map();
    this.#full = [];
    this.#fullComposites = [];
    this.#keys = [];
    this.#values = [];
    this.#deleted = 0;
    this.#lastKey = undefined;
  }

  /** The fastest iteration of the table. */
  forEach(visit: (value: V, key: K) => void): void {
    const length = this.#keys.length;
    for (let slot = 0; slot < length && slot < this.#keys.length; slot += 1) {
      const key = this.#keyAt(slot);
      if (key !== DELETED) visit(this.valueAt(slot), key);
    }
  }

  *entries(): IterableIterator<[K, V]> {
    for (let slot = 0; slot < this.#keys.length; slot += 1) {
      const key = this.#keyAt(slot);
      if (key !== DELETED) yield [key, this.valueAt(slot)];
    }
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  #keyAt(slot: number): K | typeof DELETED {
    return this.#keys[slot] as K | typeof DELETED; // the slot exists
  }

  #textOf(key: object): string {
    if (key === this.#lastKey) return this.#lastText;
    this.#lastText = canonicalObject(key, 1);
    this.#lastKey = key;
    return this.#lastText;
  }

  #findOther(key: unknown): number {
    if (typeof key === "object" && key !== null) {
      const text = this.#textOf(key);
      return this.#composites.get(text) ?? findIn(this.#fullComposites, text);
    }
    if (typeof key === "function" || typeof key === "symbol") notComparable(key);
    return this.#primitives.get(key) ?? findIn(this.#full, key);
  }

  #index(key: unknown, slot: number): void {
    if (typeof key === "object" && key !== null) {
      if (this.#composites.size >= this.#entriesMax) {
        this.#fullComposites.push(this.#composites);
        this.#composites = new Map();
      }
      this.#composites.set(detachString(this.#textOf(key)), slot);
      this.#lastKey = undefined;
      return;
    }
    if (typeof key === "function" || typeof key === "symbol") notComparable(key);
    this.#roomForPrimitive().set(key, slot);
  }

  #roomForPrimitive(): Map<unknown, number> {
    if (this.#primitives.size >= this.#entriesMax) {
      this.#full.push(this.#primitives);
      this.#primitives = new Map();
    }
    return this.#primitives;
  }

  #compact(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.clear();
    keys.forEach((key, slot) => {
      if (key === DELETED) return;
      this.#index(key, this.#keys.length);
      this.#keys.push(key);
      this.#values.push(values[slot] as V); // there is one for each key
    });
  }
}

/** An equal key whose strings keep no larger text alive; the key itself if it has no such strings. */
function detachKey(key: unknown): unknown {
  if (typeof key === "string") return detachString(key);
  if (typeof key !== "object" || key === null || key instanceof Date || ArrayBuffer.isView(key)) return key;
  if (!Object.values(key).some(mayHoldText)) return key;
  if (Array.isArray(key)) return key.map(detachKey);
  const copy: object = Object.create(Object.getPrototypeOf(key));
  for (const [name, value] of Object.entries(key)) {
    Object.defineProperty(copy, name, {
      value: detachKey(value),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}

function mayHoldText(part: unknown): boolean {
  return typeof part === "string" ? part.length >= SLICED_UNITS_MIN : typeof part === "object" && part !== null;
}

function findIn<Q>(maps: readonly Map<Q, number>[], key: Q): number {
  for (const map of maps) {
    const slot = map.get(key);
    if (slot !== undefined) return slot;
  }
  return -1;
}

function deleteIn<Q>(newest: Map<Q, number>, full: readonly Map<Q, number>[], key: Q): void {
  if (newest.delete(key)) return;
  for (const map of full) if (map.delete(key)) return;
}
