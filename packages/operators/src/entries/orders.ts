import { StreamRng } from "@millrace/base";
import { comparisonBy } from "@millrace/codec";
import { FirstInOrder, type JobCompare } from "../first-in-order.ts";
import { type Operator, operator } from "../operator.ts";
import { pairOf } from "../pair.ts";
import { rangePartition as partitionIn } from "../ranges.ts";
import { slicesOf } from "../slices.ts";

// Operators that depend on the order of values; without a compare function, on their natural order.

/** The number of keys of a partition, and a random sample of them. */
export type KeySample = readonly [count: number, keys: readonly unknown[]];

export const rangePartition: Operator<
  [bounds: readonly unknown[], descending: boolean, compare: JobCompare | undefined]
> = operator("rangePartition", (bounds, descending, compare) => {
  const order = comparisonBy(compare);
  const ranges = { bounds, descending };
  return (key: unknown) => partitionIn(ranges, order, key);
});
export const inRange: Operator<[lower: unknown, upper: unknown, compare: JobCompare | undefined]> = operator(
  "inRange",
  (lower, upper, compare) => {
    const order = comparisonBy(compare);
    const between = (key: unknown): boolean => order(key, lower) >= 0 && order(key, upper) <= 0;
    if (compare !== undefined || typeof lower !== "string" || typeof upper !== "string") {
      return (record: unknown) => between(pairOf(record)[0]);
    }
    // Strings are compared with the language's own operators.
    return (record: unknown) => {
      const key = pairOf(record)[0];
      return typeof key === "string" ? key >= lower && key <= upper : between(key);
    };
  },
);
/** The first records of a partition in order, or the last ones in reverse. */
export const takeOrdered: Operator<[most: number, descending: boolean, compare: JobCompare | undefined]> = operator(
  "takeOrdered",
  (most, descending, compare) => (values: Iterable<unknown>) => {
    const first = new FirstInOrder(most, { compare, descending });
    for (const slice of slicesOf(values)) first.offerAll(slice);
    return first.all();
  },
);
/** One record per partition: the number of its pairs, and a random sample of `most` of their keys. */
export const sampleKeys: Operator<[most: number, seed: number]> = operator(
  "sampleKeys",
  (most, seed) => (partition: number, pairs: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    const keys: unknown[] = [];
    let count = 0;
    for (const slice of slicesOf(pairs)) {
      for (const record of slice) {
        const key = pairOf(record)[0];
        count += 1;
        const place = keys.length < most ? keys.length : rng.int(count);
        if (place < most) keys[place] = key;
      }
    }
    const sample: KeySample = [count, keys];
    return [sample];
  },
);
/** A partitioner of the job, which may use `this`. */
export const partitioner: Operator<[partitioner: { getPartition(key: unknown): number }]> = operator(
  "partitioner",
  (given) => (key: unknown) => given.getPartition(key),
);
