import { assertOrdered, type Comparison, comparisonBy } from "@millrace/codec";

/** Comparisons between two checks of the cancel flag. */
const CHECK_MASK = 0xffff;

/** The order of the records of a partition. */
export interface SortOrder {
  /** The compared value of a record; if absent, records are pairs, compared by key. */
  readonly key: ((record: unknown) => unknown) | undefined;
  /** The user's, or absent for the order of values. */
  readonly compare: ((a: unknown, b: unknown) => unknown) | undefined;
  readonly descending: boolean;
}

/**
 * Compares by the order: negative, 0 or positive; reversed if it is descending, so that equal records keep their order.
 *
 * @param check Called periodically; throws when the task is cancelled.
 */
export function comparison({ compare, descending }: SortOrder, check: () => void): Comparison {
  const ascending = comparisonBy(compare);
  let ticks = 0;
  return (a, b) => {
    if ((++ticks & CHECK_MASK) === 0) check();
    return descending ? ascending(b, a) : ascending(a, b);
  };
}

/**
 * The same between indices of a column. Columns of only numbers or only strings are compared in place: a third of the
 * time.
 *
 * @throws VALUE_NOT_ORDERED A key is outside the order of values, even if it is the only one.
 */
export function columnComparison(
  keys: readonly unknown[],
  order: SortOrder,
  check: () => void,
): (i: number, j: number) => number {
  const compare = comparison(order, check);
  const general = (i: number, j: number): number => compare(keys[i], keys[j]);
  if (order.compare !== undefined) return general;
  const sign = order.descending ? -1 : 1;
  let ticks = 0;
  switch (columnType(keys)) {
    case "number": {
      const numbers = Float64Array.from(keys as readonly number[]); // its type, here and below
      return (i, j) => {
        if ((++ticks & CHECK_MASK) === 0) check();
        const a = numbers[i] ?? 0;
        const b = numbers[j] ?? 0;
        return a < b ? -sign : a > b ? sign : 0;
      };
    }
    case "string": {
      const texts = keys as readonly string[];
      return (i, j) => {
        if ((++ticks & CHECK_MASK) === 0) check();
        const a = texts[i] ?? "";
        const b = texts[j] ?? "";
        return a < b ? -sign : a > b ? sign : 0;
      };
    }
    default:
      return general;
  }
}

/** The common type of all keys. NaN is not a number that `<` can compare. */
function columnType(keys: readonly unknown[]): "number" | "string" | "mixed" {
  if (keys.every((key) => typeof key === "number" && !Number.isNaN(key))) return "number";
  if (keys.every((key) => typeof key === "string")) return "string";
  for (const key of keys) assertOrdered(key);
  return "mixed";
}
