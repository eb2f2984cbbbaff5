import { type FunctionRef, operators } from "@millrace/operators";
import { deferredNode, type Layout, type Lineage, type Partitioning } from "@millrace/plan";
import { resolveSources, runAction } from "../action.ts";
import { decodeRecords } from "../collection.ts";
import { CONTEXT, LINEAGE, OF } from "../internals.ts";
import type { JobContext } from "../job-context.ts";
import type { RDD } from "../rdd.ts";
import { lineageIn, rddSteps } from "../rdd-steps.ts";
import { labelOf, type MergeStep, mergeStep, narrowStep, type StepContext } from "../steps.ts";
import type { RddCore } from "./rdd-core.ts";

/** An RDD that is made once it is known how this one, and others, lie. Takes no job, but the look at sources. */
export function whenLaidOut<U>(
  rdd: RddCore<unknown>,
  label: string,
  others: readonly Lineage[],
  make: (parent: Lineage, layout: Layout, at: StepContext) => Lineage,
): RDD<U> {
  const context = rdd[CONTEXT];
  const at = rddSteps(context);
  const parent = rdd[LINEAGE];
  const parents = [parent, ...others];
  const resolve = async (): Promise<Lineage> => {
    for (const one of parents) await resolveSources(context, one);
    return make(parent, context.planner.layout(), at);
  };
  return rdd[OF](deferredNode(parents, label, resolve));
}

/** Records with their numbers, for which those of all partitions but the last are counted. */
export function indexed(rdd: RddCore<unknown>): Lineage {
  const { [CONTEXT]: context, [LINEAGE]: parent } = rdd;
  const at = rddSteps(context);
  return deferredNode([parent], "zipWithIndex", async () => {
    const partitions = await context.partitionsOf(parent);
    const counts = await partitionCounts(context, parent, "zipWithIndex", partitions - 1);
    const starts = [0];
    for (const count of counts) starts.push((starts.at(-1) ?? 0) + count);
    const fn = operators.zipWithIndex.ref(() => [starts]);
    return narrowStep("number", fn, false, "zipWithIndex")(parent, at);
  });
}

/** How many records the first partitions have, in their order; none when there cannot be any. */
async function partitionCounts(
  context: JobContext,
  target: Lineage,
  name: string,
  partitions: number,
): Promise<number[]> {
  if (partitions <= 0) return [];
  const first = Array.from({ length: partitions }, (_, i) => i);
  const blocks = await runAction(context, { name, target, sink: { kind: "count" }, partitions: first });
  return blocks.flatMap((block) => decodeRecords(context, block) as number[]); // the sink's records
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

/** Partitions of several RDDs side by side. */
export function besides(
  rdd: RddCore<unknown>,
  others: readonly RddCore<unknown>[],
  options: { readonly fn: FunctionRef | undefined; readonly keepsPartitioning: boolean; readonly operator: string },
): Lineage {
  const { fn, keepsPartitioning, operator } = options;
  const parents = [rdd[LINEAGE], ...others.map((other) => lineageIn(rdd[CONTEXT], other, operator))];
  return { kind: "zipped", parents, fn, keepsPartitioning, label: labelOf(operator, fn) };
}
