import { type FunctionRef, operators } from "@millrace/operators";
import type { Lineage, Partitioning } from "@millrace/plan";
import { partitionsOf } from "../action/action.ts";
import { checkCount } from "../refusal/check-all.ts";
import type { Dataset } from "./dataset.ts";
import { narrowStep, plainStep, type Step, type StepContext, shuffleStep } from "./steps.ts";

/** How `treeReduce` and `treeAggregate` merge results. */
export interface TreeOptions {
  /** Rounds of merging: the driver's, and shuffles before it; 2 by default. */
  readonly depth?: number | undefined;
  /** The last round runs on an executor too; the driver gets one result. */
  readonly finalOnExecutor?: boolean | undefined;
}

/** Partial results of partitions, merged by shuffles until they are few enough for the driver. */
export async function treeFolded(
  on: Dataset,
  partial: Step,
  options: TreeOptions & { readonly merge: FunctionRef; readonly operator: string },
): Promise<Lineage> {
  const { merge, operator, finalOnExecutor = false } = options;
  const depth = checkCount(options.depth ?? 2, `the depth of ${operator}`, 1, 16);
  const { context, steps } = on;
  context.requireBatch(operator);
  const partitions = await partitionsOf(context, on.lineage);
  return roundsOf(partitions, depth, finalOnExecutor).reduce(
    (lineage, groups) => oneRound(lineage, groups, merge, operator, steps),
    partial(on.lineage, steps),
  );
}

/** Numbers of partitions after each shuffle. */
function roundsOf(partitions: number, depth: number, finalOnExecutor: boolean): number[] {
  const scale = Math.max(Math.ceil(partitions ** (1 / depth)), 2);
  const rounds: number[] = [];
  let left = partitions;
  // Another round must save more than it adds.
  while (left > scale + Math.ceil(left / scale)) {
    left = Math.floor(left / scale);
    rounds.push(left);
  }
  if (finalOnExecutor && left > 1) rounds.push(1);
  return rounds;
}

function oneRound(parent: Lineage, groups: number, merge: FunctionRef, operator: string, at: StepContext): Lineage {
  const grouped = operators.keyByPartition.ref(() => [groups]);
  const placed: Partitioning = { kind: "custom", partitions: groups, fn: operators.identity.ref() };
  const use = { kind: "combine", mapSide: false, create: undefined, mergeValue: merge, mergeCombiners: merge } as const;
  const keyed = narrowStep("mapPartitionsWithIndex", grouped, false, operator)(parent, at);
  return plainStep("values")(shuffleStep(use, placed, operator)(keyed, at), at);
}
