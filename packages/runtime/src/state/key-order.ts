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
