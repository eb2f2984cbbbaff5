import type { FunctionRef } from "@millrace/operators";
import type { JoinKind, Lineage, NarrowKind, ShuffleUse } from "@millrace/plan";
import { DRIVER_ONLY, RDD_REMEDY } from "../function/driver-only.ts";
import { CONTEXT, LINEAGE, OF } from "../internals.ts";
import type { JobContext } from "../job-context.ts";
import { partitioningOf, type ShuffleOptions } from "../partitioner.ts";
import type { RDD } from "../rdd.ts";
import { lineageIn, rddSteps } from "../rdd-steps.ts";
import { mergeName, mergeStep, narrowStep, type Step, shuffleStep } from "../steps.ts";

/** What every layer of `RDD` stands on: the lineage that the RDD is. */
export abstract class RddCore<out _T> {
  readonly [CONTEXT]: JobContext;
  /** Another one once the RDD is persisted. */
  [LINEAGE]: Lineage;

  /** @internal */
  constructor(context: JobContext, lineage: Lineage) {
    this[CONTEXT] = context;
    this[LINEAGE] = lineage;
  }

  get [DRIVER_ONLY]() {
    return RDD_REMEDY;
  }

  /** The RDD of another lineage: the layers below do not know the class that has them all. */
  abstract [OF]<U>(lineage: Lineage): RDD<U>;
}

// These take any RDD, where methods with a `this` type have no access to private members.

export function ship(rdd: RddCore<unknown>, fn: unknown, operator: string): FunctionRef {
  return rdd[CONTEXT].ship(fn, operator);
}

export function partitioning<K>(rdd: RddCore<unknown>, options: ShuffleOptions<K> | undefined, operator: string) {
  return partitioningOf(options, operator, rdd[CONTEXT]);
}

export function stepped<U>(rdd: RddCore<unknown>, step: Step): RDD<U> {
  return rdd[OF]<U>(step(rdd[LINEAGE], rddSteps(rdd[CONTEXT])));
}

export function narrowed<U>(rdd: RddCore<unknown>, kind: NarrowKind, fn: unknown, keepsPartitioning?: boolean): RDD<U> {
  return stepped(rdd, narrowStep(kind, ship(rdd, fn, kind), keepsPartitioning));
}

export function shuffledBy<U, K>(
  rdd: RddCore<unknown>,
  use: ShuffleUse,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): RDD<U> {
  return stepped(rdd, shuffleStep(use, partitioning(rdd, options, operator), operator));
}

export function merged<U, K>(
  rdd: RddCore<unknown>,
  other: RddCore<unknown>,
  how: "cogroup" | JoinKind,
  options: ShuffleOptions<K> | undefined,
): RDD<U> {
  const context = rdd[CONTEXT];
  const operator = mergeName(how);
  const step = mergeStep(how, partitioning(rdd, options, operator));
  const parents = [rdd[LINEAGE], lineageIn(context, other, operator)];
  return rdd[OF]<U>(step(parents, rddSteps(context)));
}
