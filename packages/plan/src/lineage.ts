import { assert, unreachable } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { FunctionRef } from "@millrace/operators";
import type { ShuffleId, TaskInput } from "./action-plan.ts";
import type { BlockLevel } from "./receiver-plan.ts";
import type { StateSchema, StateVersions } from "./state-version.ts";
import type { JoinKind } from "./template.ts";

/**
 * The computation of an RDD, as data. Nodes are created by the functions of this file, are immutable except for what the
 * planner fills in once (`partitions` of lazy sources, shuffle ids), and may be shared by any number of RDDs.
 */
export type Lineage =
  | SourceNode
  | NarrowNode
  | UnionNode
  | CoalescedNode
  | PrunedNode
  | CartesianNode
  | ZippedNode
  | PersistedNode
  | DeferredNode
  | ShuffledNode
  | MergeNode
  | StateNode;

/**
 * Content of a source's partitions: frames of records; or bytes of files, read as lines of text, in pieces of any size,
 * or as records of fixed length.
 */
export type SourceFormat =
  | FileFormat
  /** The results of a function for external ranges. */
  | { readonly read: FunctionRef };

export type FileFormat = "blocks" | "text" | "bytes" | { readonly recordBytes: number };

/** Partitions that exist outside of the engine: received blocks, encoded collections, ranges of files. */
export interface SourceNode {
  readonly kind: "source";
  readonly format: SourceFormat;
  /** One input per partition; `undefined` until resolved. */
  inputs: readonly TaskInput[] | undefined;
  /**
   * Determines the inputs: encodes a collection, lists a directory. Called once, before the first plan that reads it.
   */
  readonly resolve: (() => Promise<readonly TaskInput[]>) | undefined;
  /** The number of partitions, if it is known before `resolve`. */
  readonly partitions: number | undefined;
  /** True if it was created outside of any batch: its inputs are then kept for as long as the job runs. */
  readonly lasting: boolean;
  readonly label: string;
}

export type NarrowKind =
  | "map"
  | "flatMap"
  | "filter"
  | "mapValues"
  | "flatMapValues"
  | "mapPartitions"
  | "mapPartitionsWithIndex"
  | "number";

export type NarrowOp =
  | { readonly kind: NarrowKind; readonly fn: FunctionRef; readonly label: string }
  | { readonly kind: "glom" | "keys" | "values"; readonly label: string }
  | {
      readonly kind: "sort";
      /** Returns the compared value of each record; if absent, pairs are compared by key. */
      readonly key: FunctionRef | undefined;
      /** `(a, b) => number`; the order of values if absent. */
      readonly compare: FunctionRef | undefined;
      readonly descending: boolean;
      readonly label: string;
    };

/** Partition i is partition i of the parent, passed through one operator. */
export interface NarrowNode {
  readonly kind: "narrow";
  readonly parent: Lineage;
  readonly op: NarrowOp;
  /** Keys are unchanged, so the parent's partitioning is preserved. */
  readonly keepsPartitioning: boolean;
}

/**
 * The partitions of all parents in sequence; if all parents are partitioned alike, partition i consists of theirs with
 * that number, in sequence.
 */
export interface UnionNode {
  readonly kind: "union";
  readonly parents: readonly Lineage[];
}

/** Merges neighbouring partitions of the parent without a shuffle: at most `partitions` of them remain. */
export interface CoalescedNode {
  readonly kind: "coalesced";
  readonly parent: Lineage;
  readonly partitions: number;
}

/** A selection of the parent's partitions, in this order. */
export interface PrunedNode {
  readonly kind: "pruned";
  readonly parent: Lineage;
  readonly partitions: readonly number[];
}

/** Partition `i * right + j` combines each record of left partition i with each of right partition j. */
export interface CartesianNode {
  readonly kind: "cartesian";
  readonly left: Lineage;
  readonly right: Lineage;
}

/** Partition i of each parent, side by side; all have the same number of partitions. */
export interface ZippedNode {
  readonly kind: "zipped";
  readonly parents: readonly Lineage[];
  /** `(...iterables) => iterable`; if absent, tuples of the records at the same position. */
  readonly fn: FunctionRef | undefined;
  readonly keepsPartitioning: boolean;
  readonly label: string;
}

export const IN_MEMORY_OR_ON_DISK: BlockLevel = { memory: true, disk: true, replication: 1 };

/**
 * Partition i of the parent, computed once: its records stay as a block where they were computed, and are recomputed
 * only if that block is lost. A shuffle whose map task i feeds reader i alone.
 */
export interface PersistedNode {
  readonly kind: "persisted";
  readonly dependency: ShuffleDependency;
  readonly level: BlockLevel;
  readonly label: string;
}

/**
 * An RDD that cannot be created without a job on its parents, for example a sample or the lengths of partitions.
 * Resolved before the first plan that reads it.
 */
export interface DeferredNode {
  readonly kind: "deferred";
  readonly parents: readonly Lineage[];
  /** Runs actions of its own. Called once. */
  readonly resolve: () => Promise<Lineage>;
  /** The result; `undefined` until `resolve` is done. */
  lineage: Lineage | undefined;
  readonly label: string;
}

/**
 * Partitioning of pairs; `partitions` of `"upstream"`: as many as the largest parent has, determined when it is
 * planned.
 */
export type Partitioning =
  | { readonly kind: "hash"; readonly partitions: number | "upstream" }
  | {
      readonly kind: "custom";
      readonly partitions: number;
      readonly fn: FunctionRef;
      /** If absent, only the same function counts as the same placement. */
      readonly partitioner?: KnownPartitioner;
    };

/** The driver's side of a custom partitioning. */
export interface KnownPartitioner {
  /** The partitioner object that the author passed, or would have. */
  readonly given: unknown;
  /** The partition of a key. */
  readonly place: (key: unknown) => number;
  /** Whether another partitioner object places every key alike. */
  readonly equals: (given: unknown) => boolean;
}

export interface Combine {
  readonly create: FunctionRef | undefined;
  readonly mergeValue: FunctionRef;
  readonly mergeCombiners: FunctionRef;
}

/** The aggregation of records by a shuffle's reader. */
export type ShuffleUse =
  | { readonly kind: "none" }
  | { readonly kind: "group" }
  | ({ readonly kind: "combine"; readonly mapSide: boolean } & Combine);

/** One shuffle of a parent's records. Its id is assigned when it is first planned. */
export interface ShuffleDependency {
  readonly parent: Lineage;
  /** True if it was created outside of any batch: its output is then kept for as long as the job runs. */
  readonly lasting: boolean;
  id: ShuffleId | undefined;
}

export interface ShuffledNode {
  readonly kind: "shuffled";
  readonly dependency: ShuffleDependency;
  readonly partitioning: Partitioning | { readonly kind: "roundRobin"; readonly partitions: number };
  readonly use: ShuffleUse;
  readonly label: string;
}

/** Merges parents by key: those partitioned alike are read in place, the others are shuffled. */
export interface MergeNode {
  readonly kind: "merge";
  readonly how: "cogroup" | JoinKind;
  /** Two or more; exactly two for a join. */
  readonly parents: readonly ShuffleDependency[];
  readonly partitioning: Partitioning;
  readonly label: string;
}

/** The change of an operator's state by a batch; see `StateUpdate` of templates. */
export type StateChange =
  | {
      readonly kind: "updateByKey";
      readonly feed: ShuffleDependency;
      /** Only in the first batch. */
      readonly initial: ShuffleDependency | undefined;
      readonly fn: FunctionRef;
      readonly onlyUpdated: boolean;
    }
  | {
      readonly kind: "updatePartition";
      readonly feed: ShuffleDependency;
      readonly initial: ShuffleDependency | undefined;
      readonly fn: FunctionRef;
    }
  | {
      readonly kind: "window";
      readonly entering: ShuffleDependency;
      readonly leaving: ShuffleDependency;
      readonly reduce: FunctionRef;
      readonly inverse: FunctionRef;
      readonly filter: FunctionRef | undefined;
    }
  | {
      readonly kind: "mapWithState";
      readonly feed: ShuffleDependency;
      readonly initial: ShuffleDependency | undefined;
      readonly fn: FunctionRef;
      readonly timeoutMs: number;
    }
  /** The state after the stage that computes `after` has updated it. */
  | { readonly kind: "snapshot"; readonly after: PersistedNode };

/** The state of a stream in one batch: the change, and its result. */
export interface StateNode {
  readonly kind: "state";
  readonly operator: string;
  readonly directory: Location;
  readonly change: StateChange;
  readonly partitioning: Partitioning;
  readonly versions: StateVersions;
  readonly schema: StateSchema;
  readonly label: string;
}

/** A parent that may have to be shuffled. */
export function dependency(parent: Lineage, lasting: boolean): ShuffleDependency {
  return { parent, lasting, id: undefined };
}

export function narrow(parent: Lineage, op: NarrowOp, keepsPartitioning: boolean): NarrowNode {
  return { kind: "narrow", parent, op, keepsPartitioning };
}

export function union(parents: readonly Lineage[]): Lineage {
  const [only] = parents;
  return only !== undefined && parents.length === 1 ? only : { kind: "union", parents };
}

/** A source whose partitions are known. */
export function source(format: SourceFormat, inputs: readonly TaskInput[], label: string): SourceNode {
  return { kind: "source", format, inputs, resolve: undefined, partitions: inputs.length, lasting: false, label };
}

/** A source whose partitions are determined by `resolve`. */
export function lazySource(
  format: SourceFormat,
  resolve: () => Promise<readonly TaskInput[]>,
  options: { readonly partitions?: number; readonly lasting: boolean; readonly label: string },
): SourceNode {
  const { partitions, lasting, label } = options;
  return { kind: "source", format, inputs: undefined, resolve, partitions, lasting, label };
}

export function shuffled(
  from: ShuffleDependency,
  partitioning: ShuffledNode["partitioning"],
  use: ShuffleUse,
  label: string,
): ShuffledNode {
  return { kind: "shuffled", dependency: from, partitioning, use, label };
}

export function persisted(parent: ShuffleDependency, level: BlockLevel, label: string): PersistedNode {
  return { kind: "persisted", dependency: parent, level, label };
}

export function deferredNode(
  parents: readonly Lineage[],
  label: string,
  resolve: () => Promise<Lineage>,
): DeferredNode {
  return { kind: "deferred", parents, resolve, lineage: undefined, label };
}

/** The parents of a node. */
export function parentsOf(node: Lineage): readonly Lineage[] {
  switch (node.kind) {
    case "source":
      return [];
    case "narrow":
      return [node.parent];
    case "coalesced":
    case "pruned":
      return [node.parent];
    case "cartesian":
      return [node.left, node.right];
    case "union":
    case "zipped":
      return node.parents;
    case "deferred":
      return node.lineage === undefined ? [] : [node.lineage];
    case "persisted":
    case "shuffled":
      return [node.dependency.parent];
    case "merge":
      return node.parents.map((dependency) => dependency.parent);
    case "state":
      return node.change.kind === "snapshot"
        ? [node.change.after]
        : feedsOf(node.change).map((dependency) => dependency.parent);
    default:
      return unreachable(node);
  }
}

/** The pairs that a change of state reads, in the order in which a task of it has them. */
function feedsOf(change: StateChange): readonly ShuffleDependency[] {
  switch (change.kind) {
    case "updateByKey":
    case "updatePartition":
    case "mapWithState":
      return change.initial === undefined ? [change.feed] : [change.feed, change.initial];
    case "window":
      return [change.entering, change.leaving];
    case "snapshot":
      return [];
    default:
      return unreachable(change);
  }
}

/** A node that waits for its partitions or its lineage. */
export type UnresolvedNode = SourceNode | DeferredNode;

/**
 * The nodes below a node that must be resolved before it can be planned. Below an unresolved deferred node none are
 * listed: resolving it runs actions, which resolve what they need. Nodes already seen are skipped.
 *
 * Cost: one visit per node; allocates only the result.
 */
export function unresolvedNodes(
  node: Lineage,
  found: UnresolvedNode[] = [],
  seen: Set<Lineage> = new Set(),
): UnresolvedNode[] {
  let at = node;
  while (at.kind === "narrow") at = at.parent;
  if (seen.has(at)) return found;
  if (at.kind === "source") {
    if (at.inputs === undefined && !found.includes(at)) found.push(at);
    return found;
  }
  seen.add(at);
  if (at.kind === "deferred" && at.lineage === undefined) found.push(at);
  for (const parent of parentsOf(at)) unresolvedNodes(parent, found, seen);
  return found;
}

/** Skips nodes that represent another one: resolved deferred nodes. */
export function resolvedNode(node: Lineage): Exclude<Lineage, DeferredNode> {
  let at = node;
  while (at.kind === "deferred") {
    assert(at.lineage !== undefined, `${at.label} has not been resolved yet`);
    at = at.lineage;
  }
  return at;
}
