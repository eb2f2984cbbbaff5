import { badComparison, type Comparison, comparisonBy } from "@millrace/codec";
import { type FunctionRef, operators } from "@millrace/operators";
import { deferredNode, type Lineage, narrow, PARTITIONS_MAX, type Partitioning } from "@millrace/plan";
import { partitionsOf } from "../action/action.ts";
import { type Compare, partitionerOf, type ShuffleOptions, shipCompare } from "../partition/partitioner.ts";
import { RangePartitioner } from "../partition/range-partitioner.ts";
import { checkFlag, checkOptions, checkPartitions } from "../refusal/check-all.ts";
import { Dataset } from "./dataset.ts";
import { whenLaidOut } from "./laid-out.ts";
import { placementOf } from "./pairs.ts";
import { type Key, keyByStep } from "./records.ts";
import { sampledBounds } from "./sampled-bounds.ts";
import { labelOf, narrowStep, plainStep, type StepContext, shuffleStep } from "./steps.ts";

// Operations that sort records.

/** Options of `sortBy` and `sortByKey`. */
export interface SortOptions<K> {
  /** Default: true. */
  readonly ascending?: boolean | undefined;
  /** Default: the same number as this RDD. There may be fewer, if there are too few distinct keys. */
  readonly numPartitions?: number | undefined;
  /** `(a, b) => number`; by default the order of values. */
  readonly compare?: Compare<K> | undefined;
}

export function sortBy<K>(on: Dataset, key: Key, options: boolean | SortOptions<K>): Lineage {
  const operator = "sortBy";
  const ref = on.ship(key, operator);
  const keyed = new Dataset(on.context, on.take(keyByStep(ref, key, operator)));
  const sorted = sortedByKey(keyed, sortingOf(on, options, operator), operator, labelOf(operator, ref));
  return plainStep("values")(sorted, on.steps);
}

export function sortByKey<K>(on: Dataset, options: boolean | SortOptions<K>): Lineage {
  const operator = "sortByKey";
  return sortedByKey(on, sortingOf(on, options, operator), operator, operator);
}

export function repartitionAndSortWithinPartitions<K>(
  on: Dataset,
  options: ShuffleOptions<K>,
  order: boolean | Omit<SortOptions<K>, "numPartitions">,
): Lineage {
  const operator = "repartitionAndSortWithinPartitions";
  const placed = placementOf(on, options, operator);
  return placedAndSorted(on.lineage, placed, sortingOf(on, order, operator), operator, on.steps);
}

export function filterByRange<K>(on: Dataset, ends: readonly [lower: K, upper: K], compare?: Compare<K>): Lineage {
  const operator = "filterByRange";
  if (compare !== undefined) shipCompare(on, compare, operator);
  const order = compare;
  return whenLaidOut(on, operator, [], (parent, layout, at) => {
    const partitioner = partitionerOf(layout.partitioningOf(parent));
    return inRange(parent, ends, { compare: order, partitioner }, at);
  });
}

/** The sort options of an author, checked. */
interface Sorting {
  readonly descending: boolean;
  readonly partitions: number | undefined;
  readonly compare: Comparison | undefined;
  readonly ref: FunctionRef | undefined;
}

const SORT_OPTIONS: readonly string[] = ["ascending", "numPartitions", "compare"];

/** @throws BAD_ARGUMENT, FUNCTION_NOT_SHIPPABLE */
function sortingOf<K>(on: Dataset, given: boolean | SortOptions<K>, operator: string): Sorting {
  const options = typeof given === "boolean" ? { ascending: given } : given;
  const { ascending = true, numPartitions, compare } = checkOptions(options, SORT_OPTIONS, operator);
  return {
    descending: !checkFlag(ascending, `ascending of ${operator}`),
    partitions: numPartitions === undefined ? undefined : checkPartitions(numPartitions, operator),
    compare: compare,
    ref: compare === undefined ? undefined : shipCompare(on, compare, `the compare function of ${operator}`),
  };
}

/**
 * Pairs sorted by key, across partitions. Ranges are split at keys that a job samples when the result is first needed;
 * then the pairs are shuffled, and each partition is sorted.
 */
function sortedByKey(on: Dataset, sorting: Sorting, operator: string, label: string): Lineage {
  const { context, lineage: parent, steps } = on;
  const { descending, compare } = sorting;
  const seed = context.nextSeed();
  return deferredNode([parent], label, async () => {
    const sources = await partitionsOf(context, parent);
    const partitions = sorting.partitions ?? Math.max(1, Math.min(sources, PARTITIONS_MAX));
    if (partitions === 1 && sources === 1) return sortedWithin(parent, sorting, label);
    const bounds = await sampledBounds(context, parent, { partitions, compare, seed, name: operator });
    checkBounds(bounds, comparisonBy(compare), operator);
    const ranges = new RangePartitioner(bounds, { ascending: !descending, compare });
    const placed = on.partitioning(ranges, operator);
    return placedAndSorted(parent, placed, sorting, label, steps);
  });
}

/** The bounds are sampled in order: if they are not sorted, the author's function contradicts itself. */
function checkBounds(bounds: readonly unknown[], order: Comparison, operator: string): void {
  for (const [i, bound] of bounds.entries()) {
    if (order(bound, bound) === 0 && (i === 0 || order(bounds[i - 1], bound) < 0)) continue;
    throw badComparison(
      `${operator}: its compare function contradicts itself: it defines no order for the given keys; for example, it returns the same ` +
        "number for (a, b) and for (b, a), or random numbers. The batch fails. Return 0 for equal keys, and opposite signs for (a, b) and (b, a).",
    );
  }
}

/** Pairs partitioned by key, and sorted within their partitions. */
function placedAndSorted(
  parent: Lineage,
  placed: Partitioning | undefined,
  sorting: Sorting,
  operator: string,
  at: StepContext,
): Lineage {
  return sortedWithin(shuffleStep({ kind: "none" }, placed, operator)(parent, at), sorting, operator);
}

function sortedWithin(parent: Lineage, { ref, descending }: Sorting, label: string): Lineage {
  return narrow(parent, { kind: "sort", key: undefined, compare: ref, descending, label }, true);
}

/** Pairs whose key is within bounds; partitions that cannot contain any are not read. */
function inRange(
  parent: Lineage,
  [lower, upper]: readonly [unknown, unknown],
  { compare, partitioner }: { readonly compare: Comparison | undefined; readonly partitioner: unknown },
  at: StepContext,
): Lineage {
  const ranges = partitioner instanceof RangePartitioner ? partitioner : undefined;
  const order = compare ?? ranges?.compare;
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
