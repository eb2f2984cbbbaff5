/** The kinds of accumulators there are. */
export type AccumulatorKind = "long" | "double" | "collection" | "custom";

/**
 * How an accumulator of your own adds up. `zero` and `add` run on executors too, where each task begins with a `zero` of its
 * own; `merge` and `value` run on the driver. Sent by value: a plain object, or an instance of a class of the job.
 *
 * @typeParam T What is added.
 * @typeParam S What a total is: of records' kinds, as it is sent from executors.
 * @typeParam R What `value` gives.
 */
export interface AccumulatorSpec<in T, S, out R = S> {
  /** A total of nothing, a new one at each call. */
  zero(): S;
  /** May change `total` and give it back. */
  add(total: S, value: T): S;
  /** May change `total` and give it back. In any order: tasks end as they do. */
  merge(total: S, share: S): S;
  /** What is read: the total itself if it is left out. */
  value?(total: S): R;
}

/** The spec of any accumulator, whose types are those of its kind or of its author. */
export type AnySpec = AccumulatorSpec<unknown, unknown, unknown>;

/** What has been added, and how many times. */
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

/** How an accumulator of a kind of the engine adds up. */
export function specOf(kind: Exclude<AccumulatorKind, "custom">): AnySpec {
  return kind === "collection" ? anySpec(collection) : anySpec(numbers);
}

/** A spec whose types are forgotten: values are checked to be of their kind before, and totals come from its own `zero`. */
export function anySpec<T, S, R>(spec: AccumulatorSpec<T, S, R>): AnySpec {
  return spec as AnySpec; // see above
}

/** How many times something was added to a total of numbers. */
export function countOf(total: unknown): number {
  return (total as NumberTotal)[1]; // asked for accumulators of numbers only
}
