const FIRST_CAPACITY = 16;
const NONE = -1;

/**
 * The time of each key's last update, and the keys in that order, by index: a linked list over columns, so that the
 * keys idle for longest are found without visiting the others.
 *
 * Memory: 16 bytes per index. Time: constant per update.
 */
export class IdleOrder {
  #times = new Float64Array(FIRST_CAPACITY);
  /** Neighbours; `NONE` at the ends. An index that is not in the list is its own `next`. */
  #next = new Int32Array(FIRST_CAPACITY);
  #previous = new Int32Array(FIRST_CAPACITY);
  /** One more than the largest index that has been in the list. */
  #end = 0;
  #oldest = NONE;
  #newest = NONE;

  /** Records an update at `time`, which is no earlier than that of any other. */
  touch(index: number, time: number): void {
    this.#grow(index);
    this.remove(index);
    this.#times[index] = time;
    this.#next[index] = NONE;
    this.#previous[index] = this.#newest;
    if (this.#newest === NONE) this.#oldest = index;
    else this.#next[this.#newest] = index;
    this.#newest = index;
  }

  /** Removes an index, if it is there. */
  remove(index: number): void {
    if (index >= this.#end) return;
    const next = this.#at(this.#next, index);
    if (next === index) return;
    const previous = this.#at(this.#previous, index);
    if (previous === NONE) this.#oldest = next;
    else this.#next[previous] = next;
    if (next === NONE) this.#newest = previous;
    else this.#previous[next] = previous;
    this.#next[index] = index;
  }

  /** The time of the last update of an index that is in the list. */
  timeOf(index: number): number {
    return this.#at(this.#times, index);
  }

  /** The indices last updated before `time`, longest idle first, with the times. The list must not change meanwhile. */
  *before(time: number): Generator<{ readonly index: number; readonly time: number }, void, undefined> {
    for (let index = this.#oldest; index !== NONE; index = this.#at(this.#next, index)) {
      const updated = this.#at(this.#times, index);
      if (updated >= time) return;
      yield { index, time: updated };
    }
  }

  /** The value of a column at an index, which must be below its length. */
  #at(column: Int32Array | Float64Array, index: number): number {
    return column[index] ?? 0;
  }

  #grow(index: number): void {
    if (index >= this.#next.length) {
      const length = Math.max(2 * this.#next.length, index + 1);
      this.#times = copied(this.#times, new Float64Array(length));
      this.#next = copied(this.#next, new Int32Array(length));
      this.#previous = copied(this.#previous, new Int32Array(length));
    }
    for (; this.#end <= index; this.#end++) this.#next[this.#end] = this.#end;
  }
}

function copied<C extends Int32Array | Float64Array>(from: C, to: C): C {
  to.set(from);
  return to;
}
