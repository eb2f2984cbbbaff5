/** More ordinals than this many times the keys are not worth a table of them. */
const SPARSE = 8;

/**
 * The indices of keys by their ordinals, ascending; `undefined` if the indices are in that order as they are.
 *
 * @param isThere False for the indices that were removed.
 */
export function orderOf(
  capacity: number,
  ordinals: Float64Array,
  isThere: (index: number) => boolean,
): Int32Array | undefined {
  let keys = 0;
  let most = -1;
  let sorted = true;
  for (let index = 0; index < capacity; index++) {
    if (!isThere(index)) continue;
    const ordinal = ordinals[index] ?? 0;
    if (ordinal < most) sorted = false;
    else most = ordinal;
    keys += 1;
  }
  if (sorted) return undefined;
  return most < SPARSE * keys + 1024 ? byTable(keys, most) : bySort(keys);

  function byTable(length: number, last: number): Int32Array {
    const table = new Int32Array(last + 1);
    for (let index = 0; index < capacity; index++) if (isThere(index)) table[ordinals[index] ?? 0] = index + 1;
    const order = new Int32Array(length);
    let at = 0;
    for (const place of table) if (place > 0) order[at++] = place - 1;
    return order;
  }

  function bySort(length: number): Int32Array {
    const order = new Int32Array(length);
    let at = 0;
    for (let index = 0; index < capacity; index++) if (isThere(index)) order[at++] = index;
    return order.sort((a, b) => (ordinals[a] ?? 0) - (ordinals[b] ?? 0));
  }
}

/**
 * The indices by the time of each, ascending; those of one time in the order in which they are given. Times are those of batches,
 * so there are few.
 */
export function byTime(indices: Int32Array, times: Float64Array): Int32Array {
  const counts = new Map<number, number>();
  for (const index of indices) {
    const time = times[index] ?? 0;
    counts.set(time, (counts.get(time) ?? 0) + 1);
  }
  const places = new Map<number, number>();
  let next = 0;
  for (const time of [...counts.keys()].sort((a, b) => a - b)) {
    places.set(time, next);
    next += counts.get(time) ?? 0;
  }
  const sorted = new Int32Array(indices.length);
  for (const index of indices) {
    const time = times[index] ?? 0;
    const place = places.get(time) ?? 0;
    sorted[place] = index;
    places.set(time, place + 1);
  }
  return sorted;
}
