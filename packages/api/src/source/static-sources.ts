import { RECORD_BYTES_MAX } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type Lineage, source, union } from "@millrace/plan";
import { partitionsOf } from "../action/action.ts";
import { badArgument } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import { collected } from "../operations/collecting.ts";
import { Dataset, lineageIn } from "../operations/dataset.ts";
import { labelOf, narrowStep } from "../operations/steps.ts";
import { checkAll, checkCount, checkPartitions } from "../refusal/check-all.ts";
import { collectionSource } from "./collection.ts";
import { checkPath } from "./found-files.ts";
import { numberRange } from "./number-range.ts";
import { objectFiles, recordFiles, textFiles, wholeFiles } from "./static-files.ts";

// Static RDDs: of collections, numbers and files.

/** The items of a collection of the driver. @throws BAD_ARGUMENT */
export function parallelized(
  context: JobContext,
  items: Iterable<unknown>,
  numPartitions: number | undefined,
): Lineage {
  if (items === null || items === undefined || typeof items[Symbol.iterator] !== "function") {
    throw badArgument("parallelize takes an array or another iterable.");
  }
  const partitions = given(numPartitions, "parallelize");
  const list = Array.isArray(items) ? items : [...items];
  return collectionSource(context, list, { partitions, label: "parallelize" });
}

/** Whole numbers, created on executors. @throws BAD_ARGUMENT */
export function numbersFrom(
  context: JobContext,
  start: number,
  end: number | undefined,
  step: number,
  numPartitions: number | undefined,
): Lineage {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (![from, to, step].every(Number.isSafeInteger) || step === 0) {
    throw badArgument(
      `range takes whole numbers up to 2^53 - 1, and a step that is not 0; it was given ${from}, ${to} and a step of ${step}.`,
    );
  }
  const length = Math.max(0, Math.ceil((to - from) / step));
  return numberRange(context, { from, step, length }, given(numPartitions, "range"));
}

/** An RDD without partitions. */
export function nothing(): Lineage {
  return source("blocks", [], "emptyRDD");
}

/** Lines of files. */
export function linesAt(context: JobContext, path: string, minPartitions: number | undefined): Lineage {
  const { where, least } = filesOf(path, minPartitions, "textFile");
  return textFiles(context, where, least);
}

/** Each file with its text. */
export function textsAt(context: JobContext, path: string, minPartitions: number | undefined): Lineage {
  const { where, least } = filesOf(path, minPartitions, "wholeTextFiles");
  return wholeFiles(context, where, "readText", least);
}

/** Each file with its bytes. */
export function bytesAt(context: JobContext, path: string, minPartitions: number | undefined): Lineage {
  const { where, least } = filesOf(path, minPartitions, "binaryFiles");
  return wholeFiles(context, where, "readBytes", least);
}

/** Records of fixed length from files. */
export function recordsAt(context: JobContext, path: string, length: number): Lineage {
  const operator = "binaryRecords";
  const { where, recordBytes } = checkAll(operator, {
    where: () => at(path, operator),
    recordBytes: () => checkCount(length, `the length of records of ${operator}`, 1, RECORD_BYTES_MAX),
  });
  return recordFiles(context, where, recordBytes);
}

/** The records that `saveAsObjectFile` has written. */
export function objectsAt(context: JobContext, path: string): Lineage {
  return objectFiles(context, at(path, "objectFile"));
}

/** The records of each RDD in turn. */
export function unionOfRdds(context: JobContext, rdds: readonly unknown[]): Lineage {
  return union(rdds.map((rdd) => lineageIn(context, rdd, "unionRDD")));
}

/**
 * The results of a function of the job for partitions of an RDD, in the requested order.
 *
 * @typeParam T, U The records of the RDD and the results of the function, whose types only the caller knows.
 * @throws BAD_ARGUMENT There is no such partition.
 */
export async function runJob<T, U>(
  context: JobContext,
  rdd: unknown,
  fn: (records: Iterable<T>) => U | Promise<U>,
  partitions: readonly number[] | undefined,
): Promise<U[]> {
  const operator = "runJob";
  const parent = lineageIn(context, rdd, operator);
  const ref = operators.wholePartition.ref(() => [fn], context.ship(fn, operator).site);
  context.requireBatch(operator);
  const on = new Dataset(context, parent);
  const target = on.take(narrowStep("mapPartitions", ref, false, operator));
  if (partitions === undefined) return collected<U>(on, operator, target);
  const total = await partitionsOf(context, parent);
  for (const one of partitions) checkCount(one, `a partition of ${labelOf(operator, ref)}`, 0, total - 1);
  const ascending = [...new Set(partitions)].sort((a, b) => a - b);
  const results = await collected<U>(on, operator, target, ascending);
  return partitions.map((one) => results[ascending.indexOf(one)] as U); // one for each requested partition
}

function at(path: string, operator: string) {
  return { operator, path: checkPath(path, operator) };
}

function filesOf(path: string, minPartitions: number | undefined, operator: string) {
  return checkAll(operator, { where: () => at(path, operator), least: () => given(minPartitions, operator) });
}

function given(partitions: number | undefined, operator: string): number | undefined {
  return partitions === undefined ? undefined : checkPartitions(partitions, operator);
}
