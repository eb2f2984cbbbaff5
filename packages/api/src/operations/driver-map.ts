import { mapTooLarge } from "../errors.ts";

/** V8's limit. */
const ENTRIES_MAX = 2 ** 24;

/**
 * A Map with distinct keys for the job's code.
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
    `${operator} found ${count} distinct keys, and a Map holds at most ${entriesMax}. The action fails. Keep the result distributed: ` +
      "use reduceByKey or groupByKey, and save the result or iterate it with toLocalIterator; or select the part you need, with filter or top.",
    { fields: { operator, keys: count, most: entriesMax } },
  );
}
