import { assert, type EpochMs, unreachable } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { FunctionRef } from "@millrace/operators";
import type { ShuffleId, TaskInput } from "./job-plan.ts";
import type { BlockLevel } from "./receiver-plan.ts";
import type { JoinKind } from "./template.ts";

/**
 * How an RDD came to be, as data. Nodes are made by the functions of this file, never change but for what the
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
 * What a source's partitions hold: frames of records; or bytes of files, taken as lines of text, in pieces of any size, or
 * as records of so many bytes each.
 */
export type SourceFormat =
  | FileFormat
  /** What this function makes of external ranges. */
  | { readonly read: FunctionRef };

export type FileFormat = "blocks" | "text" | "bytes" | { readonly recordBytes: number };

/** Partitions that exist outside of the engine: received blocks, encoded collections, ranges of files. */
export interface SourceNode {
  readonly kind: "source";
  readonly format: SourceFormat;
  /** One input per partition; `undefined` until `resolve` is done. */
  inputs: readonly TaskInput[] | undefined;
  /** Finds out the inputs: encodes a collection, lists a directory. Called once, before the first plan that reads it. */
  readonly resolve: (() => Promise<readonly TaskInput[]>) | undefined;
  /** How many partitions there will be, when that is known before `resolve`. */
  readonly partitions: number | undefined;
  /** Made outside of any batch: what it resolved to stays for as long as the job runs. */
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
      /** What is compared: of each record, or the key of a pair when it is absent. */
      readonly key: FunctionRef | undefined;
      /** `(a, b) => number`; the order of values when it is absent. */
      readonly compare: FunctionRef | undefined;
      readonly descending: boolean;
      readonly label: string;
    };

/** Partition i is partition i of the parent, passed through one operator. */
export interface NarrowNode {
  readonly kind: "narrow";
  readonly parent: Lineage;
  readonly op: NarrowOp;
  /** Keys are as the parent's: what holds of the parent's partitioning holds here. */
  readonly keepsPartitioning: boolean;
}

/**
 * The partitions of each parent, one after the other; where all parents are partitioned alike, partition i is theirs of
 * that number, one after the other.
 */
export interface UnionNode {
  readonly kind: "union";
  readonly parents: readonly Lineage[];
}

/** Neighbouring partitions of the parent as one, without a shuffle: at most `partitions` of them. */
export interface CoalescedNode {
  readonly kind: "coalesced";
  readonly parent: Lineage;
  readonly partitions: number;
}

/** Some partitions of the parent, in this order. */
export interface PrunedNode {
  readonly kind: "pruned";
  readonly parent: Lineage;
  readonly partitions: readonly number[];
}

/** Partition `i * right + j` has each record of the left partition i with each of the right partition j. */
export interface CartesianNode {
  readonly kind: "cartesian";
  readonly left: Lineage;
  readonly right: Lineage;
}

/** Partition i of each parent, side by side; all have as many. */
export interface ZippedNode {
  readonly kind: "zipped";
  readonly parents: readonly Lineage[];
  /** `(...iterables) => iterable`; without it tuples of the records at the same place. */
  readonly fn: FunctionRef | undefined;
  readonly keepsPartitioning: boolean;
  readonly label: string;
}

export const IN_MEMORY_OR_ON_DISK: BlockLevel = { memory: true, disk: true, replication: 1 };

/**
 * Partition i of the parent, computed once: its records stay as a block where they were computed, and are computed again
 * only if that is lost. A shuffle whose map task i feeds reader i alone.
 */
export interface PersistedNode {
  readonly kind: "persisted";
  readonly dependency: ShuffleDependency;
  readonly level: BlockLevel;
  readonly label: string;
}

/**
 * An RDD whose making needs something of its parents that only a job can tell, such as a sample or the lengths of
 * partitions. Resolved before the first plan that reads it.
 */
export interface DeferredNode {
  readonly kind: "deferred";
  readonly parents: readonly Lineage[];
  /** Runs actions of its own. Called once. */
  readonly resolve: () => Promise<Lineage>;
  /** What it turned out to be; `undefined` until `resolve` is done. */
  lineage: Lineage | undefined;
  readonly label: string;
}

/** How pairs are placed; `partitions` of `"upstream"`: as many as the largest parent has, found out when it is planned. */
export type Partitioning =
  | { readonly kind: "hash"; readonly partitions: number | "upstream" }
  | {
      readonly kind: "custom";
      readonly partitions: number;
      readonly fn: FunctionRef;
      /** Absent: only the same function places keys alike. */
      readonly partitioner?: KnownPartitioner;
    };

/** The driver's side of a custom partitioning. */
export interface KnownPartitioner {
  /** What the author handed over, or would have. */
  readonly given: unknown;
  /** Where a key lies. */
  readonly place: (key: unknown) => number;
  /** Whether another such object places every key alike. */
  readonly equals: (given: unknown) => boolean;
}

export interface Combine {
  readonly create: FunctionRef | undefined;
  readonly mergeValue: FunctionRef;
  readonly mergeCombiners: FunctionRef;
}

/** What a shuffle's reader makes of its records. */
export type ShuffleUse =
  | { readonly kind: "none" }
  | { readonly kind: "group" }
  | ({ readonly kind: "combine"; readonly mapSide: boolean } & Combine);

/** One shuffle of a parent's records. The id is given when it is first planned. */
export interface ShuffleDependency {
  readonly parent: Lineage;
  /** Made outside of any batch: its output stays for as long as the job runs. */
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

/** Brings parents together by key: those partitioned alike are read in place, the others are shuffled. */
export interface MergeNode {
  readonly kind: "merge";
  readonly how: "cogroup" | JoinKind;
  /** Two or more; exactly two for a join. */
  readonly parents: readonly ShuffleDependency[];
  readonly partitioning: Partitioning;
  readonly label: string;
}

/** What is known only once a batch runs. */
export interface StateVersions {
  readonly version: EpochMs;
  /** The version that the oldest remembered batch builds on. */
  readonly oldest: EpochMs;
  readonly batch: EpochMs;
}

/** What a batch does to the state of an operator; see `StateUpdate` of templates. */
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
  /** The state after the stage that makes `after` has updated it. */
  | { readonly kind: "snapshot"; readonly after: PersistedNode };

/** The state of a stream in one batch: what is done to it, and what comes of that. */
export interface StateNode {
  readonly kind: "state";
  readonly operator: string;
  readonly directory: Location;
  readonly change: StateChange;
  readonly partitioning: Partitioning;
  readonly versions: StateVersions;
  readonly label: string;
}

/** A parent as something that may have to be shuffled. */
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

/** Partitions that are at hand. */
export function source(format: SourceFormat, inputs: readonly TaskInput[], label: string): SourceNode {
  return { kind: "source", format, inputs, resolve: undefined, partitions: inputs.length, lasting: false, label };
}

/** Partitions that have to be looked for first. */
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

/** What nodes a node is made of. */
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

/** A node whose making waits for something: where its partitions are, or what it is. */
export type UnresolvedNode = SourceNode | DeferredNode;

/**
 * What below a node has to be found out before it can be planned. Below a deferred node nothing is looked for until it is
 * resolved: resolving it runs actions, which find out what they need. Nodes already seen are not entered again.
 *
 * Cost: one visit per node; nothing is allocated but the result when all is at hand.
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

/** Skips what stands in for another node: a deferred one that is resolved. */
export function resolvedNode(node: Lineage): Exclude<Lineage, DeferredNode> {
  let at = node;
  while (at.kind === "deferred") {
    assert(at.lineage !== undefined, `what ${at.label} is has not been found out yet`);
    at = at.lineage;
  }
  return at;
}
