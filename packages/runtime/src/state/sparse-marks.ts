import type { Marks } from "./state-table.ts";

/** Indices of a page: 4 KB of bits. */
const PAGE_BITS = 15;
const PAGE = 2 ** PAGE_BITS;

/** A set of indices that may be far apart and beyond 2^31: bits in pages, of which there are only those that have any. */
export class SparseMarks implements Marks {
  readonly #pages = new Map<number, Uint8Array>();

  constructor(given: Iterable<number>) {
    for (const index of given) if (index >= 0) this.add(index);
  }

  has(index: number): boolean {
    const page = this.#pages.get(Math.floor(index / PAGE));
    if (page === undefined) return false;
    const bit = index % PAGE;
    return ((page[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  add(index: number): void {
    const number = Math.floor(index / PAGE);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Uint8Array(PAGE / 8);
      this.#pages.set(number, page);
    }
    const bit = index % PAGE;
    page[bit >> 3] = (page[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
}
