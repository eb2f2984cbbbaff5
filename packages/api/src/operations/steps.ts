import { formatSite } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import {
  type JoinKind,
  type Lineage,
  type NarrowKind,
  narrow,
  type Partitioning,
  type ShuffleDependency,
  type ShuffleUse,
  shuffled,
} from "@millrace/plan";

/**
 * From one lineage to the next: the building block of operations. An RDD takes a step at once, a stream takes it in
 * each batch; the author's arguments are checked when the step is made.
 */
export type Step = (parent: Lineage, at: StepContext) => Lineage;
/** A step with several parents. */
export type MergeStep = (parents: readonly Lineage[], at: StepContext) => Lineage;

/** The context in which a step is taken. */
export interface StepContext {
  dependency(parent: Lineage): ShuffleDependency;
  /** Partitioning of pairs unless the author gives one. */
  defaultPartitioning(): Partitioning;
}

export function labelOf(operator: string, fn: FunctionRef | undefined): string {
  return fn?.site === undefined ? operator : `${operator} at ${formatSite(fn.site)}`;
}

/** True for operations after which keys keep their partition; `mapPartitions` has an argument for it. */
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

export function reduceByKeyStep(fn: FunctionRef, partitioning: Partitioning | undefined, operator: string): Step {
  const use: ShuffleUse = { kind: "combine", mapSide: true, create: undefined, mergeValue: fn, mergeCombiners: fn };
  return shuffleStep(use, partitioning, labelOf(operator, fn));
}

/** One step after another. */
export function chained(...steps: readonly Step[]): Step {
  return (parent, at) => steps.reduce((lineage, step) => step(lineage, at), parent);
}

export function mergeStep(how: "cogroup" | JoinKind, partitioning: Partitioning | undefined, label: string): MergeStep {
  return (parents, at) => ({
    kind: "merge",
    how,
    parents: parents.map((parent) => at.dependency(parent)),
    partitioning: partitioning ?? at.defaultPartitioning(),
    label,
  });
}
