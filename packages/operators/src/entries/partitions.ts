import { KeyMap } from "@millrace/codec";
import type { JobFunction } from "../job-function.ts";
import { type Operator, operator } from "../operator.ts";
import { pairOf } from "../pair.ts";
import { mapSlices, PairSlice, slicesOf } from "../slices.ts";

// Operators on the records of a partition.

/** The number of records, as one record. */
export const countPartition: Operator<[]> = operator("countPartition", () => (values: Iterable<unknown>) => {
  let n = 0;
  for (const slice of slicesOf(values)) n += slice.length;
  return [n];
});
/** The sum of numbers, as one record: 0 for an empty partition. */
export const sumPartition: Operator<[]> = operator("sumPartition", () => (values: Iterable<number>) => {
  let sum = 0;
  for (const slice of slicesOf(values)) for (const n of slice) sum += n;
  return [sum];
});

/** The result of a function over a whole partition, as one record. */
export const wholePartition: Operator<[fn: JobFunction<[values: Iterable<unknown>]>]> = operator(
  "wholePartition",
  (fn) => async (values: Iterable<unknown>) => [await fn(values)],
);
/** One pair per key of a partition of pairs. */
export const reducePartition: Operator<[fn: JobFunction<[a: unknown, b: unknown]>]> = operator(
  "reducePartition",
  (fn) => (pairs: Iterable<unknown>) => {
    const reduced = new KeyMap<unknown, unknown>();
    for (const slice of slicesOf(pairs)) {
      for (const record of slice) {
        const pair = pairOf(record);
        reduced.merge(pair[0], pair[1], fn);
      }
    }
    return reduced;
  },
);
/** Keys each record by a number below `groups`, so that partitions are merged evenly. */
export const keyByPartition: Operator<[groups: number]> = operator(
  "keyByPartition",
  (groups) => (partition: number, values: Iterable<unknown>) =>
    mapSlices(values, (slice) => new PairSlice(new Array<number>(slice.length).fill(partition % groups), slice)),
);
