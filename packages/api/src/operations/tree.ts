import { type FunctionRef, operators } from "@millrace/operators";
import type { Lineage, Partitioning } from "@millrace/plan";
import { partitionsOf } from "../action/action.ts";
import { checkAll, checkCount, checkFlag, checkOptions } from "../refusal/check-all.ts";
import type { Dataset } from "./dataset.ts";
import { narrowStep, plainStep, type Step, type StepContext, shuffleStep } from "./steps.ts";

/** Options of `treeAggregate`: how totals of partitions are merged. */
export interface TreeOptions {
  /** Rounds of merging, from 1 to 16: the last on the driver, each one before it by a shuffle. 2 by default. */
  readonly depth?: number | undefined;
  /** Runs the last round on an executor too, so that the driver gets one result. False by default. */
  readonly finalOnExecutor?: boolean | undefined;
}

/**
 * The lineage of partial results, one for each partition, merged by shuffles until they are few enough for the driver.
 *
 * @throws BAD_ARGUMENT An option is unknown or invalid.
 */
export async function treeFolded(
  on: Dataset,
  partial: Step,
  {
    merge,
    operator,
    options,
  }: { readonly merge: FunctionRef; readonly operator: string; readonly options: TreeOptions },
): Promise<Lineage> {
  const { depth, finalOnExecutor } = treeOptions(options, operator);
  const { context, steps } = on;
  context.requireBatch(operator);
  const partitions = await partitionsOf(context, on.lineage);
  return roundsOf(partitions, depth, finalOnExecutor).reduce(
    (lineage, groups) => oneRound(lineage, groups, merge, operator, steps),
    partial(on.lineage, steps),
  );
}

function treeOptions(
  options: TreeOptions,
  operator: string,
): { readonly depth: number; readonly finalOnExecutor: boolean } {
  const given = checkOptions(options, ["depth", "finalOnExecutor"], operator);
  return checkAll(operator, {
    depth: () => checkCount(given.depth ?? 2, `the depth of ${operator}`, 1, 16),
    finalOnExecutor: () => checkFlag(given.finalOnExecutor ?? false, `finalOnExecutor of ${operator}`),
  });
}

/** The number of partitions after each shuffle. */
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
