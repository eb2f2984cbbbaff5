import { type Comparison, comparisonBy } from "@millrace/codec";
import { type FunctionRef, operators, rangePartition } from "@millrace/operators";
import { PARTITIONS_MAX } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import { DATASET, PLACING } from "../internals.ts";
import { sampledBounds } from "../operations/sampled-bounds.ts";
import type { RDD } from "../rdd/rdd.ts";
import { checkFlag, checkOptions, checkPartitions } from "../refusal/check-all.ts";
import { type Compare, type Partitioner, type PlacesItself, shipCompare } from "./partitioner.ts";

/** The order of ranges. */
export interface RangeOptions<K> {
  /** True by default: the first partition has the smallest keys. */
  readonly ascending?: boolean | undefined;
  /** The order of keys; by default that of values. */
  readonly compare?: Compare<K> | undefined;
}

/** Partitions pairs by ranges of keys, so that the partitions are in order. Equal keys share a partition. */
export class RangePartitioner<K> implements Partitioner<K>, PlacesItself {
  /** The last key of each partition except the last, ascending. */
  readonly bounds: readonly K[];
  /** True if the first partition has the largest keys. */
  readonly descending: boolean;
  /** The compare function; `undefined` for the order of values. */
  readonly compare: Compare<K> | undefined;
  readonly #order: Comparison;

  /**
   * @param bounds Ascending and distinct; there is one partition more than bounds.
   * @throws BAD_ARGUMENT, VALUE_NOT_ORDERED
   */
  constructor(bounds: readonly K[], options: RangeOptions<K> = {}) {
    const { ascending, compare } = rangeOptions(options);
    this.bounds = [...bounds];
    this.descending = !ascending;
    this.compare = compare;
    this.#order = comparisonBy(compare);
    checkBounds(this.bounds, this.#order);
  }

  /**
   * A partitioner with at most `numPartitions` ranges of about equal size for the pairs of an RDD: fewer, if there are
   * too few distinct keys. Takes a job that samples its keys.
   */
  static async of<K>(
    rdd: RDD<readonly [K, unknown]>,
    numPartitions: number,
    options: RangeOptions<K> = {},
  ): Promise<RangePartitioner<K>> {
    const partitions = checkPartitions(numPartitions, "RangePartitioner");
    const { context, lineage } = rdd[DATASET];
    const { compare } = rangeOptions(options);
    if (compare !== undefined) shipCompare(context, compare, "RangePartitioner");
    const request = { partitions, compare, name: "RangePartitioner" };
    const bounds = await sampledBounds(context, lineage, { ...request, seed: context.nextSeed() });
    return new RangePartitioner(bounds as K[], options); // keys of the RDD
  }

  /** @internal */
  readonly [PLACING] = (): FunctionRef =>
    operators.rangePartition.ref(() => [this.bounds, this.descending, this.compare]);

  get numPartitions(): number {
    return this.bounds.length + 1;
  }

  /** @throws VALUE_NOT_ORDERED */
  getPartition(key: K): number {
    return rangePartition(this, this.#order, key);
  }

  equals(other: unknown): boolean {
    if (!(other instanceof RangePartitioner) || other.bounds.length !== this.bounds.length) return false;
    if (other.descending !== this.descending || other.compare !== this.compare) return false;
    return this.bounds.every((bound, i) => this.#order(bound, other.bounds[i]) === 0);
  }
}

/** The options, checked and with defaults. @throws BAD_ARGUMENT */
function rangeOptions<K>(options: RangeOptions<K>): Pick<RangeOptions<K>, "compare"> & { readonly ascending: boolean } {
  const { ascending = true, compare } = checkOptions(options, ["ascending", "compare"], "RangePartitioner");
  return { ascending: checkFlag(ascending, "ascending of RangePartitioner"), compare };
}

function checkBounds(bounds: readonly unknown[], order: Comparison): void {
  if (bounds.length >= PARTITIONS_MAX) {
    throw badArgument(`a RangePartitioner was given ${bounds.length} bounds; it takes at most ${PARTITIONS_MAX - 1}.`);
  }
  bounds.forEach((bound, i) => {
    if (i === 0 ? order(bound, bound) === 0 : order(bounds[i - 1], bound) < 0) return;
    throw badArgument("the bounds of a RangePartitioner must ascend, and no two may be equal.");
  });
}
