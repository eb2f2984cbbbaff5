/** The kinds of accumulators. */
export type AccumulatorKind = "long" | "double" | "collection" | "custom";

/**
 * The functions of a custom accumulator. `zero` and `add` run on executors too, where each task starts with its own `zero`;
 * `merge` and `value` run on the driver. Sent by value: a plain object, or an instance of a class of the job.
 *
 * @typeParam T The values that are added.
 * @typeParam S The total. It is sent from executors, so it must be a valid record.
 * @typeParam R The result of `value`.
 */
export interface AccumulatorSpec<in T, S, out R = S> {
  /** A new total of no values, created at each call. */
  zero(): S;
  /** Adds a value. May modify and return `total`. */
  add(total: S, value: T): S;
  /** Merges the share of a task. May modify and return `total`. Called in any order, as tasks end. */
  merge(total: S, share: S): S;
  /** Derives the value that is read from the total; by default the total itself. */
  value?(total: S): R;
}

/** The spec of any accumulator, with its types erased. */
export type AnySpec = AccumulatorSpec<unknown, unknown, unknown>;

/** A sum of numbers and their count. */
type NumberTotal = [sum: number, count: number];

const numbers: AccumulatorSpec<number, NumberTotal, number> = {
  zero: () => [0, 0],
  add: (total, value) => {
    total[0] += value;
    total[1] += 1;
    return total;
  },
  merge: (total, [sum, count]) => {
    total[0] += sum;
    total[1] += count;
    return total;
  },
  value: ([sum]) => sum,
};

const collection: AccumulatorSpec<unknown, unknown[], unknown> = {
  zero: () => [],
  add: (total, value) => {
    total.push(value);
    return total;
  },
  merge: (total, share) => {
    for (const item of share) total.push(item);
    return total;
  },
  value: (total) => [...total],
};

/** The spec of a built-in kind of accumulator. */
export function specOf(kind: Exclude<AccumulatorKind, "custom">): AnySpec {
  return kind === "collection" ? anySpec(collection) : anySpec(numbers);
}

/** Erases the types of a spec. Safe, since values are checked before they are added, and totals come from the spec's own `zero`. */
export function anySpec<T, S, R>(spec: AccumulatorSpec<T, S, R>): AnySpec {
  return spec as AnySpec; // see above
}

/** The count of a total of numbers. */
export function countOf(total: unknown): number {
  return (total as NumberTotal)[1]; // called for accumulators of numbers only
}
