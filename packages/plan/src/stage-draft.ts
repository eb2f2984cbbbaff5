import type { FunctionRef } from "./function-ref.ts";
import { engineRefWith } from "./function-ref.ts";
import type { PlannedInput } from "./job-plan.ts";
import type { Layout } from "./layout.ts";
import type { Lineage, NarrowNode, NarrowOp, StateNode, UnionNode } from "./lineage.ts";
import { type FnSlot, fnSlot, type Op } from "./template.ts";

/** A node at which a fused chain of narrow operators begins. */
export type Base = Exclude<Lineage, NarrowNode | UnionNode>;

/** An operator, and how many partitions of other parents of a union come before the ones it sees. */
interface ChainedOp {
  readonly op: NarrowOp;
  readonly shift: number;
}

/** Partitions of an RDD that have the same template: where their chain begins and what it passes. */
export interface Chain {
  readonly base: Base;
  readonly ops: readonly ChainedOp[];
  /** Partitions of the RDD that come before this chain's. */
  readonly start: number;
  readonly partitions: number;
}

/** Cuts an RDD into chains: one, or one per member of its unions. */
export function chainsOf(node: Lineage, layout: Layout): readonly Chain[] {
  const ops: ChainedOp[] = [];
  let at = node;
  while (at.kind === "narrow") {
    ops.push({ op: at.op, shift: 0 });
    at = at.parent;
  }
  ops.reverse();
  if (at.kind !== "union") return [{ base: at, ops, start: 0, partitions: layout.partitions(at) }];
  const chains: Chain[] = [];
  let start = 0;
  for (const parent of at.parents) {
    const before = start;
    for (const chain of chainsOf(parent, layout)) {
      const below = chain.ops.map(({ op, shift }) => ({ op, shift: shift + before }));
      chains.push({ ...chain, ops: [...below, ...ops], start: before + chain.start });
      start += chain.partitions;
    }
  }
  return chains;
}

/** A template in the making: functions get slots and inputs get numbers as they are met. */
export class StageDraft {
  readonly functions: FunctionRef[] = [];
  /** For each input of a task: what it is for the partition of that number. */
  readonly inputs: ((partition: number) => PlannedInput)[] = [];
  readonly labels: string[] = [];
  /** The operator whose state the tasks update. */
  state: StateNode | undefined;

  slot(fn: FunctionRef): FnSlot {
    const known = this.functions.indexOf(fn);
    if (known >= 0) return fnSlot(known);
    return fnSlot(this.functions.push(fn) - 1);
  }

  input(of: (partition: number) => PlannedInput): number {
    return this.inputs.push(of) - 1;
  }

  label(text: string): void {
    if (!this.labels.includes(text)) this.labels.push(text);
  }

  op({ op, shift }: ChainedOp): Op {
    this.label(op.label);
    if (!("fn" in op)) return op;
    const fn =
      op.kind === "mapPartitionsWithIndex" && shift > 0
        ? engineRefWith("shiftIndex", () => [op.fn, shift], op.fn.site)
        : op.fn;
    return { kind: op.kind, fn: this.slot(fn), label: op.label };
  }
}
