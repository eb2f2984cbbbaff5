import type { GroupRange, SliceName } from "./file-names.ts";

/** Key groups that are in the same files: deltas whose rows have not been taken, and a slice, which holds what is older. */
export interface Piece extends GroupRange {
  /** Without one, there is nothing older. */
  readonly slice: SliceName | undefined;
  /** So many of these deltas, the newest, have rows that count. */
  readonly layers: number;
}

/** Key groups of a piece that has no slice, at most. */
const GROUPS_MAX = 64;

/** For each key group, the slice that has it. */
export class Cover {
  readonly #first: number;
  readonly #slices: (SliceName | undefined)[];
  /** The deltas with rows to be taken that are newer than the slice, or whose versions are on both sides of it. */
  readonly #layers: Uint16Array;
  /** Deltas that were met and whose rows have not been taken. */
  layers = 0;
  /** Groups that no slice has yet. */
  open: number;
  readonly isOpen = (group: number): boolean => {
    const at = group - this.#first;
    return at >= 0 && at < this.#slices.length && this.#slices[at] === undefined;
  };

  constructor({ first, last }: GroupRange) {
    this.#first = first;
    this.open = last - first + 1;
    this.#slices = new Array<SliceName | undefined>(this.open).fill(undefined);
    this.#layers = new Uint16Array(this.open);
  }

  add(slice: SliceName): void {
    for (let group = slice.first; group <= slice.last; group++) {
      if (!this.isOpen(group)) continue;
      this.#slices[group - this.#first] = slice;
      this.#layers[group - this.#first] = this.layers;
      this.open -= 1;
    }
  }

  /** The first groups without a slice. */
  gap(): GroupRange {
    const first = this.#slices.indexOf(undefined);
    let last = first;
    while (last + 1 < this.#slices.length && this.#slices[last + 1] === undefined) last += 1;
    return { first: this.#first + first, last: this.#first + last };
  }

  pieces(): Piece[] {
    const pieces: Piece[] = [];
    let start = 0;
    for (let at = 1; at <= this.#slices.length; at++) {
      const slice = this.#slices[start];
      const layers = this.#layersOf(start);
      const isLong = slice === undefined && layers > 0 && at - start === GROUPS_MAX;
      if (at < this.#slices.length && this.#slices[at] === slice && this.#layersOf(at) === layers && !isLong) continue;
      if (slice !== undefined || layers > 0)
        pieces.push({ slice, layers, first: this.#first + start, last: this.#first + at - 1 });
      start = at;
    }
    return pieces;
  }

  #layersOf(at: number): number {
    return this.#slices[at] === undefined ? this.layers : (this.#layers[at] ?? 0);
  }
}
