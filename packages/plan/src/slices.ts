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

/** Pairs as columns, which nobody has to make tuples of who does not want any. Values past the last key count for nothing. */
export class PairSlice {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];

  constructor(keys: readonly unknown[], values: readonly unknown[]) {
    this.keys = keys;
    this.values = values;
  }
}

/** Records that a function of the engine gives many at a time. Also iterable one by one. */
export class Slices implements Iterable<unknown> {
  /** Each is good until the next one is asked for. */
  readonly slices: Iterable<readonly unknown[] | PairSlice>;

  constructor(slices: Iterable<readonly unknown[] | PairSlice>) {
    this.slices = slices;
  }

  *[Symbol.iterator](): Generator<unknown, void, undefined> {
    for (const slice of this.slices) {
      if (slice instanceof PairSlice) for (const [i, key] of slice.keys.entries()) yield [key, slice.values[i]];
      else yield* slice;
    }
  }
}

/** What a function makes of each array of records. */
export function mapSlices<T>(
  records: Iterable<T>,
  map: (slice: readonly T[]) => readonly unknown[] | PairSlice,
): Slices {
  return new Slices(mapped(records, map));
}

function* mapped<T, S>(records: Iterable<T>, map: (slice: readonly T[]) => S): Generator<S, void, undefined> {
  for (const slice of slicesOf(records)) yield map(slice);
}
