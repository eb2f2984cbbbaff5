import { naming } from "@millrace/base";
import { FirstInOrder, operators } from "@millrace/operators";
import { emptyCollection } from "../errors.ts";
import { type Compare, shipCompare } from "../partition/partitioner.ts";
import { checkCount } from "../refusal/check-all.ts";
import { collectedAfter } from "./collecting.ts";
import type { Dataset } from "./dataset.ts";
import { narrowStep } from "./steps.ts";

// Actions that find the first or last records in an order: that of values, or of a compare function.

/** More records than the driver can hold. */
const TAKEN_MAX = 10_000_000;

/** The first `num` records in order. */
export function takeOrdered<T>(on: Dataset, num: number, compare: Compare<T> | undefined): Promise<T[]> {
  return firstInOrder<T>(on, num, { compare, descending: false, operator: "takeOrdered" });
}

/** The last `num` records in order, the very last one first. */
export function top<T>(on: Dataset, num: number, compare: Compare<T> | undefined): Promise<T[]> {
  return firstInOrder<T>(on, num, { compare, descending: true, operator: "top" });
}

async function firstInOrder<T>(
  on: Dataset,
  num: number,
  options: { readonly compare: Compare<T> | undefined; readonly descending: boolean; readonly operator: string },
): Promise<T[]> {
  const { compare, descending, operator } = options;
  checkCount(num, `the number of records of ${operator}`, 0, TAKEN_MAX);
  const site = compare === undefined ? undefined : shipCompare(on.context, compare, operator).site;
  const ref = operators.takeOrdered.ref(() => [num, descending, compare], site);
  if (num === 0) return [];
  const first = new FirstInOrder<T>(num, { compare, descending });
  const step = narrowStep("mapPartitions", ref, false, operator);
  const records = await collectedAfter<T>(on, operator, step);
  return naming(operator, () => {
    first.offerAll(records);
    return first.all();
  });
}

/** The first record in order, or the last one. @throws EMPTY_COLLECTION There are no records. */
export async function outermost<T>(on: Dataset, compare: Compare<T> | undefined, last: boolean): Promise<T> {
  const operator = last ? "max" : "min";
  for (const record of await firstInOrder<T>(on, 1, { compare, descending: last, operator })) return record;
  throw emptyCollection(`${operator}() was called on an RDD without records. Check isEmpty() first.`);
}
