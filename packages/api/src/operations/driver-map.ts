import { mapTooLarge } from "../errors.ts";

/** V8 refuses more. */
const ENTRIES_MAX = 2 ** 24;

/**
 * A Map for the code of the job, of keys that are all different.
 *
 * @param entries.size Or `length`: how many there are.
 * @throws MAP_TOO_LARGE
 */
export function mapOnDriver<K, V>(
  entries: Iterable<readonly [K, V]> & ({ readonly size: number } | { readonly length: number }),
  operator: string,
  entriesMax = ENTRIES_MAX,
): Map<K, V> {
  const count = "size" in entries ? entries.size : entries.length;
  if (count <= entriesMax) return new Map(entries);
  throw mapTooLarge(
    `${operator} found ${count} different keys, and a Map holds ${entriesMax} at most. The action fails. Keep the result distributed: ` +
      "use reduceByKey or groupByKey, and save what they give or go through it with toLocalIterator; or take the part that is wanted, with filter or top.",
    { fields: { operator, keys: count, most: entriesMax } },
  );
}
