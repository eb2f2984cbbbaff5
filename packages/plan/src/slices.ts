/**
 * How the engine's own functions take and give the records of a partition: in arrays, a few hundred at a time, for plain
 * loops. One by one, as the functions of a job have them, a record costs as much as many such functions do with it.
 */
export const NEXT_SLICE: unique symbol = Symbol("millrace.nextSlice");

/** What a partition's records are, where tasks run. */
export interface SlicedRecords<T> extends Iterable<T> {
  /** The next records, one at least, in an array that is good until the next call; `undefined` at the end. */
  [NEXT_SLICE](): readonly T[] | undefined;
}

/** The records of a partition, in arrays. Of an array itself, all at once. */
export function* slicesOf<T>(records: Iterable<T> | SlicedRecords<T>): Generator<readonly T[], void, undefined> {
  if (!(NEXT_SLICE in records)) {
    yield Array.isArray(records) ? records : [...records];
    return;
  }
  for (let slice = records[NEXT_SLICE](); slice !== undefined; slice = records[NEXT_SLICE]()) yield slice;
}

/** Records that a function of the engine gives in arrays. Also iterable one by one. */
export class Slices<T> implements Iterable<T> {
  readonly arrays: Iterable<readonly T[]>;

  constructor(arrays: Iterable<readonly T[]>) {
    this.arrays = arrays;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const array of this.arrays) yield* array;
  }
}

/** What a function makes of each array of records. */
export function mapSlices<T, U>(records: Iterable<T>, map: (slice: readonly T[]) => readonly U[]): Slices<U> {
  return new Slices(mapped(records, map));
}

function* mapped<T, U>(
  records: Iterable<T>,
  map: (slice: readonly T[]) => readonly U[],
): Generator<readonly U[], void, undefined> {
  for (const slice of slicesOf(records)) yield map(slice);
}
