import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockPool, PAGE_BYTES, type PoolSlice, SMALL_MAX_BYTES } from "./block-pool.ts";
import { checkPool } from "./check-pool.ts";

const poolOf = (pages: number): BlockPool => BlockPool.create({ bytes: pages * PAGE_BYTES });

function allocated(pool: BlockPool, bytes: number): PoolSlice {
  const slice = pool.allocate(bytes);
  if (slice === undefined) throw new Error(`no room for ${bytes} bytes`);
  return slice;
}

describe("a slice of the pool", () => {
  test("holds as many bytes as requested, and keeps them", () => {
    const pool = poolOf(8);
    const slice = allocated(pool, 5);
    pool.view(slice).set([1, 2, 3, 4, 5]);
    const other = allocated(pool, 40_000);
    pool.view(other).fill(9);
    expect([...pool.view(slice)]).toEqual([1, 2, 3, 4, 5]);
  });

  test("begins at a multiple of 16", () => {
    const pool = poolOf(8);
    for (const bytes of [1, 17, 3, 20_000]) expect(allocated(pool, bytes).offset % 16).toBe(0);
  });

  test("is seen by every instance that is attached to the pool", () => {
    const pool = poolOf(2);
    const slice = allocated(pool, 3);
    pool.view(slice).set([7, 8, 9]);
    expect([...BlockPool.attach(structuredClone(pool.handle)).view(slice)]).toEqual([7, 8, 9]);
  });

  test("of no bytes takes no room, even in a full pool", () => {
    const pool = poolOf(1);
    allocated(pool, PAGE_BYTES);
    const slice = allocated(pool, 0);
    expect(pool.view(slice).length).toBe(0);
    pool.free(slice);
    expect(pool.usedBytes).toBe(PAGE_BYTES);
  });

  test("cannot be freed twice", () => {
    const pool = poolOf(4);
    const slice = allocated(pool, 2 * PAGE_BYTES);
    pool.free(slice);
    expect(() => pool.free(slice)).toThrow("INVARIANT_BROKEN");
  });

  test("of another pool cannot be freed", () => {
    expect(() => poolOf(1).free({ offset: 100 * PAGE_BYTES, length: 1 })).toThrow("is outside the block pool");
  });
});

describe("the room of the pool", () => {
  test("is allocated to the last page, and then refused", () => {
    const pool = poolOf(3);
    const slices = [1, 2, 3].map(() => allocated(pool, PAGE_BYTES));
    expect(slices).toHaveLength(3);
    expect(pool.allocate(PAGE_BYTES)).toBeUndefined();
    expect(pool.allocate(1)).toBeUndefined();
  });

  test("is never allocated to a slice larger than it", () => {
    expect(poolOf(3).allocate(3 * PAGE_BYTES + 1)).toBeUndefined();
  });

  test("is shared by small slices: a thousand of 50 bytes take one run", () => {
    const pool = poolOf(16);
    for (let i = 0; i < 1000; i++) allocated(pool, 50);
    expect(pool.usedBytes).toBe(4 * PAGE_BYTES);
  });

  test("is free again when the last slice of a run is freed", () => {
    const pool = poolOf(16);
    const slices = Array.from({ length: 200 }, () => allocated(pool, 1000));
    for (const slice of slices) pool.free(slice);
    pool.close();
    expect(pool.usedBytes).toBe(0);
  });

  test("is reused from the lowest address, so that a steady load touches little memory", () => {
    const pool = poolOf(1000);
    const first = allocated(pool, 100_000);
    for (let batch = 0; batch < 100; batch++) {
      const slice = allocated(pool, 200_000);
      expect(slice.offset).toBeLessThan(first.offset + 400_000);
      pool.free(slice);
    }
  });

  test("is reused within a small arena whose slices are all freed", () => {
    const pool = poolOf(100);
    for (let i = 0; i < 10_000; i++) pool.free(allocated(pool, 10_000));
    expect(pool.usedBytes).toBe(4 * PAGE_BYTES);
  });

  test("falls back to single pages for small slices when no run is left", () => {
    const pool = poolOf(3);
    expect(pool.allocate(100)).toBeDefined();
    expect(pool.allocate(SMALL_MAX_BYTES)).toBeDefined();
  });

  test("that was refused is allocated as soon as enough of it is freed", () => {
    const pool = poolOf(6);
    const slices = [1, 2, 3].map(() => allocated(pool, 2 * PAGE_BYTES));
    for (const slice of slices.filter((_, i) => i !== 1)) pool.free(slice);
    for (let i = 0; i < 3; i++) expect(pool.allocate(3 * PAGE_BYTES)).toBeUndefined(); // four pages, but not contiguous
    for (const slice of slices.filter((_, i) => i === 1)) pool.free(slice);
    expect(pool.allocate(3 * PAGE_BYTES)).toBeDefined();
  });

  test("is counted in whole pages", () => {
    const pool = poolOf(10);
    expect(pool.capacityBytes).toBe(10 * PAGE_BYTES);
    allocated(pool, 2 * PAGE_BYTES + 1);
    expect(pool.usedBytes).toBe(3 * PAGE_BYTES);
  });

  test("may be above 4 GiB", () => {
    const pool = BlockPool.create({ bytes: 5 * 1024 ** 3 });
    const slice = allocated(pool, 4.5 * 1024 ** 3);
    const high = allocated(pool, 100_000);
    expect(high.offset).toBeGreaterThan(2 ** 32);
    pool.view(high).set([1, 2, 3]);
    expect([...pool.view({ offset: high.offset, length: 3 })]).toEqual([1, 2, 3]);
    pool.free(slice);
  });

  test("that the system refuses is a clear error", () => {
    expect(() => BlockPool.create({ bytes: 2 ** 52 })).toThrow(/POOL_NOT_CREATED.*storage\.pool\.bytes/);
  });
});

describe("the memory of a terminated thread", () => {
  test("is freed, except for slices that others use", () => {
    const main = poolOf(32);
    const slot = BlockPool.attach(main.handle);
    const reported = [allocated(slot, 10), allocated(slot, 50_000)];
    for (let i = 0; i < 5; i++) allocated(slot, 30_000);
    for (let i = 0; i < 5; i++) allocated(slot, 30);
    expect(main.reclaim(slot.owner, reported)).toBe(10 * PAGE_BYTES);
    checkPool(reported, [main]);
    for (const slice of reported) main.free(slice);
    expect(main.usedBytes).toBe(0);
  });

  test("is freed without touching that of other threads", () => {
    const main = poolOf(32);
    const dead = BlockPool.attach(main.handle);
    const other = BlockPool.attach(main.handle);
    allocated(dead, 20_000);
    const kept = [allocated(other, 20_000), allocated(other, 7), allocated(main, 9)];
    main.reclaim(dead.owner, kept);
    checkPool(kept, [main, other]);
  });
});

type Step =
  | { readonly do: "allocate"; readonly by: number; readonly bytes: number }
  | { readonly do: "free"; readonly by: number; readonly which: number }
  | { readonly do: "end"; readonly by: number; readonly reported: number };

const THREADS = 3;
const by = fc.nat(THREADS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("allocate" as const), by, bytes: fc.nat(100) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("allocate" as const), by, bytes: fc.nat(5 * PAGE_BYTES) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("free" as const), by, which: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end" as const), by, reported: fc.nat(10) }) },
);

/** In place of a thread's number. */
const OF_THE_STORE = -1;

/** A slice, its writer's mark, and its allocator. */
interface Live {
  readonly slice: PoolSlice;
  readonly mark: number;
  readonly by: number;
}

test("no sequence of allocating, freeing and terminating threads makes slices overlap or leak", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 40 }), (steps, pages) => {
      const main = poolOf(pages);
      const pools = Array.from({ length: THREADS }, () => BlockPool.attach(main.handle));
      let live: Live[] = [];
      let mark = 0;
      for (const one of steps) {
        const pool = pools[one.by] ?? main;
        if (one.do === "allocate") {
          const slice = pool.allocate(one.bytes);
          if (slice === undefined) continue;
          mark = (mark + 1) % 256;
          pool.view(slice).fill(mark);
          live.push({ slice, mark, by: one.by });
        } else if (one.do === "free") {
          const [freed] = live.splice(one.which % (live.length || 1), 1);
          if (freed !== undefined) pool.free(freed.slice);
        } else {
          // What the thread has reported now belongs to the store, and is not reclaimed with a later thread.
          live = live
            .filter((each, i) => each.by !== one.by || i < one.reported)
            .map((each) => (each.by === one.by ? { ...each, by: OF_THE_STORE } : each));
          main.reclaim(
            pool.owner,
            live.map(({ slice }) => slice),
          );
          pools[one.by] = BlockPool.attach(main.handle);
        }
        checkPool(
          live.map(({ slice }) => slice),
          [main, ...pools],
        );
      }
      for (const { slice, mark: expected } of live) {
        expect(main.view(slice).every((byte) => byte === expected)).toBe(true);
        main.free(slice);
      }
      for (const pool of pools) pool.close();
      expect(main.usedBytes).toBe(0);
      expect(main.allocate(pages * PAGE_BYTES)).toBeDefined();
    }),
    { numRuns: 200 },
  );
});
