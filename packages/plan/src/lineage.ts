import type { EpochMs } from "@millrace/base";
import type { FunctionRef } from "./function-ref.ts";
import type { ShuffleId, TaskInput } from "./job-plan.ts";
import type { JoinKind } from "./template.ts";

/**
 * How an RDD came to be, as data. Nodes are made by the functions of this file, never change but for what the
 * planner fills in once (`partitions` of lazy sources, shuffle ids), and may be shared by any number of RDDs.
 */
export type Lineage = SourceNode | NarrowNode | UnionNode | ShuffledNode | MergeNode | StateNode;

/** Partitions that exist outside of the engine: received blocks, encoded collections, ranges of files. */
export interface SourceNode {
  readonly kind: "source";
  readonly format: "blocks" | "text";
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
  | "mapPartitionsWithIndex";

export type NarrowOp =
  | { readonly kind: NarrowKind; readonly fn: FunctionRef; readonly label: string }
  | { readonly kind: "glom" | "keys" | "values"; readonly label: string };

/** Partition i is partition i of the parent, passed through one operator. */
export interface NarrowNode {
  readonly kind: "narrow";
  readonly parent: Lineage;
  readonly op: NarrowOp;
  /** Keys are as the parent's: what holds of the parent's partitioning holds here. */
  readonly keepsPartitioning: boolean;
}

/** The partitions of each parent, one after the other. */
export interface UnionNode {
  readonly kind: "union";
  readonly parents: readonly Lineage[];
}

/** How pairs are placed; `partitions` of `"upstream"`: as many as the largest parent has, found out when it is planned. */
export type Partitioning =
  | { readonly kind: "hash"; readonly partitions: number | "upstream" }
  | { readonly kind: "custom"; readonly partitions: number; readonly fn: FunctionRef };

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
  readonly batch: EpochMs;
}

/** The state of a stream after one batch: `[K, S]` for every key. */
export interface StateNode {
  readonly kind: "state";
  readonly operator: string;
  readonly directory: string;
  readonly feed: ShuffleDependency;
  /** Only in the first batch. */
  readonly initial: ShuffleDependency | undefined;
  readonly update: FunctionRef;
  readonly onlyUpdated: boolean;
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
export function source(format: "blocks" | "text", inputs: readonly TaskInput[], label: string): SourceNode {
  return { kind: "source", format, inputs, resolve: undefined, partitions: inputs.length, lasting: false, label };
}

/** Partitions that have to be looked for first. */
export function lazySource(
  format: "blocks" | "text",
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

/** What nodes a node is made of. */
export function parentsOf(node: Lineage): readonly Lineage[] {
  switch (node.kind) {
    case "source":
      return [];
    case "narrow":
      return [node.parent];
    case "union":
      return node.parents;
    case "shuffled":
      return [node.dependency.parent];
    case "merge":
      return node.parents.map((dependency) => dependency.parent);
    case "state":
      return node.initial === undefined ? [node.feed.parent] : [node.feed.parent, node.initial.parent];
  }
}

/**
 * Sources below a node that do not know their partitions yet. Nodes already seen are not entered again.
 *
 * Cost: one visit per node; nothing is allocated but the result when all sources are at hand.
 */
export function unresolvedSources(node: Lineage, found: SourceNode[] = [], seen = new Set<Lineage>()): SourceNode[] {
  let at = node;
  while (at.kind === "narrow") at = at.parent;
  if (at.kind === "source") {
    if (at.inputs === undefined && !found.includes(at)) found.push(at);
    return found;
  }
  if (seen.has(at)) return found;
  seen.add(at);
  for (const parent of parentsOf(at)) unresolvedSources(parent, found, seen);
  return found;
}
