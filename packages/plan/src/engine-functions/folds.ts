import {
  addToSketch,
  type ClassTable,
  emptySketch,
  estimateDistinct,
  KeyMap,
  mergeSketches,
  type SketchPrecision,
} from "@millrace/codec";
import { bucketCounts, freshValues, momentsOf, slicesOf } from "@millrace/operators";
import type { EngineFactories } from "./engine-factories.ts";

type Fold = (total: unknown, value: unknown) => unknown;

/** What operations make of many records; those that begin with a value of the author give a copy to each use of it. */
export const foldFunctions = (classes: ClassTable): EngineFactories => ({
  /** One record for each partition, an empty one too. */
  "millrace:foldPartition": (zero: Uint8Array, fold: Fold) => {
    const fresh = freshValues(zero, classes);
    return (values: Iterable<unknown>) => {
      let total = fresh();
      for (const slice of slicesOf(values)) for (let i = 0; i < slice.length; i += 1) total = fold(total, slice[i]);
      return [total];
    };
  },
  /** What combining begins with: the first value of a key, folded into its own zero. */
  "millrace:foldFirst": (zero: Uint8Array, fold: Fold) => {
    const fresh = freshValues(zero, classes);
    return (value: unknown) => fold(fresh(), value);
  },
  /** The records of a partition reduced to one; none for an empty partition. */
  "millrace:reduceWhole": (fn: Fold) => (values: Iterable<unknown>) => {
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
  "millrace:sketchPartition": (precision: SketchPrecision) => (values: Iterable<unknown>) => {
    let sketch = emptySketch(precision);
    for (const slice of slicesOf(values)) for (const value of slice) sketch = addToSketch(sketch, value);
    return [sketch];
  },
  "millrace:sketchFirst": (precision: SketchPrecision) => (value: unknown) =>
    addToSketch(emptySketch(precision), value),
  "millrace:addToSketch": () => addToSketch,
  "millrace:mergeSketches": () => mergeSketches,
  "millrace:estimateDistinct": () => estimateDistinct,
  /** One record for each partition: how many of its numbers lie in each bucket. */
  "millrace:histogram": (buckets: readonly number[], even: boolean) => (values: Iterable<number>) => [
    bucketCounts(values, buckets, even),
  ],
  /** For each different value of a partition, how often it occurs. */
  "millrace:countValues": () => (values: Iterable<unknown>) => {
    const counts = new KeyMap<unknown, number>();
    for (const slice of slicesOf(values)) for (const value of slice) counts.merge(value, 1, plus);
    return counts;
  },
  "millrace:momentsOfPartition": () => (values: Iterable<number>) => [momentsOf(values)],
});

const plus = (a: number, b: number): number => a + b;
