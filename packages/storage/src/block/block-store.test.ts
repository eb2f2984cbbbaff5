import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { blockId } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { BlockPool, PAGE_BYTES } from "../pool/block-pool.ts";
import { checkPool } from "../pool/check-pool.ts";
import { BlockBuilder } from "./block-builder.ts";
import { type BlockHandle, readHandle } from "./block-handle.ts";
import { BlockStore, type BlockStoreOptions } from "./block-store.ts";
import { SpillDirectory } from "./spill-file.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const newDirectory = (): string => join(root, String(count++));

interface Bench {
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly directory: string;
  readonly errors: Error[];
}

function storeOf(pages: number, options: Partial<BlockStoreOptions> = {}): Bench {
  const pool = BlockPool.create({ bytes: pages * PAGE_BYTES });
  const directory = options.directory ?? newDirectory();
  const errors: Error[] = [];
  const store = new BlockStore({ pool, directory, onError: (error) => errors.push(error), ...options });
  return { pool, store, directory, errors };
}

/** A block of one piece of whole pages, each byte `mark`. */
function block(pool: BlockPool, pages: number, mark = 1): BlockHandle {
  const slice = pool.copyIn(new Uint8Array(pages * PAGE_BYTES).fill(mark));
  if (slice === undefined) throw new Error(`no room for ${pages} pages`);
  return { kind: "memory", slices: [slice] };
}

function put({ pool, store }: Bench, id: string, pages: number, mark = 1): void {
  store.put(blockId(id), block(pool, pages, mark));
}

function marks({ pool, store }: Bench, id: string): number[] | undefined {
  const pin = store.pin(blockId(id));
  if (pin === undefined) return undefined;
  const found = [...readHandle(pin.handle, pool)].map((piece) => piece[piece.length - 1] ?? -1);
  pin.release();
  return found;
}

const spillFiles = (bench: Bench): string[] => (existsSync(bench.directory) ? readdirSync(bench.directory) : []);

describe("when memory is short, a block", () => {
  test("that can be recomputed is dropped, and no longer found", async () => {
    const bench = storeOf(10);
    bench.store.put(blockId("a"), block(bench.pool, 4, 1), "memoryOnly");
    put(bench, "b", 3, 2);
    put(bench, "c", 2, 3);
    await bench.store.settled();
    expect(marks(bench, "a")).toBeUndefined();
    expect([marks(bench, "b"), marks(bench, "c")]).toEqual([[2], [3]]);
    expect(spillFiles(bench)).toEqual([]);
  });

  test("kept on disk is already there", async () => {
    const bench = storeOf(10);
    bench.store.put(blockId("a"), block(bench.pool, 2, 7), "diskOnly");
    await bench.store.settled();
    expect(bench.pool.usedBytes).toBe(0);
    expect(marks(bench, "a")).toEqual([7]);
    expect(spillFiles(bench)).toHaveLength(1);
  });
});

describe("a block in the store", () => {
  test("is found until it is dropped, when its memory is freed", () => {
    const bench = storeOf(10);
    put(bench, "recv/0/1", 2, 7);
    expect(bench.store.has(blockId("recv/0/1"))).toBe(true);
    expect(marks(bench, "recv/0/1")).toEqual([7]);
    bench.store.drop([blockId("recv/0/1"), blockId("recv/0/2")]);
    expect(bench.store.pin(blockId("recv/0/1"))).toBeUndefined();
    expect(bench.pool.usedBytes).toBe(0);
  });

  test("that is dropped while it is read stays readable until it is released", () => {
    const bench = storeOf(10);
    put(bench, "a", 2, 7);
    const pin = bench.store.pin(blockId("a"));
    bench.store.drop([blockId("a")]);
    expect(bench.store.has(blockId("a"))).toBe(false);
    expect([...readHandle(pin?.handle ?? block(bench.pool, 1), bench.pool)][0]?.[0]).toBe(7);
    expect(bench.pool.usedBytes).toBe(2 * PAGE_BYTES);
    pin?.release();
    expect(bench.pool.usedBytes).toBe(0);
    expect(() => pin?.release()).toThrow("INVARIANT_BROKEN");
  });

  test("that is replaced while it is read stays unchanged for its reader", () => {
    const bench = storeOf(10);
    put(bench, "a", 2, 7);
    const pin = bench.store.pin(blockId("a"));
    put(bench, "a", 3, 8);
    expect([...readHandle(pin?.handle ?? block(bench.pool, 1), bench.pool)][0]?.[0]).toBe(7);
    expect(marks(bench, "a")).toEqual([8]);
    pin?.release();
    expect(bench.pool.usedBytes).toBe(3 * PAGE_BYTES);
  });

  test("is dropped with all others of its prefix, and no others", () => {
    const bench = storeOf(20);
    for (const id of ["shuffle/1/0/0/0", "shuffle/1/1/0/0", "shuffle/12/0/0/0", "recv/1/0"]) put(bench, id, 1);
    bench.store.dropPrefix("shuffle/1/");
    expect(bench.store.usage().blocks).toBe(2);
    bench.store.dropPrefix("shuffle/");
    expect(bench.store.has(blockId("recv/1/0"))).toBe(true);
    bench.store.dropPrefix("re");
    expect(bench.store.usage().blocks).toBe(0);
    expect(bench.pool.usedBytes).toBe(0);
  });

  test("is refused when there are too many, and still belongs to the caller", () => {
    const bench = storeOf(10, { blocksMax: 2 });
    for (const id of ["a", "b", "b"]) put(bench, id, 1);
    expect(() => put(bench, "c", 1)).toThrow("[STORE_FULL]");
    expect(bench.pool.usedBytes).toBe(3 * PAGE_BYTES);
  });
});

describe("a pool that fills up", () => {
  test("has its least recently used blocks moved to disk, whole and readable", async () => {
    const bench = storeOf(10);
    for (let i = 0; i < 8; i++) put(bench, `b/${i}`, 1, i);
    expect(marks(bench, "b/0")).toEqual([0]); // used again: the oldest is now b/1
    put(bench, "b/8", 1, 8); // nine of ten: past 80 %, down to 70 %
    await bench.store.settled();
    expect(bench.store.get(blockId("b/0"))?.kind).toBe("memory");
    expect(["b/1", "b/2", "b/3"].map((id) => bench.store.get(blockId(id))?.kind)).toEqual(["file", "file", "memory"]);
    for (let i = 0; i < 9; i++) expect(marks(bench, `b/${i}`)).toEqual([i]);
    expect(bench.store.usage()).toMatchObject({
      blocks: 9,
      pins: 0,
      memoryBytes: 7 * PAGE_BYTES,
      fileBytes: 2 * PAGE_BYTES,
      poolUsedBytes: 7 * PAGE_BYTES,
      spilledBytes: 2 * PAGE_BYTES,
    });
    expect(bench.errors).toEqual([]);
  });

  test("keeps blocks that are being read", async () => {
    const bench = storeOf(10);
    put(bench, "read", 6, 1);
    const pin = bench.store.pin(blockId("read"));
    put(bench, "other", 3, 2);
    await bench.store.settled();
    expect(bench.store.get(blockId("read"))?.kind).toBe("memory");
    expect(bench.store.get(blockId("other"))?.kind).toBe("file");
    pin?.release();
  });

  test("frees a block that is read while it is being spilled when the reader is done", async () => {
    const bench = storeOf(10);
    put(bench, "a", 9, 4);
    const pin = bench.store.pin(blockId("a")); // the spill has begun
    await bench.store.settled();
    expect(bench.store.get(blockId("a"))?.kind).toBe("file");
    expect([...readHandle(pin?.handle ?? block(bench.pool, 1), bench.pool)][0]?.[0]).toBe(4);
    pin?.release();
    expect(bench.pool.usedBytes).toBe(0);
    expect(marks(bench, "a")).toEqual([4]);
  });

  test("drops a block that is dropped while it is being spilled, on disk too", async () => {
    const bench = storeOf(10);
    put(bench, "a", 9);
    bench.store.drop([blockId("a")]);
    await bench.store.settled();
    expect(bench.pool.usedBytes).toBe(0);
    expect(spillFiles(bench)).toEqual([]);
  });

  test("reports a failing disk, and keeps the blocks in memory", async () => {
    const directory = newDirectory();
    writeFileSync(directory, "a file where the directory should be");
    const bench = storeOf(10, { directory });
    put(bench, "a", 9, 5);
    await bench.store.settled();
    expect(bench.errors.map(String)).toEqual([expect.stringMatching(/FILE_(EXISTS|WRONG_KIND).*144\.0 KiB of blocks/)]);
    expect(marks(bench, "a")).toEqual([5]);
  });

  test("retries a failing disk only now and then, and always once it has recovered", async () => {
    const directory = newDirectory();
    writeFileSync(directory, "a file where the directory should be");
    const bench = storeOf(10, { directory });
    put(bench, "a", 9, 5);
    await bench.store.settled();
    for (let i = 0; i < 50; i++) bench.store.put(blockId("empty"), { kind: "memory", slices: [] });
    await bench.store.settled();
    expect(bench.errors).toHaveLength(1);
    rmSync(directory);
    for (let i = 0; i < 51; i++) bench.store.put(blockId("empty"), { kind: "memory", slices: [] });
    await bench.store.settled();
    expect(bench.store.get(blockId("a"))?.kind).toBe("file");
  });
});

describe("a file of blocks", () => {
  test("is removed with the last block that has a part in it", async () => {
    const bench = storeOf(1);
    bench.pool.allocate(PAGE_BYTES);
    const spill = new SpillDirectory(bench.directory, 9).newFile();
    for (const id of ["a", "b"]) {
      const builder = new BlockBuilder(bench.pool, spill);
      builder.append(new Uint8Array(100).fill(3));
      bench.store.put(blockId(id), builder.finish());
    }
    spill.close();
    bench.store.drop([blockId("a")]);
    await bench.store.settled();
    expect(marks(bench, "b")).toEqual([3]);
    bench.store.drop([blockId("b")]);
    await bench.store.settled();
    expect(spillFiles(bench)).toEqual([]);
  });

  test("outside the store's directory is never removed", async () => {
    const bench = storeOf(1);
    const path = newDirectory();
    writeFileSync(path, "the user's own");
    bench.store.put(blockId("a"), { kind: "file", path, offset: 0, length: 3 });
    bench.store.drop([blockId("a")]);
    await bench.store.settled();
    expect(existsSync(path)).toBe(true);
  });

  test("is removed with the store", async () => {
    const bench = storeOf(10);
    put(bench, "a", 9);
    await bench.store.settled();
    await bench.store.close();
    expect(existsSync(bench.directory)).toBe(false);
    expect(bench.pool.usedBytes).toBe(0);
  });
});

test("memory of a terminated slot is freed; blocks that it had reported stay", async () => {
  const bench = storeOf(20);
  const slot = BlockPool.attach(bench.pool.handle);
  const spills = new SpillDirectory(bench.directory, slot.owner);
  mkdirSync(bench.directory);
  const reported = spills.newFile();
  const range = reported.append(new Uint8Array(10).fill(6));
  spills.newFile().append(new Uint8Array(10));
  bench.store.put(blockId("memory"), block(slot, 2, 5));
  bench.store.put(blockId("file"), { kind: "file", ...range });
  block(slot, 3);
  const pin = bench.store.pin(blockId("memory"));
  bench.store.drop([blockId("memory")]); // dropped, but still read
  await bench.store.reclaim(slot.owner);
  expect(bench.pool.usedBytes).toBe(2 * PAGE_BYTES);
  expect(marks(bench, "file")).toEqual([6]);
  expect(spillFiles(bench)).toEqual([`spill-${slot.owner}-0`]);
  pin?.release();
  expect(bench.pool.usedBytes).toBe(0);
});

test("files are recognised however their directory is named: those in use stay, the others are removed", async () => {
  const bench = storeOf(4);
  const slot = BlockPool.attach(bench.pool.handle);
  const spills = new SpillDirectory(relative(process.cwd(), bench.directory), slot.owner);
  bench.store.put(blockId("file"), { kind: "file", ...spills.newFile().append(new Uint8Array(10).fill(6)) });
  await bench.store.reclaim(slot.owner);
  expect(marks(bench, "file")).toEqual([6]);
  bench.store.drop([blockId("file")]);
  await bench.store.settled();
  expect(spillFiles(bench)).toEqual([]);
});

type Step =
  | { readonly do: "put"; readonly id: number; readonly pages: number }
  | { readonly do: "drop" | "pin" | "read"; readonly id: number }
  | { readonly do: "release"; readonly which: number }
  | { readonly do: "settle" };

const id = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), id, pages: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("drop" as const, "pin" as const, "read" as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), which: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.constant({ do: "settle" as const }) },
);

test("no sequence of operations loses a block, changes one that is read, or leaks memory or files", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bench = storeOf(12);
      const { pool, store } = bench;
      const expected = new Map<number, number>();
      let pins: { readonly mark: number; readonly pin: NonNullable<ReturnType<BlockStore["pin"]>> }[] = [];
      let mark = 0;
      const firstByte = (handle: BlockHandle): number => [...readHandle(handle, pool)][0]?.[0] ?? -1;
      for (const one of steps) {
        if (one.do === "settle") await store.settled();
        else if (one.do === "release") {
          const [released] = pins.splice(one.which % (pins.length || 1), 1);
          if (released === undefined) continue;
          expect(firstByte(released.pin.handle)).toBe(released.mark);
          released.pin.release();
        } else if (one.do === "put") {
          mark = (mark + 1) % 256;
          const slice = pool.copyIn(new Uint8Array(one.pages * PAGE_BYTES).fill(mark));
          if (slice === undefined) continue;
          store.put(blockId(`b/${one.id}`), { kind: "memory", slices: [slice] });
          expected.set(one.id, mark);
        } else if (one.do === "drop") {
          store.drop([blockId(`b/${one.id}`)]);
          expected.delete(one.id);
        } else {
          const pin = store.pin(blockId(`b/${one.id}`));
          expect(pin === undefined ? undefined : firstByte(pin.handle)).toBe(expected.get(one.id));
          if (one.do === "read") pin?.release();
          else if (pin !== undefined) pins.push({ mark: expected.get(one.id) ?? -1, pin });
        }
      }
      for (const { pin } of pins) pin.release();
      pins = [];
      store.drop([0, 1, 2, 3, 4, 5].map((n) => blockId(`b/${n}`)));
      await store.settled();
      pool.close();
      checkPool([], [pool]);
      expect(pool.usedBytes).toBe(0);
      expect(store.usage()).toMatchObject({ blocks: 0, pins: 0, memoryBytes: 0, fileBytes: 0 });
      expect(spillFiles(bench)).toEqual([]);
      expect(bench.errors).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
