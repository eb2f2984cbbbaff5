import type { FunctionRef } from "@millrace/operators";
import { dependency, type Lineage, type Partitioning, persisted, renderLineage } from "@millrace/plan";
import { badArgument, levelFixed, otherContext } from "../errors.ts";
import { DATASET } from "../internals.ts";
import type { JobContext } from "../job/job-context.ts";
import { partitioningOf, type ShuffleOptions } from "../partition/partitioner.ts";
import { checkLevel, type StorageLevel } from "../rdd/storage-level.ts";
import { notGiven } from "../refusal/not-given.ts";
import type { Carrier } from "./carrier.ts";
import type { MergeStep, Step, StepContext } from "./steps.ts";

/** An RDD as the engine sees it: its lineage, in the context of its job. */
export class Dataset implements Carrier<Lineage> {
  readonly context: JobContext;
  /** Replaced when the RDD is persisted. */
  lineage: Lineage;
  #id: number | undefined;
  /** Set by the author. */
  name: string | undefined;

  constructor(context: JobContext, lineage: Lineage) {
    this.context = context;
    this.lineage = lineage;
  }

  ship(fn: unknown, operator: string): FunctionRef {
    return this.context.ship(fn, operator);
  }

  partitioning<K>(options: ShuffleOptions<K> | undefined, operator: string): Partitioning | undefined {
    return partitioningOf(options, operator, this.context);
  }

  take(step: Step): Lineage {
    return step(this.lineage, this.steps);
  }

  merge(others: readonly unknown[], step: MergeStep, operator: string): Lineage {
    return step([this.lineage, ...this.lineagesOf(others, operator)], this.steps);
  }

  /** @throws BAD_ARGUMENT One is not an RDD. @throws OTHER_CONTEXT One belongs to another job. */
  lineagesOf(others: readonly unknown[], operator: string): Lineage[] {
    return others.map((other) => lineageIn(this.context, other, operator));
  }

  /** The context of its steps. */
  get steps(): StepContext {
    return rddSteps(this.context);
  }

  // ---- identity

  get id(): number {
    this.#id ??= this.context.nextRddId();
    return this.#id;
  }

  /** @throws BAD_ARGUMENT */
  rename(name: string): void {
    if (typeof name !== "string") throw badArgument(`the name of an RDD is a string, not ${typeof name}.`);
    this.name = name;
    this.context.nameRdd(this.lineage, name);
  }

  render(): string {
    const { context } = this;
    return renderLineage(this.lineage, { layout: context.planner.layout(), nameOf: (node) => context.nameOf(node) });
  }

  // ---- persistence

  /** @throws BAD_ARGUMENT, LEVEL_FIXED */
  persist(level: StorageLevel): void {
    checkLevel(level, "persist");
    const { lineage } = this;
    if (lineage.kind !== "persisted") {
      this.lineage = persisted(this.context.dependency(lineage), level, "persist");
    } else if (lineage.level !== level) {
      throw levelFixed(
        "persist was called on an RDD that already has another storage level, which cannot change. Call unpersist() first.",
      );
    }
  }

  unpersist(): void {
    const { lineage } = this;
    if (lineage.kind !== "persisted") return;
    this.context.dropOutput(lineage.dependency);
    this.lineage = lineage.dependency.parent;
  }

  get level(): StorageLevel | undefined {
    return this.lineage.kind === "persisted" ? this.lineage.level : undefined;
  }
}

/** Steps of RDDs: without a given number, as many partitions as the largest parent has. */
export function rddSteps(context: JobContext): StepContext {
  // Deferred steps are taken later; whether their shuffles last is decided now.
  const lasting = context.building;
  return {
    dependency: (parent) => dependency(parent, lasting),
    defaultPartitioning: () => ({ kind: "hash", partitions: "upstream" }),
  };
}

/** The engine's part of an RDD; `undefined` if the value is not an RDD. */
export function datasetOf(value: unknown): Dataset | undefined {
  if (typeof value !== "object" || value === null || !(DATASET in value)) return undefined;
  return value[DATASET] instanceof Dataset ? value[DATASET] : undefined;
}

/** @throws BAD_ARGUMENT It is not an RDD. @throws OTHER_CONTEXT It belongs to another job. */
export function lineageIn(context: JobContext, rdd: unknown, operator: string): Lineage {
  const dataset = datasetOf(rdd);
  if (dataset === undefined) throw notGiven("RDDs", rdd, operator);
  if (dataset.context === context) return dataset.lineage;
  throw otherContext(`${operator} was given an RDD of another job. Use RDDs that come from one StreamingContext.`);
}
