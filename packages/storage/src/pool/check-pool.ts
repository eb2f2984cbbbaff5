import { assert } from "@millrace/base";
import { type BlockPool, PAGE_BYTES, type PoolSlice } from "./block-pool.ts";

/**
 * Checks that the pool and its users agree, while none of them works: no two slices overlap, each is in a run, every
 * run is held by exactly its slices and its owner's arena, nothing unknown is held, and the count of free pages is
 * right.
 *
 * @param live Every slice that was allocated and not freed.
 * @param pools The instances of all threads, for their arenas.
 * @throws INVARIANT_BROKEN
 */
export function checkPool(live: readonly PoolSlice[], pools: readonly BlockPool[]): void {
  const [first] = pools;
  if (first === undefined) return;
  const { runs, dataOffset, freePages, pages } = first.inspect();
  const held = new Map<number, number>();
  for (const pool of pools) {
    if (pool.arenaPage !== undefined) held.set(pool.arenaPage, (held.get(pool.arenaPage) ?? 0) + 1);
  }
  const slices = live.filter((slice) => slice.length > 0).sort((a, b) => a.offset - b.offset);
  let next = 0;
  let taken = 0;
  let end = 0;
  for (const run of runs) {
    taken += run.pages;
    const runStart = dataOffset + run.firstPage * PAGE_BYTES;
    const runEnd = runStart + run.pages * PAGE_BYTES;
    let refs = held.get(run.firstPage) ?? 0;
    for (let slice = slices[next]; slice !== undefined && slice.offset < runEnd; slice = slices[++next]) {
      assert(slice.offset >= runStart, `the slice at ${slice.offset} is in no run`);
      assert(slice.offset >= end, `the slice at ${slice.offset} overlaps one that ends at ${end}`);
      end = slice.offset + slice.length;
      assert(end <= runEnd, `the slice at ${slice.offset} ends at ${end}, past its run at ${runEnd}`);
      refs += 1;
    }
    assert(run.refs === refs, `the run at page ${run.firstPage} counts ${run.refs} holders, but has ${refs}`);
  }
  assert(next === slices.length, `${slices.length - next} slices are in no run`);
  assert(freePages === pages - taken, `${freePages} pages count as free, but ${pages - taken} are`);
}
