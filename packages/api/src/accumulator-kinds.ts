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

const numbers: AnySpec = {
  zero: (): NumberTotal => [0, 0],
  // The casts here and below: totals of a kind are made by its zero, and values are checked to be of their kind.
  add: (total, value) => {
    const own = total as NumberTotal;
    own[0] += value as number;
    own[1] += 1;
    return own;
  },
  merge: (total, share) => {
    const [own, [sum, count]] = [total as NumberTotal, share as NumberTotal];
    own[0] += sum;
    own[1] += count;
    return own;
  },
  value: (total) => (total as NumberTotal)[0],
};

const collection: AnySpec = {
  zero: () => [],
  add: (total, value) => {
    (total as unknown[]).push(value);
    return total;
  },
  merge: (total, share) => {
    for (const item of share as readonly unknown[]) (total as unknown[]).push(item);
    return total;
  },
  value: (total) => [...(total as readonly unknown[])],
};

/** How an accumulator of a kind of the engine adds up. */
export function specOf(kind: Exclude<AccumulatorKind, "custom">): AnySpec {
  return kind === "collection" ? collection : numbers;
}

/** How many times something was added to a total of numbers. */
export function countOf(total: unknown): number {
  return (total as NumberTotal)[1]; // asked for accumulators of numbers only
}
