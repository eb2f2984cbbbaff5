import type { Lineage } from "@millrace/plan";
import { partitionsOf, resolveSources, runAction } from "../action/action.ts";
import { emptyCollection } from "../errors.ts";
import { objectFormat, type SaveTextOptions, saveRecords, textFormat } from "../output/save-records.ts";
import { type Partitioner, partitionerOf } from "../partition/partitioner.ts";
import { decodeRecords } from "../source/collection.ts";
import type { Dataset } from "./dataset.ts";
import { labelOf, type Step } from "./steps.ts";
import { takeRecords } from "./take.ts";

// Actions that return records to the driver unchanged, or send them elsewhere.

/**
 * The records of an RDD on the driver, in partition order.
 *
 * @typeParam U Their type, as the caller knows.
 * @param partitions Only these, ascending.
 */
export async function collected<U>(
  on: Dataset,
  name: string,
  target: Lineage = on.lineage,
  partitions?: readonly number[],
): Promise<U[]> {
  const { context } = on;
  const sink = { kind: "collect" } as const;
  const blocks = await runAction(context, { name, target, sink, ...(partitions === undefined ? {} : { partitions }) });
  const records: U[] = [];
  for (const block of blocks) decodeRecords(context, block, records);
  return records;
}

/** The results of a step on the partitions of an RDD, on the driver. */
export function collectedAfter<U>(on: Dataset, name: string, step: Step): Promise<U[]> {
  return collected<U>(on, name, on.take(step));
}

export async function* toLocalIterator<T>(on: Dataset): AsyncGenerator<T, void, undefined> {
  const operator = "toLocalIterator";
  const { context, lineage } = on;
  context.requireBatch(operator);
  const partitions = await partitionsOf(context, lineage);
  for (let p = 0; p < partitions; p += 1) yield* await collected<T>(on, operator, lineage, [p]);
}

export async function count({ context, lineage: target }: Dataset): Promise<number> {
  const blocks = await runAction(context, { name: "count", target, sink: { kind: "count" } });
  let sum = 0;
  for (const block of blocks) for (const n of decodeRecords<number>(context, block)) sum += n;
  return sum;
}

export async function take<T>({ context, lineage }: Dataset, n: number): Promise<T[]> {
  return takeRecords<T>(context, lineage, n);
}

export async function first<T>(on: Dataset): Promise<T> {
  for (const record of await take<T>(on, 1)) return record;
  throw emptyCollection("first() was called on an RDD without records. Check isEmpty() first, or use take(1).");
}

export async function isEmpty(on: Dataset): Promise<boolean> {
  return (await take(on, 1)).length === 0;
}

export async function runEach(on: Dataset, kind: "foreach" | "foreachPartition", fn: unknown): Promise<void> {
  const ref = on.ship(fn, kind);
  const sink = { kind, fn: ref, label: labelOf(kind, ref) } as const;
  await runAction(on.context, { name: kind, target: on.lineage, sink });
}

export async function saveAsTextFile(on: Dataset, path: string, options: SaveTextOptions): Promise<void> {
  await saveRecords(on.context, on.lineage, path, textFormat(options, "saveAsTextFile"));
}

export async function saveAsObjectFile(on: Dataset, path: string): Promise<void> {
  await saveRecords(on.context, on.lineage, path, objectFormat("saveAsObjectFile"));
}

export async function partitionCount({ context, lineage }: Dataset): Promise<number> {
  return partitionsOf(context, lineage);
}

export async function partitioner({ context, lineage }: Dataset): Promise<Partitioner<unknown> | undefined> {
  await resolveSources(lineage);
  return partitionerOf(context.planner.layout().partitioningOf(lineage));
}
