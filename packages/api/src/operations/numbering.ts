import { operators } from "@millrace/operators";
import { deferredNode, type Lineage } from "@millrace/plan";
import { partitionsOf, runAction } from "../action/action.ts";
import type { JobContext } from "../job/job-context.ts";
import { decodeRecords } from "../source/collection.ts";
import type { Dataset } from "./dataset.ts";
import { whenLaidOut } from "./laid-out.ts";
import { narrowStep } from "./steps.ts";

// Numbering of records.

export function zipWithIndex(on: Dataset): Lineage {
  const operator = "zipWithIndex";
  const { context, lineage: parent, steps } = on;
  return deferredNode([parent], operator, async () => {
    const partitions = await partitionsOf(context, parent);
    const starts = [0];
    for (const count of await partitionCounts(context, parent, operator, partitions - 1)) {
      starts.push((starts.at(-1) ?? 0) + count);
    }
    const fn = operators.zipWithIndex.ref(() => [starts]);
    return narrowStep("number", fn, false, operator)(parent, steps);
  });
}

export function zipWithUniqueId(on: Dataset): Lineage {
  const operator = "zipWithUniqueId";
  return whenLaidOut(on, operator, [], (parent, layout, at) => {
    const partitions = layout.partitions(parent);
    const fn = operators.zipWithUniqueId.ref(() => [partitions]);
    return narrowStep("number", fn, false, operator)(parent, at);
  });
}

/** Record counts of the first partitions, in order; none if they are certainly empty. */
async function partitionCounts(
  context: JobContext,
  target: Lineage,
  name: string,
  partitions: number,
): Promise<number[]> {
  if (partitions <= 0) return [];
  const first = Array.from({ length: partitions }, (_, i) => i);
  const blocks = await runAction(context, { name, target, sink: { kind: "count" }, partitions: first });
  return blocks.flatMap((block) => decodeRecords<number>(context, block));
}
