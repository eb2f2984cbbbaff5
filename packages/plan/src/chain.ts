import { assert } from "@millrace/base";
import type { Layout } from "./layout.ts";
import {
  type CartesianNode,
  type CoalescedNode,
  type DeferredNode,
  type Lineage,
  type MergeNode,
  type NarrowNode,
  type NarrowOp,
  type PersistedNode,
  type PrunedNode,
  resolvedNode,
  type ShuffledNode,
  type SourceNode,
  type StateNode,
  type UnionNode,
  type ZippedNode,
} from "./lineage.ts";

/** A node at which a fused chain of narrow operators begins. */
export type Base = SourceNode | ShuffledNode | MergeNode | StateNode | PersistedNode | Gathered;

/** One task reads partitions of several chains: in a coalesced or aligned RDD, a Cartesian product, or zipped RDDs. */
export interface Gathered {
  readonly kind: "gathered";
  readonly of: UnionNode | CoalescedNode | PrunedNode | CartesianNode | ZippedNode;
  readonly parts: readonly Part[];
}

/** For a partition of a gathering chain, counted from 0: a chain, and the number of its partition, counted from 0. */
interface Part {
  readonly chain: Chain;
  readonly partition: (partition: number) => number;
}

/** An operator, and the number of partitions of other parents of a union that precede the ones it sees. */
export interface ChainedOp {
  readonly op: NarrowOp;
  readonly shift: number;
}

/** Neighbouring partitions of an RDD that share a template: the base of their chain and the operators on it. */
export interface Chain {
  readonly base: Base;
  readonly ops: readonly ChainedOp[];
  /** Partitions of the RDD that precede this chain's. */
  readonly start: number;
  readonly partitions: number;
}

/**
 * Splits an RDD into chains: one, or one per member of its unions, or per way in which its partitions gather others.
 */
export function chainsOf(node: Lineage, layout: Layout): readonly Chain[] {
  const ops: NarrowOp[] = [];
  let at: Exclude<Lineage, DeferredNode> = resolvedNode(node);
  while (at.kind === "narrow") {
    ops.push(at.op);
    at = resolvedNode(at.parent);
  }
  ops.reverse();
  return chainsOfBase(at, layout).map((chain) => ({
    ...chain,
    ops: [...chain.ops, ...ops.map((op) => ({ op, shift: 0 }))],
  }));
}

function chainsOfBase(node: Exclude<Lineage, NarrowNode | DeferredNode>, layout: Layout): readonly Chain[] {
  switch (node.kind) {
    case "union":
      return layout.alignment(node) === undefined ? oneAfterTheOther(node, layout) : aligned(node, layout);
    case "coalesced":
      return coalesced(node, layout);
    case "pruned":
      return pruned(node, layout);
    case "cartesian":
      return cartesian(node, layout);
    case "zipped":
      return zipped(node, layout);
    default:
      return [{ base: node, ops: [], start: 0, partitions: layout.partitions(node) }];
  }
}

function oneAfterTheOther(node: UnionNode, layout: Layout): readonly Chain[] {
  const chains: Chain[] = [];
  let start = 0;
  for (const parent of node.parents) {
    const before = start;
    for (const chain of chainsOf(parent, layout)) {
      const ops = chain.ops.map(({ op, shift }) => ({ op, shift: shift + before }));
      chains.push({ ...chain, ops, start: before + chain.start });
      start += chain.partitions;
    }
  }
  return chains;
}

/** All parents are partitioned by key, so each is one chain. */
function aligned(node: UnionNode, layout: Layout): readonly Chain[] {
  const parts = node.parents.flatMap((parent) =>
    chainsOf(parent, layout).map((chain) => ({ chain, partition: (partition: number) => partition })),
  );
  assert(parts.length === node.parents.length, "an RDD partitioned by key is one chain");
  return [{ base: { kind: "gathered", of: node, parts }, ops: [], start: 0, partitions: layout.partitions(node) }];
}

/** Groups of neighbours, as even as possible; groups that gather the same chains in the same way share a template. */
function coalesced(node: CoalescedNode, layout: Layout): readonly Chain[] {
  const chains = chainsOf(layout.separated(node.parent), layout);
  const total = layout.partitions(node.parent);
  const groups = layout.partitions(node);
  const begin = (group: number): number => Math.floor((group * total) / groups);
  const membersOf = (group: number): readonly Member[] => {
    const members: Member[] = [];
    for (let p = begin(group); p < begin(group + 1); p++) members.push(memberOf(chains, p));
    return members;
  };
  return runs(groups, membersOf, (members, first) => ({
    kind: "gathered",
    of: node,
    parts: members.map(({ chain }, j) => ({
      chain,
      partition: (group: number) => begin(first + group) + j - chain.start,
    })),
  }));
}

function pruned(node: PrunedNode, layout: Layout): readonly Chain[] {
  const chains = chainsOf(layout.separated(node.parent), layout);
  const wanted = (p: number): number => {
    const partition = node.partitions[p];
    assert(partition !== undefined, `a pruned RDD has no partition ${p}`);
    return partition;
  };
  const membersOf = (p: number): readonly Member[] => [memberOf(chains, wanted(p))];
  return runs(node.partitions.length, membersOf, (members, first) => ({
    kind: "gathered",
    of: node,
    parts: members.map(({ chain }) => ({ chain, partition: (p: number) => wanted(first + p) - chain.start })),
  }));
}

function cartesian(node: CartesianNode, layout: Layout): readonly Chain[] {
  const left = chainsOf(layout.separated(node.left), layout);
  const right = chainsOf(layout.separated(node.right), layout);
  const columns = layout.partitions(node.right);
  const membersOf = (p: number) => [memberOf(left, Math.floor(p / columns)), memberOf(right, p % columns)];
  return runs(layout.partitions(node), membersOf, ([l, r], first) => ({
    kind: "gathered",
    of: node,
    parts: [l, r].flatMap((member, side) =>
      member === undefined
        ? []
        : [
            {
              chain: member.chain,
              partition: (p: number) =>
                (side === 0 ? Math.floor((first + p) / columns) : (first + p) % columns) - member.chain.start,
            },
          ],
    ),
  }));
}

function zipped(node: ZippedNode, layout: Layout): readonly Chain[] {
  const sides = node.parents.map((parent) => chainsOf(layout.separated(parent), layout));
  const membersOf = (p: number) => sides.map((chains) => memberOf(chains, p));
  return runs(layout.partitions(node), membersOf, (members, first) => ({
    kind: "gathered",
    of: node,
    parts: members.map(({ chain }) => ({ chain, partition: (p: number) => first + p - chain.start })),
  }));
}

interface Member {
  readonly chain: Chain;
  readonly index: number;
}

function memberOf(chains: readonly Chain[], partition: number): Member {
  const index = chains.findIndex((chain) => partition < chain.start + chain.partitions);
  const chain = chains[index];
  assert(chain !== undefined, `there is no partition ${partition}`);
  return { chain, index };
}

/** Neighbouring partitions that gather the same chains become one chain. */
function runs(
  partitions: number,
  membersOf: (partition: number) => readonly Member[],
  gather: (members: readonly Member[], first: number) => Gathered,
): readonly Chain[] {
  const chains: Chain[] = [];
  for (let first = 0; first < partitions; ) {
    const members = membersOf(first);
    const key = indicesOf(members);
    let end = first + 1;
    while (end < partitions && indicesOf(membersOf(end)) === key) end += 1;
    chains.push({ base: gather(members, first), ops: [], start: first, partitions: end - first });
    first = end;
  }
  return chains;
}

const indicesOf = (members: readonly Member[]): string => members.map(({ index }) => index).join(" ");
