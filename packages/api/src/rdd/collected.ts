import type { Lineage } from "@millrace/plan";
import { runAction } from "../action.ts";
import { decodeRecords } from "../collection.ts";
import { CONTEXT, LINEAGE } from "../internals.ts";
import { rddSteps } from "../rdd-steps.ts";
import type { Step } from "../steps.ts";
import type { RddCore } from "./rdd-core.ts";

/**
 * The records of an RDD, brought to the driver in partition order.
 *
 * @typeParam U What they are, as the caller knows.
 * @param partitions Only these, ascending.
 */
export async function collected<U>(
  rdd: RddCore<unknown>,
  name: string,
  target: Lineage = rdd[LINEAGE],
  partitions?: readonly number[],
): Promise<U[]> {
  const context = rdd[CONTEXT];
  const sink = { kind: "collect" } as const;
  const blocks = await runAction(context, { name, target, sink, ...(partitions === undefined ? {} : { partitions }) });
  const records: unknown[] = [];
  for (const block of blocks) decodeRecords(context, block, records);
  return records as U[]; // of the type that the caller knows
}

/** What a step makes of the partitions of an RDD, brought to the driver. */
export function collectedAfter<U>(rdd: RddCore<unknown>, name: string, step: Step): Promise<U[]> {
  return collected<U>(rdd, name, step(rdd[LINEAGE], rddSteps(rdd[CONTEXT])));
}
