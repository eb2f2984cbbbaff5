import type { Lineage } from "@millrace/plan";
import { resolveSources, runAction } from "../action/action.ts";
import type { JobContext } from "../job/job-context.ts";
import { checkCount } from "../refusal/check-all.ts";
import { decodeRecords } from "../source/collection.ts";

/** Up to this many records in all are worth a single round over all partitions. */
const AT_ONCE_RECORDS_MAX = 10_000;
/** Up to this many partitions count as few, whatever the cluster's size. */
const FEW_PARTITIONS = 8;

/**
 * The first `n` records in partition order. If there are few partitions all are read at once; otherwise the first ones,
 * then four times as many in each further round.
 */
export async function takeRecords<T>(context: JobContext, target: Lineage, n: number): Promise<T[]> {
  checkCount(n, "the number of records to take", 0, Number.MAX_SAFE_INTEGER);
  const records: T[] = [];
  if (n === 0) return records;
  context.requireBatch("take");
  await resolveSources(target);
  const total = context.planner.layout().partitions(target);
  const few = total <= Math.max(FEW_PARTITIONS, context.defaultParallelism) && total * n <= AT_ONCE_RECORDS_MAX;
  let asked = 0;
  let round = few ? total : 1;
  while (asked < total && records.length < n) {
    const partitions = Array.from({ length: Math.min(round, total - asked) }, (_, i) => asked + i);
    const left = n - records.length;
    const all = partitions.length === total;
    const sink = { kind: "collect", limit: left } as const;
    const blocks = await runAction(context, { name: "take", target, sink, ...(all ? {} : { partitions }) });
    for (const block of blocks) if (records.length < n) decodeRecords(context, block, records);
    asked += partitions.length;
    round = asked * 4;
  }
  if (records.length > n) records.length = n;
  return records;
}
