import { detachString, KeyMap } from "@millrace/codec";

/** Longer strings are in a `KeyMap`, based on a JS Map, whose hash V8 computes faster than a loop in JavaScript does. */
const SHORT_LENGTH_MAX = 24;
/** A longer run of taken slots suggests maliciously chosen keys: the key is put into the `KeyMap`. */
const PROBES_MAX = 64;
const FIRST_CAPACITY = 64;

/**
 * Assigns each distinct key a small integer, in the order of their first `add`: 0, 1, 2, … Parallel columns hold data
 * of the keys. Keys are equal by value, see `canonicalKey`.
 *
 * Short strings, by far the most common keys, have an open-addressing table here (linear probing, multiplicative hash
 * over UTF-16 units, at most half full): about twice as fast as a `Map`, which hashes each new string object through
 * the runtime. Everything else is in a `KeyMap`.
 *
 * @throws KEY_NOT_COMPARABLE `find` of a key without value equality.
 */
export class KeyIndex {
  /** The key of each index; a removed one is `undefined`. */
  readonly keys: unknown[] = [];
  /** Index + 1 by slot, 0 where it is free; next to it the hash, which nearly every probe needs next. */
  #slots = new Int32Array(4 * FIRST_CAPACITY);
  #mask = 2 * FIRST_CAPACITY - 1;
  #short = 0;
  #hash = 0;
  /** All other keys, and the few short strings for which no slot was found. */
  readonly #others = new KeyMap<unknown, number>();
  /** Short strings in `others`. */
  #overflow = 0;
  #removed = 0;

  /** Keys that are present. */
  get size(): number {
    return this.keys.length - this.#removed;
  }

  /** Indices assigned so far, including those of removed keys. */
  get capacity(): number {
    return this.keys.length;
  }

  /** The key's index, or -1. An `add` of the same key must follow at once or not at all. */
  find(key: unknown): number {
    if (typeof key === "string" && key.length <= SHORT_LENGTH_MAX) return this.#findShort(key);
    return this.#others.get(key) ?? -1;
  }

  /** Adds the key that `find` has just not found; returns its index. */
  add(key: unknown): number {
    if (typeof key === "string") {
      const own = detachString(key);
      return own.length <= SHORT_LENGTH_MAX ? this.#addShort(own) : this.#addOther(own);
    }
    return this.#addOther(key);
  }

  /** Forgets the key at `index`, which is not reused. */
  remove(index: number): void {
    const key = this.keys[index];
    this.keys[index] = undefined;
    this.#removed += 1;
    if (typeof key === "string" && key.length <= SHORT_LENGTH_MAX) {
      if (this.#removeShort(index, key)) return;
      this.#overflow -= 1;
    }
    this.#others.delete(key);
  }

  clear(): void {
    if (this.keys.length === 0) return;
    this.keys.length = 0;
    this.#slots = new Int32Array(4 * FIRST_CAPACITY);
    this.#mask = 2 * FIRST_CAPACITY - 1;
    this.#short = 0;
    this.#others.clear();
    this.#overflow = 0;
    this.#removed = 0;
  }

  #findShort(key: string): number {
    const hash = hashOf(key);
    this.#hash = hash;
    const { keys } = this;
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = hash & mask;
    for (;;) {
      const index = (slots[2 * slot] ?? 0) - 1;
      if (index < 0) break;
      if (slots[2 * slot + 1] === hash && keys[index] === key) return index;
      slot = (slot + 1) & mask;
    }
    return this.#overflow === 0 ? -1 : (this.#others.get(key) ?? -1);
  }

  #addShort(key: string): number {
    const index = this.keys.length;
    const hash = this.#hash;
    this.keys.push(key);
    if (2 * (this.#short + 1) > this.#mask) this.#grow();
    if (this.#place(index, hash)) {
      this.#short += 1;
    } else {
      this.#others.set(key, index);
      this.#overflow += 1;
    }
    return index;
  }

  #addOther(key: unknown): number {
    const index = this.keys.length;
    this.#others.set(key, index);
    this.keys.push(key);
    return index;
  }

  #place(index: number, hash: number): boolean {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (slots[2 * slot] === 0) {
        slots[2 * slot] = index + 1;
        slots[2 * slot + 1] = hash;
        return true;
      }
      slot = (slot + 1) & this.#mask;
    }
    return false;
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(2 * (this.#mask + 1));
    for (let at = 0; at < old.length; at += 2) {
      const index = (old[at] ?? 0) - 1;
      if (index < 0 || this.#place(index, old[at + 1] ?? 0)) continue;
      this.#others.set(this.keys[index], index);
      this.#overflow += 1;
      this.#short -= 1;
    }
  }

  /** Linear probing without tombstones: later entries move up into the gap (Knuth, volume 3, algorithm 6.4R). */
  #removeShort(index: number, key: string): boolean {
    const slots = this.#slots;
    const mask = this.#mask;
    let gap = hashOf(key) & mask;
    while (slots[2 * gap] !== index + 1) {
      if (slots[2 * gap] === 0) return false; // it is in `others`
      gap = (gap + 1) & mask;
    }
    this.#short -= 1;
    let slot = gap;
    for (;;) {
      slots[2 * gap] = 0;
      for (;;) {
        slot = (slot + 1) & mask;
        if (slots[2 * slot] === 0) return true;
        const home = (slots[2 * slot + 1] ?? 0) & mask;
        // It may move to the gap unless its home lies cyclically in (gap, slot].
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
          slots.copyWithin(2 * gap, 2 * slot, 2 * slot + 2);
          gap = slot;
          break;
        }
      }
    }
  }
}

/**
 * The hash of a short string; exported for the tests, which look for keys that collide.
 *
 * Processes two units at a time, since multiplications depend on one another; the second is spread over all bits like the first.
 */
export function hashOf(key: string): number {
  const length = key.length;
  let hash = length;
  let i = 0;
  for (const end = length - 1; i < end; i += 2) {
    hash = Math.imul(hash ^ (key.charCodeAt(i) + Math.imul(key.charCodeAt(i + 1), 0x85ebca6b)), 0x9e3779b1);
  }
  if (i < length) hash = Math.imul(hash ^ key.charCodeAt(i), 0x9e3779b1);
  return hash ^ (hash >>> 15);
}
