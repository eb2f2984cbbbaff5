import { operators } from "@millrace/operators";
import type { JoinKind, Lineage, Partitioning } from "@millrace/plan";
import type { ShuffleOptions } from "../partition/partitioner.ts";
import type { Carrier } from "./carrier.ts";
import { type Dataset, datasetOf, lineageIn } from "./dataset.ts";
import { whenLaidOut } from "./laid-out.ts";
import { type MergeStep, mergeStep, narrowStep } from "./steps.ts";

// Operations that merge the pairs of several RDDs, or streams, by key.

export function cogroup<R, K>(
  on: Carrier<R>,
  others: readonly unknown[],
  options: ShuffleOptions<K> | undefined,
  operator = "cogroup",
): R {
  return on.merge(others, mergeStep("cogroup", on.partitioning(options, operator), operator), operator);
}

/** @param given One to three others, then options, if any. */
export function cogroupSeveral(on: Dataset, given: readonly unknown[], operator: string): Lineage {
  const last = given.at(-1);
  const isRdd = datasetOf(last) !== undefined;
  // The last one may be options; anything else that is not an RDD is refused where it is read.
  const options = isRdd ? undefined : (last as ShuffleOptions<unknown> | undefined);
  const others = given.filter((_, i) => i === 0 || i < given.length - 1 || isRdd);
  return cogroup(on, others, options, operator);
}

const NAMES = { inner: "join", left: "leftOuterJoin", right: "rightOuterJoin", full: "fullOuterJoin" } as const;

export function join<R, K>(
  on: Carrier<R>,
  other: unknown,
  how: Exclude<JoinKind, "without">,
  options: ShuffleOptions<K> | undefined,
): R {
  const operator = NAMES[how];
  return on.merge([other], mergeStep(how, on.partitioning(options, operator), operator), operator);
}

export function subtractByKey<K>(on: Dataset, other: unknown, options: ShuffleOptions<K> | undefined): Lineage {
  const operator = "subtractByKey";
  const given = on.partitioning(options, operator);
  const others = lineageIn(on.context, other, operator);
  return whenLaidOut(on, operator, [others], (own, layout, at) => {
    const placed = given ?? layout.partitioningOf(own) ?? { kind: "hash", partitions: layout.partitions(own) };
    return subtractStep(placed, operator)([own, others], at);
  });
}

/** Pairs of the first parent whose key the second does not have. */
export function subtractStep(partitioning: Partitioning, operator: string): MergeStep {
  const merge = mergeStep("without", partitioning, operator);
  const bare = narrowStep("mapValues", operators.toNull.ref(), true, operator);
  return ([own, ...others], at) => {
    const parents = own === undefined ? [] : [own, ...others.map((other) => bare(other, at))];
    return merge(parents, at);
  };
}
