import { StreamRng } from "@millrace/base";
import { type Comparison, comparisonBy } from "@millrace/codec";
import { pairOf } from "../pair.ts";
import { rangePartition } from "../ranges.ts";
import { slicesOf } from "../slices.ts";
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
    return (record: unknown) => {
      const [key] = pairOf(record);
      return order(key, lower) >= 0 && order(key, upper) <= 0;
    };
  },
  /** The first of two in order, or the last; of equal ones the first. */
  "millrace:outermost": (last: boolean, compare: Compare) => {
    const order = comparisonBy(compare);
    return (a: unknown, b: unknown) => ((last ? order(b, a) : order(a, b)) > 0 ? b : a);
  },
  /** The first records of a partition in order, or the last ones in reverse. */
  "millrace:takeOrdered": (most: number, descending: boolean, compare: Compare) => (values: Iterable<unknown>) => {
    const first = new FirstInOrder(most, directed(comparisonBy(compare), descending));
    for (const slice of slicesOf(values)) for (const value of slice) first.offer(value);
    return first.all();
  },
  /** One record for each partition: how many pairs it has, and `most` of their keys by chance. */
  "millrace:sampleKeys": (most: number, seed: number) => (partition: number, pairs: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    const keys: unknown[] = [];
    let count = 0;
    for (const slice of slicesOf(pairs)) {
      for (const record of slice) {
        const [key] = pairOf(record);
        count += 1;
        const place = keys.length < most ? keys.length : rng.int(count);
        if (place < most) keys[place] = key;
      }
    }
    const sample: KeySample = [count, keys];
    return [sample];
  },
};

export function directed(compare: Comparison, descending: boolean): Comparison {
  return descending ? (a, b) => compare(b, a) : compare;
}

/** The first `most` of many values in order, equal ones as they came. */
export class FirstInOrder<T> {
  readonly #most: number;
  readonly #compare: Comparison;
  #values: T[] = [];
  /** Cut back to `most`: what does not come before the last one is too late. */
  #full = false;

  constructor(most: number, compare: Comparison) {
    this.#most = most;
    this.#compare = compare;
  }

  offer(value: T): void {
    if (this.#full && this.#compare(value, this.#values[this.#most - 1]) >= 0) return;
    this.#values.push(value);
    // Twice as many as are wanted: sorted now and then only.
    if (this.#values.length < 2 * this.#most + 16) return;
    this.#values = this.all();
    this.#full = true;
  }

  all(): T[] {
    const values = this.#values;
    // Places, not values: the language puts `undefined` last without asking.
    const order = values.map((_, i) => i).sort((i, j) => this.#compare(values[i], values[j]));
    return order.slice(0, this.#most).map((i) => values[i] as T); // places of values
  }
}
