import { assert } from "@millrace/base";
import {
  type Lineage,
  type MergeNode,
  type Partitioning,
  parentsOf,
  type ShuffledNode,
  type StateNode,
} from "./lineage.ts";

/** Key groups: no shuffle has more partitions. */
export const PARTITIONS_MAX = 4096;

/** A partitioning whose number of partitions is known. */
export type ResolvedPartitioning = Partitioning & { readonly partitions: number };

export function samePartitioning(a: ResolvedPartitioning, b: ResolvedPartitioning | undefined): boolean {
  if (b === undefined || a.partitions !== b.partitions) return false;
  if (a.kind === "hash") return b.kind === "hash";
  return b.kind === "custom" && a.fn === b.fn;
}

/** Which parents of a node that merges by key are read in place; by position, parallel to its parents. */
export type InPlace = readonly boolean[];

/**
 * How the RDDs of one plan lie: numbers of partitions, placement of keys, and what is empty for sure. Remembers each
 * answer, so that a plan costs one visit per node. Every source below must know its inputs.
 */
export class Layout {
  /** Partitions of a shuffle when nothing says otherwise; 0: as many as the largest parent has. */
  readonly #defaultPartitions: number;
  readonly #counts = new Map<Lineage, number>();
  readonly #partitionings = new Map<Lineage, ResolvedPartitioning | undefined>();
  readonly #empty = new Map<Lineage, boolean>();

  constructor(defaultPartitions: number) {
    this.#defaultPartitions = defaultPartitions;
  }

  partitions(node: Lineage): number {
    let at = node;
    while (at.kind === "narrow") at = at.parent;
    if (at.kind === "source") {
      assert(at.inputs !== undefined, `the partitions of ${at.label} are not known yet`);
      return at.inputs.length;
    }
    const known = this.#counts.get(at);
    if (known !== undefined) return known;
    let count = 0;
    if (at.kind === "union") for (const parent of at.parents) count += this.partitions(parent);
    else count = this.placement(at).partitions;
    this.#counts.set(at, count);
    return count;
  }

  /** How a node that shuffles or merges places its records. */
  placement(
    node: ShuffledNode | MergeNode | StateNode,
  ): ResolvedPartitioning | { readonly kind: "roundRobin"; readonly partitions: number } {
    const { partitioning } = node;
    if (partitioning.kind === "roundRobin") return partitioning;
    return this.#resolved(partitioning, node);
  }

  /** How the keys of a node are placed, if its pairs are placed by key at all. */
  partitioningOf(node: Lineage): ResolvedPartitioning | undefined {
    let at = node;
    while (at.kind === "narrow") {
      if (!at.keepsPartitioning) return undefined;
      at = at.parent;
    }
    if (at.kind === "source" || at.kind === "union") return undefined;
    const placement = this.placement(at);
    return placement.kind === "roundRobin" ? undefined : placement;
  }

  #resolved(partitioning: Partitioning, node: Lineage): ResolvedPartitioning {
    if (partitioning.kind === "custom" || partitioning.partitions !== "upstream") {
      return partitioning as ResolvedPartitioning; // "upstream" is the only count that is no number, and is excluded
    }
    const known = this.#partitionings.get(node);
    if (known !== undefined) return known;
    const resolved = this.#upstream(parentsOf(node));
    this.#partitionings.set(node, resolved);
    return resolved;
  }

  /**
   * Spark's rule: keep the largest partitioning that a parent has already, if it is not an order of magnitude below the
   * largest parent's number of partitions; else hash over the default, or over as many as the largest parent has.
   */
  #upstream(parents: readonly Lineage[]): ResolvedPartitioning {
    let most = 1;
    let best: ResolvedPartitioning | undefined;
    for (const parent of parents) {
      most = Math.max(most, this.partitions(parent));
      const own = this.partitioningOf(parent);
      if (own !== undefined && (best === undefined || own.partitions > best.partitions)) best = own;
    }
    const fallback = Math.min(this.#defaultPartitions > 0 ? this.#defaultPartitions : most, PARTITIONS_MAX);
    if (best !== undefined && (most < best.partitions * 10 || fallback < best.partitions)) return best;
    return { kind: "hash", partitions: fallback };
  }

  /**
   * A task holds the state of one operator at most, since each is pinned to a slot of its own: parents past that one
   * are shuffled even if they lie right.
   */
  inPlace(node: MergeNode | StateNode): InPlace {
    const placement = this.placement(node);
    if (placement.kind === "roundRobin") return [];
    let statesLeft = node.kind === "state" ? 0 : 1;
    return parentsOf(node).map((parent) => {
      if (!samePartitioning(placement, this.partitioningOf(parent))) return false;
      const states = this.#statesInTask(parent);
      if (states > statesLeft) return false;
      statesLeft -= states;
      return true;
    });
  }

  /** How many stateful operators a task of this node updates: 0 or 1. */
  #statesInTask(node: Lineage): number {
    let at = node;
    while (at.kind === "narrow") at = at.parent;
    if (at.kind === "state") return 1;
    if (at.kind !== "merge") return 0;
    const inPlace = this.inPlace(at);
    return parentsOf(at).reduce((sum, parent, i) => sum + (inPlace[i] === true ? this.#statesInTask(parent) : 0), 0);
  }

  /** True if no record can come out of it, whatever the functions of the job do. */
  isEmpty(node: Lineage): boolean {
    let at = node;
    while (at.kind === "narrow") {
      // Operators on whole partitions are called for empty ones too, and may emit.
      const { kind } = at.op;
      if (kind === "mapPartitions" || kind === "mapPartitionsWithIndex" || kind === "glom") {
        return this.partitions(at) === 0;
      }
      at = at.parent;
    }
    const known = this.#empty.get(at);
    if (known !== undefined) return known;
    const empty = this.#emptyBase(at);
    this.#empty.set(at, empty);
    return empty;
  }

  #emptyBase(node: Exclude<Lineage, { kind: "narrow" }>): boolean {
    switch (node.kind) {
      case "source":
        return this.partitions(node) === 0;
      case "union":
        return node.parents.every((parent) => this.isEmpty(parent));
      case "shuffled":
        return this.isEmpty(node.dependency.parent);
      case "state":
        return false; // its tasks carry the state on from batch to batch
      case "merge": {
        const empty = node.parents.map((dependency) => this.isEmpty(dependency.parent));
        const [left = true, right = true] = empty;
        if (node.how === "inner") return left || right;
        if (node.how === "left") return left;
        if (node.how === "right") return right;
        return empty.every(Boolean);
      }
    }
  }
}
