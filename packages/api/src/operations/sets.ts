import { type FunctionRef, operators } from "@millrace/operators";
import { type Lineage, type Partitioning, union as unionNode } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import type { ShuffleOptions } from "../partition/partitioner.ts";
import { checkCount, checkPartitions } from "../refusal/check-all.ts";
import type { Carrier } from "./carrier.ts";
import { type Dataset, lineageIn } from "./dataset.ts";
import { subtractStep } from "./joins.ts";
import { whenLaidOut } from "./laid-out.ts";
import { repartitionStep } from "./records.ts";
import { chained, labelOf, mergeStep, narrowStep, plainStep, reduceByKeyStep, type Step } from "./steps.ts";

// Operations on whole RDDs.

export function coalesce(on: Dataset, numPartitions: number, shuffle: boolean): Lineage {
  const partitions = checkPartitions(numPartitions, "coalesce");
  if (shuffle) return on.take(repartitionStep(partitions));
  return { kind: "coalesced", parent: on.lineage, partitions };
}

export function union<R>(on: Carrier<R>, others: readonly unknown[]): R {
  return on.merge(others, unionNode, "union");
}

export function intersection<T>(on: Dataset, other: unknown, options: ShuffleOptions<T> | undefined): Lineage {
  const operator = "intersection";
  const pair = narrowStep("map", operators.pairWithNull.ref(), false, operator);
  const both = narrowStep("filter", operators.onEverySide.ref(), true, operator);
  const merge = mergeStep("cogroup", on.partitioning(options, operator), operator);
  return on.merge(
    [other],
    (parents, at) => {
      const paired = parents.map((parent) => pair(parent, at));
      return chained(both, plainStep("keys"))(merge(paired, at), at);
    },
    operator,
  );
}

export function subtract<T>(on: Dataset, other: unknown, options: ShuffleOptions<T> | undefined): Lineage {
  const operator = "subtract";
  const placed = on.partitioning(options, operator);
  const pair = narrowStep("map", operators.pairWithNull.ref(), false, operator);
  const others = lineageIn(on.context, other, operator);
  return whenLaidOut(on, operator, [others], (parent, layout, at) => {
    const without = subtractStep(placed ?? { kind: "hash", partitions: layout.partitions(parent) }, operator);
    return plainStep("keys")(without([pair(parent, at), pair(others, at)], at), at);
  });
}

export function cartesian(on: Dataset, other: unknown): Lineage {
  return { kind: "cartesian", left: on.lineage, right: lineageIn(on.context, other, "cartesian") };
}

export function distinct<T>(on: Dataset, options: ShuffleOptions<T> | undefined): Lineage {
  const given = on.partitioning(options, "distinct");
  const spread = distinctStep(given);
  return whenLaidOut(on, "distinct", [], (parent, layout, at) => {
    const placed = layout.partitioningOf(parent);
    const fits = given === undefined || (given.kind === "hash" && given.partitions === placed?.partitions);
    return placed !== undefined && fits ? distinctStep(placed, true)(parent, at) : spread(parent, at);
  });
}

/** @param inPlace Equal records are already in the same partition, because of the parent's partitioning. */
function distinctStep(partitioning: Partitioning | undefined, inPlace = false): Step {
  const operator = "distinct";
  return chained(
    narrowStep("map", operators.pairWithNull.ref(), inPlace, operator),
    reduceByKeyStep(operators.keepFirst.ref(), partitioning, operator),
    plainStep("keys", inPlace),
  );
}

export function zip(on: Dataset, other: unknown): Lineage {
  return besides(on, [other], { fn: undefined, keepsPartitioning: false, operator: "zip" });
}

export function zipPartitions(
  on: Dataset,
  others: readonly unknown[],
  fn: unknown,
  preservesPartitioning: boolean,
): Lineage {
  if (!Array.isArray(others)) throw badArgument("zipPartitions takes an array of one to three RDDs, and a function.");
  checkCount(others.length, "the number of RDDs given to zipPartitions", 1, 3);
  const operator = "zipPartitions";
  return besides(on, others, { fn: on.ship(fn, operator), keepsPartitioning: preservesPartitioning, operator });
}

/** Corresponding partitions of several RDDs, side by side. */
function besides(
  on: Dataset,
  others: readonly unknown[],
  options: { readonly fn: FunctionRef | undefined; readonly keepsPartitioning: boolean; readonly operator: string },
): Lineage {
  const { fn, keepsPartitioning, operator } = options;
  const parents = [on.lineage, ...on.lineagesOf(others, operator)];
  return { kind: "zipped", parents, fn, keepsPartitioning, label: labelOf(operator, fn) };
}
