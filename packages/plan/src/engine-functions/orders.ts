import { StreamRng } from "@millrace/base";
import { comparisonBy } from "@millrace/codec";
import { FirstInOrder, pairOf, rangePartition, slicesOf } from "@millrace/operators";
import type { EngineFactories } from "./engine-factories.ts";

type Compare = ((a: unknown, b: unknown) => unknown) | undefined;

/** What a partition tells of its keys: how many there are, and some of them by chance. */
export type KeySample = readonly [count: number, keys: readonly unknown[]];

/** What depends on the order of values. */
export const orderFunctions: EngineFactories = {
  "millrace:rangePartition": (bounds: readonly unknown[], descending: boolean, compare: Compare) => {
    const order = comparisonBy(compare);
    const ranges = { bounds, descending };
    return (key: unknown) => rangePartition(ranges, order, key);
  },
  "millrace:inRange": (lower: unknown, upper: unknown, compare: Compare) => {
    const order = comparisonBy(compare);
    const between = (key: unknown): boolean => order(key, lower) >= 0 && order(key, upper) <= 0;
    if (compare !== undefined || typeof lower !== "string" || typeof upper !== "string") {
      return (record: unknown) => between(pairOf(record)[0]);
    }
    // The order of texts is the language's own.
    return (record: unknown) => {
      const key = pairOf(record)[0];
      return typeof key === "string" ? key >= lower && key <= upper : between(key);
    };
  },
  /** The first records of a partition in order, or the last ones in reverse. */
  "millrace:takeOrdered": (most: number, descending: boolean, compare: Compare) => (values: Iterable<unknown>) => {
    const first = new FirstInOrder(most, { compare, descending });
    for (const slice of slicesOf(values)) first.offerAll(slice);
    return first.all();
  },
  /** One record for each partition: how many pairs it has, and `most` of their keys by chance. */
  "millrace:sampleKeys": (most: number, seed: number) => (partition: number, pairs: Iterable<unknown>) => {
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
};
