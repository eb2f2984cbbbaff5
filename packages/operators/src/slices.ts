/**
 * The records of a partition in a task. The engine's own functions exchange them in arrays of a few hundred, for plain
 * loops: passing records one by one, as a job's functions do, costs as much as the work of many of these functions.
 */
export interface SlicedRecords<T> extends Iterable<T> {
  /** The next records, at least one, in an array valid until the next call; `undefined` at the end. */
  nextSlice(): readonly T[] | undefined;
}

/** The records of a partition, in arrays; an array is returned whole. */
export function* slicesOf<T>(records: Iterable<T> | SlicedRecords<T>): Generator<readonly T[], void, undefined> {
  if (!("nextSlice" in records)) {
    yield Array.isArray(records) ? records : [...records];
    return;
  }
  for (let slice = records.nextSlice(); slice !== undefined; slice = records.nextSlice()) yield slice;
}

/** Pairs stored as two columns; tuples are built only by callers that need them. Values beyond `keys.length` are ignored. */
export class PairSlice {
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];

  constructor(keys: readonly unknown[], values: readonly unknown[]) {
    this.keys = keys;
    this.values = values;
  }
}

/** Records that an engine function returns in bulk. Also iterable one by one. */
export class Slices implements Iterable<unknown> {
  /** Each is valid until the next one is requested. */
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

/** The same, for records that arrive asynchronously. */
export class LaterSlices<T = unknown> implements AsyncIterable<T> {
  readonly laterSlices: AsyncIterable<readonly T[]>;

  constructor(slices: AsyncIterable<readonly T[]>) {
    this.laterSlices = slices;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const slice of this.laterSlices) yield* slice;
  }
}

/** Whichever copy of this module made it: a package of others may bring its own. */
export function isLaterSlices(value: unknown): value is LaterSlices {
  return typeof value === "object" && value !== null && "laterSlices" in value;
}

/** Maps each array of records. */
export function mapSlices<T>(
  records: Iterable<T>,
  map: (slice: readonly T[]) => readonly unknown[] | PairSlice,
): Slices {
  return new Slices(mapped(records, map));
}

function* mapped<T, S>(records: Iterable<T>, map: (slice: readonly T[]) => S): Generator<S, void, undefined> {
  for (const slice of slicesOf(records)) yield map(slice);
}
