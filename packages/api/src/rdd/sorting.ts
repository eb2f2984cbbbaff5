import { badComparison, type Comparison, comparisonBy } from "@millrace/codec";
import { type FunctionRef, operators } from "@millrace/operators";
import { deferredNode, type Lineage, narrow, PARTITIONS_MAX, type Partitioning } from "@millrace/plan";
import { CONTEXT, LINEAGE } from "../internals.ts";
import { partitioningOf } from "../partitioner.ts";
import { type Compare, RangePartitioner, shipCompare } from "../range-partitioner.ts";
import { rddSteps } from "../rdd-steps.ts";
import { sampledBounds } from "../sampled-bounds.ts";
import { checkPartitions, narrowStep, type StepContext, shuffleStep } from "../steps.ts";
import type { RddCore } from "./rdd-core.ts";

/** How `sortBy` and `sortByKey` sort. */
export interface SortOptions<K> {
  /** True if it is left out. */
  readonly ascending?: boolean | undefined;
  /** As many as this RDD has if it is left out. There may be fewer, if there are too few different keys. */
  readonly numPartitions?: number | undefined;
  /** `(a, b) => number`; the order of values if it is left out. */
  readonly compare?: Compare<K> | undefined;
}

/** What an author may say of an order, checked. */
export interface Sorting {
  readonly descending: boolean;
  readonly partitions: number | undefined;
  readonly compare: Comparison | undefined;
  readonly ref: FunctionRef | undefined;
}

/** @throws BAD_ARGUMENT, FUNCTION_NOT_SHIPPABLE */
export function sortingOf<K>(rdd: RddCore<unknown>, given: boolean | SortOptions<K>, operator: string): Sorting {
  const options = typeof given === "boolean" ? { ascending: given } : given;
  const { ascending = true, numPartitions, compare } = options;
  return {
    descending: !ascending,
    partitions: numPartitions === undefined ? undefined : checkPartitions(numPartitions, operator),
    compare: compare as Comparison | undefined, // called for keys only
    ref: compare === undefined ? undefined : shipCompare(rdd[CONTEXT], compare, `the compare function of ${operator}`),
  };
}

/**
 * Pairs in the order of their keys, partition after partition. Ranges are cut by some keys that a job draws when the result
 * is first needed; then the pairs are shuffled, and each partition is sorted.
 */
export function sortedByKey(rdd: RddCore<unknown>, sorting: Sorting, operator: string, label: string): Lineage {
  const { [CONTEXT]: context, [LINEAGE]: parent } = rdd;
  const at = rddSteps(context);
  const { descending, compare } = sorting;
  const seed = context.nextSeed();
  return deferredNode([parent], label, async () => {
    const sources = await context.partitionsOf(parent);
    const partitions = sorting.partitions ?? Math.max(1, Math.min(sources, PARTITIONS_MAX));
    if (partitions === 1 && sources === 1) return sortedWithin(parent, sorting, label);
    const bounds = await sampledBounds(context, parent, { partitions, compare, seed, name: operator });
    checkBounds(bounds, comparisonBy(compare), operator);
    const ranges = new RangePartitioner(bounds, { ascending: !descending, compare });
    const placed = partitioningOf(ranges, operator, context);
    return sortedWithin(shuffleStep({ kind: "none" }, placed, label)(parent, at), sorting, label);
  });
}

/** The bounds are drawn in their order: where they are in none, the author's function contradicts itself. */
function checkBounds(bounds: readonly unknown[], order: Comparison, operator: string): void {
  for (const [i, bound] of bounds.entries()) {
    if (order(bound, bound) === 0 && (i === 0 || order(bounds[i - 1], bound) < 0)) continue;
    throw badComparison(
      `${operator}: its compare function contradicts itself: it has no order for the keys that it was given, such as one that gives the same ` +
        "number for (a, b) and for (b, a), or one that draws lots. The batch fails. Equal keys must give 0, and (b, a) the opposite of (a, b).",
    );
  }
}

/** Pairs placed and sorted within their partitions. */
export function placedAndSorted(
  parent: Lineage,
  placed: Partitioning,
  sorting: Sorting,
  operator: string,
  at: StepContext,
): Lineage {
  return sortedWithin(shuffleStep({ kind: "none" }, placed, operator)(parent, at), sorting, operator);
}

function sortedWithin(parent: Lineage, { ref, descending }: Sorting, label: string): Lineage {
  return narrow(parent, { kind: "sort", key: undefined, compare: ref, descending, label }, true);
}

/** Pairs whose key lies within bounds; partitions that cannot have any are not looked at. */
export function inRange(
  parent: Lineage,
  [lower, upper]: readonly [unknown, unknown],
  { compare, partitioner }: { readonly compare: Comparison | undefined; readonly partitioner: unknown },
  at: StepContext,
): Lineage {
  const ranges = partitioner instanceof RangePartitioner ? partitioner : undefined;
  const order = compare ?? (ranges?.compare as Comparison | undefined); // called for keys only
  const filter = narrowStep(
    "filter",
    operators.inRange.ref(() => [lower, upper, order]),
    true,
    "filterByRange",
  );
  if (ranges === undefined || order !== ranges.compare) return filter(parent, at);
  if (comparisonBy(order)(lower, upper) > 0) return filter({ kind: "pruned", parent, partitions: [] }, at);
  const ends = [ranges.getPartition(lower), ranges.getPartition(upper)];
  const first = Math.min(...ends);
  const partitions = Array.from({ length: Math.max(...ends) - first + 1 }, (_, i) => first + i);
  return filter({ kind: "pruned", parent, partitions }, at);
}
