import { assert, type ErrorFactory, errorKind, unreachable } from "@millrace/base";
import {
  type DeferredNode,
  dependency,
  IN_MEMORY_OR_ON_DISK,
  type Lineage,
  type MergeNode,
  type NarrowNode,
  type Partitioning,
  type PersistedNode,
  parentsOf,
  persisted,
  resolvedNode,
  type ShuffledNode,
  type StateNode,
  type UnionNode,
} from "./lineage.ts";

const partitionsDiffer: ErrorFactory = errorKind("PARTITIONS_DIFFER", "user");

/** The number of key groups, and so the limit of a shuffle's partitions. */
export const PARTITIONS_MAX = 4096;

/** A partitioning whose number of partitions is known. */
export type ResolvedPartitioning = Partitioning & { readonly partitions: number };

function samePartitioning(a: ResolvedPartitioning, b: ResolvedPartitioning | undefined): boolean {
  if (b === undefined || a.partitions !== b.partitions) return false;
  if (a.kind === "hash") return b.kind === "hash";
  if (b.kind !== "custom") return false;
  return a.fn === b.fn || (b.partitioner !== undefined && a.partitioner?.equals(b.partitioner.given) === true);
}

/** For each parent of a node that merges by key, true if it is read in place. */
export type InPlace = readonly boolean[];

/**
 * Layout of the RDDs of one plan: numbers of partitions, partitioning by key, and which are certainly empty. Remembers
 * each answer, so that a plan costs one visit per node. The inputs of every source below must be known.
 */
export class Layout {
  /** Default number of partitions of a shuffle; 0: as many as the largest parent has. */
  readonly #defaultPartitions: number;
  readonly #counts = new Map<Lineage, number>();
  readonly #partitionings = new Map<Lineage, ResolvedPartitioning | undefined>();
  readonly #empty = new Map<Lineage, boolean>();
  readonly #unions = new Map<UnionNode, ResolvedPartitioning | undefined>();
  readonly #separations: WeakMap<Lineage, PersistedNode>;

  /** @param separations Outlives the layout, so that plans agree on the result of `separated`. */
  constructor(defaultPartitions: number, separations: WeakMap<Lineage, PersistedNode> = new WeakMap()) {
    this.#defaultPartitions = defaultPartitions;
    this.#separations = separations;
  }

  partitions(node: Lineage): number {
    const at = baseOf(node);
    if (at.kind === "source") {
      assert(at.inputs !== undefined, `the partitions of ${at.label} are not known yet`);
      return at.inputs.length;
    }
    const known = this.#counts.get(at);
    if (known !== undefined) return known;
    const count = this.#count(at);
    this.#counts.set(at, count);
    return count;
  }

  #count(node: Exclude<BaseNode, { readonly kind: "source" }>): number {
    switch (node.kind) {
      case "union":
        return (
          this.alignment(node)?.partitions ?? node.parents.reduce((sum, parent) => sum + this.partitions(parent), 0)
        );
      case "coalesced":
        return Math.min(node.partitions, this.partitions(node.parent));
      case "pruned":
        return node.partitions.length;
      case "cartesian":
        return this.partitions(node.left) * this.partitions(node.right);
      case "zipped":
        return this.#zipped(node.parents, node.label);
      case "persisted":
        return this.partitions(node.dependency.parent);
      default:
        return this.placement(node).partitions;
    }
  }

  #zipped(parents: readonly Lineage[], label: string): number {
    const counts = parents.map((parent) => this.partitions(parent));
    const [first = 0] = counts;
    if (counts.every((count) => count === first)) return first;
    throw partitionsDiffer(
      `${label} combines RDDs of ${counts.join(" and ")} partitions. All must have the same number: ` +
        "use coalesce or repartition to make them equal, or zipWithIndex and a join.",
    );
  }

  /**
   * The partitioning of a union whose parents are all partitioned alike: its partition i then consists of theirs with
   * that number (RD-5 of docs/operations.md). Several parents with state are not aligned, as a task holds the state of at most one
   * operator.
   */
  alignment(node: UnionNode): ResolvedPartitioning | undefined {
    if (this.#unions.has(node)) return this.#unions.get(node);
    const [first, ...others] = node.parents;
    const own = first && this.partitioningOf(first);
    const aligned =
      own !== undefined &&
      others.every((parent) => samePartitioning(own, this.partitioningOf(parent))) &&
      node.parents.reduce((sum, parent) => sum + this.#statesInTask(parent), 0) <= 1;
    const alignment = aligned ? own : undefined;
    this.#unions.set(node, alignment);
    return alignment;
  }

  /** Placement of the records of a node that shuffles or merges. */
  placement(
    node: ShuffledNode | MergeNode | StateNode,
  ): ResolvedPartitioning | { readonly kind: "roundRobin"; readonly partitions: number } {
    const { partitioning } = node;
    if (partitioning.kind === "roundRobin") return partitioning;
    return this.#resolved(partitioning, node);
  }

  /** The partitioning of a node's pairs; `undefined` if they are not partitioned by key. */
  partitioningOf(node: Lineage): ResolvedPartitioning | undefined {
    let at = resolvedNode(node);
    while (at.kind === "narrow") {
      if (!at.keepsPartitioning) return undefined;
      at = resolvedNode(at.parent);
    }
    switch (at.kind) {
      case "source":
      case "coalesced":
      case "pruned":
      case "cartesian":
        return undefined;
      case "union":
        return this.alignment(at);
      case "zipped":
        return at.keepsPartitioning && at.parents[0] !== undefined ? this.partitioningOf(at.parents[0]) : undefined;
      case "persisted":
        return this.partitioningOf(at.dependency.parent);
      case "state":
        // The function of mapWithState may return anything.
        return at.change.kind === "mapWithState" ? undefined : this.#resolved(at.partitioning, at);
      default: {
        const placement = this.placement(at);
        return placement.kind === "roundRobin" ? undefined : placement;
      }
    }
  }

  #resolved(partitioning: Partitioning, node: Lineage): ResolvedPartitioning {
    if (partitioning.kind === "custom" || partitioning.partitions !== "upstream") {
      return partitioning as ResolvedPartitioning; // "upstream" is the only count that is not a number, and is excluded
    }
    const known = this.#partitionings.get(node);
    if (known !== undefined) return known;
    const resolved = this.#upstream(parentsOf(node));
    this.#partitionings.set(node, resolved);
    return resolved;
  }

  /**
   * Spark's rule: keep the largest partitioning of a parent unless it is an order of magnitude below the largest
   * parent's number of partitions and below the default; else hash over the default, or over as many as the largest
   * parent has.
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
    if (best !== undefined && (most < best.partitions * 10 || fallback <= best.partitions)) return best;
    return { kind: "hash", partitions: fallback };
  }

  /**
   * A task holds the state of at most one operator, since each is pinned to a slot of its own: further stateful parents
   * are shuffled even if they are partitioned correctly.
   */
  inPlace(node: ShuffledNode | MergeNode | StateNode): InPlace {
    const placement = this.placement(node);
    if (placement.kind === "roundRobin") return parentsOf(node).map(() => false);
    let statesLeft = node.kind === "state" ? 0 : 1;
    return parentsOf(node).map((parent) => {
      if (!samePartitioning(placement, this.partitioningOf(parent))) return false;
      const states = this.#statesInTask(parent);
      if (states > statesLeft) return false;
      statesLeft -= states;
      return true;
    });
  }

  /** Number of stateful operators that a task of this node updates: 0 or 1. */
  #statesInTask(node: Lineage): number {
    const at = baseOf(node);
    switch (at.kind) {
      case "state":
        return 1;
      case "source":
      case "persisted":
        return 0;
      case "shuffled":
      case "merge": {
        const inPlace = this.inPlace(at);
        return parentsOf(at).reduce(
          (sum, parent, i) => sum + (inPlace[i] === true ? this.#statesInTask(parent) : 0),
          0,
        );
      }
      case "union":
        if (this.alignment(at) === undefined)
          return Math.max(0, ...at.parents.map((parent) => this.#statesInTask(parent)));
        return at.parents.reduce((sum, parent) => sum + this.#statesInTask(parent), 0);
      case "coalesced":
      case "pruned":
      case "cartesian":
      case "zipped":
        // A block separates them from state: see `separated`.
        return 0;
      default:
        return unreachable(at);
    }
  }

  /**
   * A parent of which a task reads several partitions, or one beside others: unchanged, or, if it updates state, which
   * needs tasks of its own, with a block in between.
   */
  separated(parent: Lineage): Lineage {
    if (this.#statesInTask(parent) === 0) return parent;
    const known = this.#separations.get(parent);
    if (known !== undefined) return known;
    const own = persisted(dependency(parent, false), IN_MEMORY_OR_ON_DISK, "state");
    this.#separations.set(parent, own);
    return own;
  }

  /** True if the node has no records whatever the job's functions do. */
  isEmpty(node: Lineage): boolean {
    let at = resolvedNode(node);
    while (at.kind === "narrow") {
      // Operators on whole partitions are called for empty ones too, and may emit.
      const { kind } = at.op;
      if (kind === "mapPartitions" || kind === "mapPartitionsWithIndex" || kind === "glom") {
        return this.partitions(at) === 0;
      }
      at = resolvedNode(at.parent);
    }
    const known = this.#empty.get(at);
    if (known !== undefined) return known;
    const empty = this.#emptyBase(at);
    this.#empty.set(at, empty);
    return empty;
  }

  #emptyBase(node: BaseNode): boolean {
    switch (node.kind) {
      case "source":
        return this.partitions(node) === 0;
      case "union":
        return node.parents.every((parent) => this.isEmpty(parent));
      case "coalesced":
        return this.isEmpty(node.parent);
      case "pruned":
        return node.partitions.length === 0 || this.isEmpty(node.parent);
      case "cartesian":
        return this.isEmpty(node.left) || this.isEmpty(node.right);
      case "zipped":
        // A function of whole partitions is called for empty ones too.
        return this.partitions(node) === 0;
      case "persisted":
      case "shuffled":
        return this.isEmpty(node.dependency.parent);
      case "state":
        return false; // its tasks carry the state over from batch to batch
      case "merge": {
        const empty = node.parents.map((dependency) => this.isEmpty(dependency.parent));
        const [left = true, right = true] = empty;
        if (node.how === "inner") return left || right;
        if (node.how === "left" || node.how === "without") return left;
        if (node.how === "right") return right;
        return empty.every(Boolean);
      }
      default:
        return unreachable(node);
    }
  }
}

type BaseNode = Exclude<Lineage, NarrowNode | DeferredNode>;

/** The node below a chain of narrow operators. */
function baseOf(node: Lineage): BaseNode {
  let at = resolvedNode(node);
  while (at.kind === "narrow") at = resolvedNode(at.parent);
  return at;
}
