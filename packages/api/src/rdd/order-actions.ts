import { naming } from "@millrace/base";
import { FirstInOrder, operators } from "@millrace/operators";
import { emptyCollection } from "../errors.ts";
import { CONTEXT } from "../internals.ts";
import { type Compare, shipCompare } from "../range-partitioner.ts";
import { checkCount, narrowStep } from "../steps.ts";
import { collectedAfter } from "./collected.ts";
import { FoldActions } from "./fold-actions.ts";
import type { RddCore } from "./rdd-core.ts";

/** More records than the driver can be asked to hold. */
const TAKEN_MAX = 10_000_000;

/** The actions that look for the first or last records in an order: that of values, or of a compare function. */
export abstract class OrderActions<out T> extends FoldActions<T> {
  /** The first `num` records in order. */
  takeOrdered(num: number, compare?: Compare<T>): Promise<T[]> {
    return firstInOrder<T>(this, num, { compare, descending: false, operator: "takeOrdered" });
  }

  /** The last `num` records in order, the very last one first. */
  top(num: number, compare?: Compare<T>): Promise<T[]> {
    return firstInOrder<T>(this, num, { compare, descending: true, operator: "top" });
  }

  /** The first record in order. @throws EMPTY_COLLECTION There is none. */
  min(compare?: Compare<T>): Promise<T> {
    return outermost<T>(this, compare, false);
  }

  /** The last record in order. @throws EMPTY_COLLECTION There is none. */
  max(compare?: Compare<T>): Promise<T> {
    return outermost<T>(this, compare, true);
  }
}

async function firstInOrder<T>(
  rdd: RddCore<unknown>,
  num: number,
  options: { readonly compare: Compare<T> | undefined; readonly descending: boolean; readonly operator: string },
): Promise<T[]> {
  const { compare, descending, operator } = options;
  checkCount(num, `the number of records of ${operator}`, 0, TAKEN_MAX);
  const site = compare === undefined ? undefined : shipCompare(rdd[CONTEXT], compare, operator).site;
  const ref = operators.takeOrdered.ref(() => [num, descending, compare], site);
  if (num === 0) return [];
  const first = new FirstInOrder<T>(num, { compare, descending });
  const step = narrowStep("mapPartitions", ref, false, operator);
  const records = await collectedAfter<T>(rdd, operator, step);
  return naming(operator, () => {
    first.offerAll(records);
    return first.all();
  });
}

async function outermost<T>(rdd: RddCore<unknown>, compare: Compare<T> | undefined, last: boolean): Promise<T> {
  const operator = last ? "max" : "min";
  const found = await firstInOrder<T>(rdd, 1, { compare, descending: last, operator });
  if (found.length > 0) return found[0] as T; // just checked to be there
  throw emptyCollection(`${operator}() was called on an RDD without records. Ask isEmpty() before.`);
}
