import { formatSite } from "@millrace/base";
import { type FunctionRef, type JobFunction, operators } from "@millrace/operators";
import {
  type JoinKind,
  type Lineage,
  type NarrowKind,
  narrow,
  PARTITIONS_MAX,
  type Partitioning,
  type ShuffleDependency,
  type ShuffleUse,
  shuffled,
} from "@millrace/plan";
import { badArgument } from "./errors.ts";

/**
 * The operations that RDDs and streams have in common, as steps from lineage to lineage. An RDD takes a step at once, a
 * stream takes it anew in each batch; what the author handed over is checked when the step is made.
 */
export type Step = (parent: Lineage, at: StepContext) => Lineage;
/** A step with several parents. */
export type MergeStep = (parents: readonly Lineage[], at: StepContext) => Lineage;

/** Where a step is taken. */
export interface StepContext {
  dependency(parent: Lineage): ShuffleDependency;
  /** How pairs are placed when the author says nothing. */
  defaultPartitioning(): Partitioning;
}

/** Turns a function of the author into one that ships. */
export type Ship = (fn: unknown, operator: string) => FunctionRef;

export function labelOf(operator: string, fn: FunctionRef | undefined): string {
  return fn?.site === undefined ? operator : `${operator} at ${formatSite(fn.site)}`;
}

/** @throws BAD_ARGUMENT Not a whole number from `min` to `max`. */
export function checkCount(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badArgument(
    `${what} is ${typeof value === "number" ? value : typeof value}; it must be a whole number from ${min} to ${max}.`,
  );
}

export function checkPartitions(value: unknown, operator: string): number {
  return checkCount(value, `numPartitions of ${operator}`, 1, PARTITIONS_MAX);
}

/** Whether keys stay where they are; `mapPartitions` says so itself. */
const KEEPS_PARTITIONING: Readonly<Record<NarrowKind, boolean>> = {
  map: false,
  flatMap: false,
  filter: true,
  mapValues: true,
  flatMapValues: true,
  mapPartitions: false,
  mapPartitionsWithIndex: false,
  number: false,
};

export function narrowStep(
  kind: NarrowKind,
  fn: FunctionRef,
  keepsPartitioning = KEEPS_PARTITIONING[kind],
  operator: string = kind,
): Step {
  const op = { kind, fn, label: labelOf(operator, fn) };
  return (parent) => narrow(parent, op, keepsPartitioning);
}

export function plainStep(kind: "glom" | "keys" | "values", keepsPartitioning = false, label: string = kind): Step {
  const op = { kind, label };
  return (parent) => narrow(parent, op, keepsPartitioning);
}

export function shuffleStep(use: ShuffleUse, partitioning: Partitioning | undefined, label: string): Step {
  return (parent, at) => shuffled(at.dependency(parent), partitioning ?? at.defaultPartitioning(), use, label);
}

export function reduceByKeyStep(
  fn: FunctionRef,
  partitioning: Partitioning | undefined,
  operator = "reduceByKey",
): Step {
  const use: ShuffleUse = { kind: "combine", mapSide: true, create: undefined, mergeValue: fn, mergeCombiners: fn };
  return shuffleStep(use, partitioning, labelOf(operator, fn));
}

export function repartitionStep(partitions: number): Step {
  return (parent, at) =>
    shuffled(at.dependency(parent), { kind: "roundRobin", partitions }, { kind: "none" }, "repartition");
}

export function partitionByStep(partitioning: Partitioning): Step {
  return shuffleStep({ kind: "none" }, partitioning, "partitionBy");
}

/** `(value, n)` pairs. */
export function countByValueStep(partitioning: Partitioning | undefined, operator = "countByValue"): Step {
  const pair = narrowStep("map", operators.pairWithOne.ref(), false, operator);
  const sum = reduceByKeyStep(operators.add.ref(), partitioning, operator);
  return (parent, at) => sum(pair(parent, at), at);
}

/** @param inPlace Equal records are in one partition already, in which they stay: that is how the parent is placed. */
export function distinctStep(partitioning: Partitioning | undefined, inPlace = false): Step {
  const pair = narrowStep("map", operators.pairWithNull.ref(), inPlace, "distinct");
  const first = reduceByKeyStep(operators.keepFirst.ref(), partitioning, "distinct");
  const keys = plainStep("keys", inPlace);
  return (parent, at) => keys(first(pair(parent, at), at), at);
}

/** One number, in one partition; 0 for an empty batch. */
export const countStep: Step = (parent, at) => {
  const counted = narrow(parent, { kind: "mapPartitions", fn: operators.countPartition.ref(), label: "count" }, false);
  const gathered = shuffled(at.dependency(counted), { kind: "roundRobin", partitions: 1 }, { kind: "none" }, "count");
  return narrow(gathered, { kind: "mapPartitions", fn: operators.sumPartition.ref(), label: "count" }, false);
};

/** One record, in one partition; none for an empty batch. */
export function reduceStep(fn: FunctionRef): Step {
  const key = narrowStep("map", operators.keyByNull.ref(), false, "reduce");
  const reduce = reduceByKeyStep(fn, { kind: "hash", partitions: 1 }, "reduce");
  const values = plainStep("values");
  return (parent, at) => values(reduce(key(parent, at), at), at);
}

/** `[key(value), value]`. */
export function keyByStep(fn: FunctionRef, operator: string, key: JobFunction<[record: unknown]>): Step {
  return narrowStep(
    "map",
    operators.keyBy.ref(() => [key], fn.site),
    false,
    operator,
  );
}

/** What the author calls it. */
export function mergeName(how: "cogroup" | JoinKind): string {
  if (how === "cogroup") return how;
  return how === "inner" ? "join" : how === "without" ? "subtractByKey" : `${how}OuterJoin`;
}

export function mergeStep(
  how: "cogroup" | JoinKind,
  partitioning: Partitioning | undefined,
  label = mergeName(how),
): MergeStep {
  return (parents, at) => ({
    kind: "merge",
    how,
    parents: parents.map((parent) => at.dependency(parent)),
    partitioning: partitioning ?? at.defaultPartitioning(),
    label,
  });
}
