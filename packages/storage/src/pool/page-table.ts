import { assert } from "@millrace/base";

/*
 * The table that all threads share: one word of state and one of geometry per page, at the head of the pool's buffer.
 *
 * State of a page:
 *
 *   0                    free
 *   owner | CLAIMED      taken by a compare-and-swap, not yet part of a run: only within `claim`
 *   owner | 1..REFS_MAX  the first page of a run held by that many slices (and its owner's arena)
 *   owner | TAIL         a later page of a run
 *   owner | 0            a run whose last holder has released it, within `release`
 *
 * Legal transitions: free → CLAIMED → head or TAIL → free; a head's count moves by one at a time. No thread ever waits
 * for another: a thread may be terminated at any instruction, and its pages are found by its owner number.
 *
 * Geometry of a page: on the head of a run the number of its pages, on a tail minus the distance to its head. It is
 * written before the run is handed out, so every user of a slice reads the final value.
 */

const OWNER_SHIFT = 16;
const LOW_MASK = 0xffff;
const CLAIMED = 0xfffe;
const TAIL = 0xffff;
const REFS_MAX = 0xfffd;
export const OWNER_MAX = 0x7fff;

const MAGIC = 0x6d72706c; // "mrpl"
const HEADER_WORDS = 16;
const H_MAGIC = 0;
const H_PAGE_BYTES = 1;
const H_PAGES = 2;
const H_FREE = 3;
/** A page before which nothing is known to be free; missing one costs compactness, never memory. */
const H_HINT = 4;
const H_NEXT_OWNER = 5;
/** Counts freed runs, wrapping around: a refusal is valid until it changes. */
const H_FREED = 6;

/** A run of pages as the checker sees it. */
export interface PageRun {
  readonly firstPage: number;
  readonly pages: number;
  readonly refs: number;
  readonly owner: number;
}

/**
 * Allocation of runs of pages, by any thread, without locks. Lowest address first, so that little memory is touched.
 */
export class PageTable {
  readonly pageBytes: number;
  readonly pages: number;
  /** The offset of page 0 in the buffer. */
  readonly dataOffset: number;
  readonly #words: Int32Array;
  readonly #state: number;
  readonly #geometry: number;
  /** The shortest run refused to this thread while {@link H_FREED} was `#refusedAt`. */
  #refused = Number.POSITIVE_INFINITY;
  #refusedAt = 0;

  private constructor(buffer: SharedArrayBuffer, pageBytes: number, pages: number) {
    this.pageBytes = pageBytes;
    this.pages = pages;
    this.#words = new Int32Array(buffer, 0, HEADER_WORDS + 2 * pages);
    this.#state = HEADER_WORDS;
    this.#geometry = HEADER_WORDS + pages;
    this.dataOffset = PageTable.tableBytes(pageBytes, pages);
  }

  /** Size of the table, in whole pages so that page 0 is aligned. */
  static tableBytes(pageBytes: number, pages: number): number {
    return Math.ceil((4 * (HEADER_WORDS + 2 * pages)) / pageBytes) * pageBytes;
  }

  /** Writes the header of a new, zeroed buffer. */
  static format(buffer: SharedArrayBuffer, pageBytes: number, pages: number): PageTable {
    const table = new PageTable(buffer, pageBytes, pages);
    table.#words[H_PAGE_BYTES] = pageBytes;
    table.#words[H_PAGES] = pages;
    table.#words[H_FREE] = pages;
    table.#words[H_NEXT_OWNER] = 1;
    Atomics.store(table.#words, H_MAGIC, MAGIC);
    return table;
  }

  static attach(buffer: SharedArrayBuffer): PageTable {
    const header = new Int32Array(buffer, 0, HEADER_WORDS);
    assert(Atomics.load(header, H_MAGIC) === MAGIC, "the shared buffer given is not a block pool");
    return new PageTable(buffer, header[H_PAGE_BYTES] ?? 0, header[H_PAGES] ?? 0);
  }

  get freePages(): number {
    return Atomics.load(this.#words, H_FREE);
  }

  newOwner(): number {
    const owner = Atomics.add(this.#words, H_NEXT_OWNER, 1);
    assert(owner <= OWNER_MAX, `more than ${OWNER_MAX} threads have used one block pool`);
    return owner;
  }

  /**
   * Allocates `count` contiguous pages with one holder.
   *
   * @returns The first page; `undefined` if there is no such free run.
   */
  claim(count: number, owner: number): number | undefined {
    const freed = Atomics.load(this.#words, H_FREED);
    if (this.freePages < count || (freed === this.#refusedAt && count >= this.#refused)) return undefined;
    const hint = Atomics.load(this.#words, H_HINT);
    const first = this.#claimFrom(hint, count, owner) ?? (hint > 0 ? this.#claimFrom(0, count, owner) : undefined);
    if (first === undefined) {
      this.#refused = freed === this.#refusedAt ? Math.min(count, this.#refused) : count;
      this.#refusedAt = freed;
      return undefined;
    }
    for (let i = 1; i < count; i++) {
      this.#words[this.#geometry + first + i] = -i;
      Atomics.store(this.#words, this.#state + first + i, (owner << OWNER_SHIFT) | TAIL);
    }
    this.#words[this.#geometry + first] = count;
    // No loop or call in between: a thread can be terminated only before or after the two together.
    Atomics.store(this.#words, this.#state + first, (owner << OWNER_SHIFT) | 1);
    Atomics.sub(this.#words, H_FREE, count);
    return first;
  }

  #claimFrom(start: number, count: number, owner: number): number | undefined {
    const words = this.#words;
    const claimed = (owner << OWNER_SHIFT) | CLAIMED;
    let onlyTakenSoFar = true;
    for (let page = start; page + count <= this.pages; ) {
      const state = words[this.#state + page] ?? 0;
      if (state !== 0) {
        page += this.#pagesToSkip(page, state);
        continue;
      }
      const got = this.#claimRun(page, count, claimed);
      if (got === count) {
        if (onlyTakenSoFar) Atomics.compareExchange(words, H_HINT, start, page + count);
        return page;
      }
      onlyTakenSoFar = false;
      page += got + 1;
    }
    return undefined;
  }

  /** Claims page by page; on the first page held by another, returns all of them. Returns how many were free. */
  #claimRun(first: number, count: number, claimed: number): number {
    for (let i = 1; i < count; i++) {
      if (this.#words[this.#state + first + i] !== 0) return i; // the most common case, and far cheaper than claiming
    }
    for (let i = 0; i < count; i++) {
      if (Atomics.compareExchange(this.#words, this.#state + first + i, 0, claimed) !== 0) {
        for (let j = i - 1; j >= 0; j--) Atomics.store(this.#words, this.#state + first + j, 0);
        Atomics.add(this.#words, H_FREED, 1); // threads that saw them taken may look again
        return i;
      }
    }
    return count;
  }

  /** A whole run if `page` is its head. Read while others change it: a wrong guess only misses a free page. */
  #pagesToSkip(page: number, state: number): number {
    if ((state & LOW_MASK) >= CLAIMED) return 1;
    return Math.max(1, this.#words[this.#geometry + page] ?? 1);
  }

  /** The first page of the run that `page` belongs to. */
  headOf(page: number): number {
    const geometry = this.#words[this.#geometry + page] ?? 0;
    return geometry < 0 ? page + geometry : page;
  }

  /** Pages of the run that begins at `head`. */
  runPages(head: number): number {
    return this.#words[this.#geometry + head] ?? 0;
  }

  refs(head: number): number {
    const low = Atomics.load(this.#words, this.#state + head) & LOW_MASK;
    return low > REFS_MAX ? 0 : low;
  }

  /** Adds a holder. Only a current holder may add one, so the run cannot be freed meanwhile. */
  retain(head: number): void {
    const before = Atomics.add(this.#words, this.#state + head, 1) & LOW_MASK;
    assert(before > 0 && before < REFS_MAX, `page ${head} of the block pool was shared with ${before} holders`);
  }

  /** Removes a holder; the last one frees the run. */
  release(head: number): void {
    for (;;) {
      const state = Atomics.load(this.#words, this.#state + head);
      const refs = state & LOW_MASK;
      assert(refs > 0 && refs <= REFS_MAX, `page ${head} of the block pool was freed twice or never allocated`);
      if (Atomics.compareExchange(this.#words, this.#state + head, state, state - 1) === state) {
        if (refs === 1) this.#free(head);
        return;
      }
    }
  }

  #free(head: number): void {
    const count = this.runPages(head);
    for (let i = count - 1; i > 0; i--) Atomics.store(this.#words, this.#state + head + i, 0);
    Atomics.store(this.#words, this.#state + head, 0);
    Atomics.add(this.#words, H_FREE, count);
    Atomics.add(this.#words, H_FREED, 1);
    for (;;) {
      const hint = Atomics.load(this.#words, H_HINT);
      if (hint <= head || Atomics.compareExchange(this.#words, H_HINT, hint, head) === hint) return;
    }
  }

  /**
   * Frees all pages of a thread that no longer runs, except the slices that others use.
   *
   * @param liveRefs For each head of a run, how many slices of it are still in use.
   * @returns Pages that became free.
   */
  reclaim(owner: number, liveRefs: ReadonlyMap<number, number>): number {
    const before = this.freePages;
    for (let page = 0; page < this.pages; page++) {
      const state = Atomics.load(this.#words, this.#state + page);
      if (state >>> OWNER_SHIFT !== owner) continue;
      if ((state & LOW_MASK) >= CLAIMED) {
        Atomics.store(this.#words, this.#state + page, 0); // of a run that was never completed, or was half freed
        continue;
      }
      const count = this.runPages(page);
      const live = liveRefs.get(page) ?? 0;
      Atomics.store(this.#words, this.#state + page, (owner << OWNER_SHIFT) | live);
      if (live === 0) this.#freeAbandoned(page, count, owner);
      else page += count - 1;
    }
    Atomics.store(this.#words, H_HINT, 0);
    Atomics.add(this.#words, H_FREED, 1);
    return this.freePages - before;
  }

  /**
   * Like `#free`, but the thread may have been terminated within its own `#free`: tails may already belong to others.
   */
  #freeAbandoned(head: number, count: number, owner: number): void {
    const tail = (owner << OWNER_SHIFT) | TAIL;
    for (let i = count - 1; i > 0; i--) {
      const at = this.#state + head + i;
      if (this.#words[this.#geometry + head + i] === -i) Atomics.compareExchange(this.#words, at, tail, 0);
    }
    Atomics.store(this.#words, this.#state + head, 0);
    Atomics.add(this.#words, H_FREE, count);
  }

  /** Every run, in order of address. Exact only while no thread allocates or frees: for checks and tests. */
  *runs(): Generator<PageRun> {
    for (let page = 0; page < this.pages; ) {
      const state = Atomics.load(this.#words, this.#state + page);
      if (state === 0) {
        page += 1;
        continue;
      }
      const refs = state & LOW_MASK;
      assert(refs > 0 && refs <= REFS_MAX, `page ${page} of the block pool belongs to no run (state ${state})`);
      const pages = this.runPages(page);
      for (let i = 1; i < pages; i++) {
        const tail = Atomics.load(this.#words, this.#state + page + i);
        assert((tail & LOW_MASK) === TAIL, `page ${page + i} is in the run of page ${page} but is not its tail`);
        assert(this.headOf(page + i) === page, `page ${page + i} points to page ${this.headOf(page + i)}, not ${page}`);
      }
      yield { firstPage: page, pages, refs, owner: state >>> OWNER_SHIFT };
      page += pages;
    }
  }
}
