import {
  addToSketch as addTo,
  emptySketch,
  estimateDistinct as estimate,
  KeyMap,
  mergeSketches as merge,
  type SketchPrecision,
} from "@millrace/codec";
import { bucketCounts } from "../buckets.ts";
import { freshValues } from "../fresh-values.ts";
import type { JobFunction } from "../job-function.ts";
import { momentsOf } from "../moments.ts";
import { type Operator, operator, operatorOn } from "../operator.ts";
import { slicesOf } from "../slices.ts";

// Operators that fold many records into one result. Those with an initial value of the author use a fresh copy of it
// each time.

type Fold = JobFunction<[total: unknown, value: unknown]>;

/** One record per partition, even if the partition is empty. */
export const foldPartition: Operator<[zero: Uint8Array, fold: Fold]> = operatorOn(
  "foldPartition",
  ({ classes }, zero, fold) => {
    const fresh = freshValues(zero, classes);
    return (values: Iterable<unknown>) => {
      let total = fresh();
      for (const slice of slicesOf(values)) for (let i = 0; i < slice.length; i += 1) total = fold(total, slice[i]);
      return [total];
    };
  },
);
/** The first combiner of a key: its first value, folded into a fresh zero. */
export const foldFirst: Operator<[zero: Uint8Array, fold: Fold]> = operatorOn(
  "foldFirst",
  ({ classes }, zero, fold) => {
    const fresh = freshValues(zero, classes);
    return (value: unknown) => fold(fresh(), value);
  },
);
/** The records of a partition reduced to one; none for an empty partition. */
export const reduceWhole: Operator<[fn: JobFunction<[a: unknown, b: unknown]>]> = operator(
  "reduceWhole",
  (fn) => (values: Iterable<unknown>) => {
    let total: unknown;
    let some = false;
    for (const slice of slicesOf(values)) {
      let i = 0;
      if (!some) total = slice[i++];
      some ||= slice.length > 0;
      for (; i < slice.length; i += 1) total = fn(total, slice[i]);
    }
    return some ? [total] : [];
  },
);

export const sketchPartition: Operator<[precision: SketchPrecision]> = operator(
  "sketchPartition",
  (precision) => (values: Iterable<unknown>) => {
    let sketch = emptySketch(precision);
    for (const slice of slicesOf(values)) for (const value of slice) sketch = addTo(sketch, value);
    return [sketch];
  },
);
export const sketchFirst: Operator<[precision: SketchPrecision]> = operator(
  "sketchFirst",
  (precision) => (value: unknown) => addTo(emptySketch(precision), value),
);
export const addToSketch: Operator<[]> = operator("addToSketch", () => addTo);
export const mergeSketches: Operator<[]> = operator("mergeSketches", () => merge);
export const estimateDistinct: Operator<[]> = operator("estimateDistinct", () => estimate);

/** One record per partition: the count of its numbers in each bucket. */
export const histogram: Operator<[buckets: readonly number[], even: boolean]> = operator(
  "histogram",
  (buckets, even) => (values: Iterable<number>) => [bucketCounts(values, buckets, even)],
);
/** The number of occurrences of each distinct value of a partition. */
export const countValues: Operator<[]> = operator("countValues", () => (values: Iterable<unknown>) => {
  const counts = new KeyMap<unknown, number>();
  for (const slice of slicesOf(values)) for (const value of slice) counts.merge(value, 1, plus);
  return counts;
});
export const momentsOfPartition: Operator<[]> = operator("momentsOfPartition", () => (values: Iterable<number>) => [
  momentsOf(values),
]);

const plus = (a: number, b: number): number => a + b;
