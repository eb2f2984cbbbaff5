import { deferredNode, type Layout, type Lineage } from "@millrace/plan";
import { resolveSources } from "../action/action.ts";
import type { Dataset } from "./dataset.ts";
import type { StepContext } from "./steps.ts";

/**
 * A lineage that is created once the numbers of partitions of this one and others are known. Takes no job, only
 * resolving sources.
 */
export function whenLaidOut(
  on: Dataset,
  label: string,
  others: readonly Lineage[],
  make: (parent: Lineage, layout: Layout, at: StepContext) => Lineage,
): Lineage {
  const { context, lineage: parent, steps } = on;
  const parents = [parent, ...others];
  return deferredNode(parents, label, async () => {
    for (const one of parents) await resolveSources(one);
    return make(parent, context.planner.layout(), steps);
  });
}
