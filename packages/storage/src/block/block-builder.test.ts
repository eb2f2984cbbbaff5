import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { BlockPool, PAGE_BYTES } from "../pool/block-pool.ts";
import { BlockBuilder, freeSlices } from "./block-builder.ts";
import { type BlockHandle, handleBytes, readHandle } from "./block-handle.ts";
import { SpillDirectory } from "./spill-file.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-blocks-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const poolOf = (pages: number): BlockPool => BlockPool.create({ bytes: pages * PAGE_BYTES });
const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
/** Length and first byte of each piece. */
const pieces = (handle: BlockHandle, pool: BlockPool): number[][] =>
  [...readHandle(handle, pool)].map((piece) => [piece.length, piece[0] ?? -1]);

let count = 0;
const spillDirectory = (): string => join(root, String(count++));

describe("a block", () => {
  test("is read in the pieces in which it was built", () => {
    const pool = poolOf(8);
    const builder = new BlockBuilder(pool, new SpillDirectory(spillDirectory(), 1).newFile());
    for (const [length, byte] of [
      [3, 1],
      [40_000, 2],
      [0, 9],
      [5, 3],
    ] as const)
      builder.append(filled(length, byte));
    const handle = builder.finish();
    expect(handle.kind).toBe("memory");
    expect(pieces(handle, pool)).toEqual([
      [3, 1],
      [40_000, 2],
      [5, 3],
    ]);
    expect(handleBytes(handle)).toBe(40_008);
  });

  test("may be empty", () => {
    const pool = poolOf(1);
    const handle = new BlockBuilder(pool, new SpillDirectory(spillDirectory(), 1).newFile()).finish();
    expect(handleBytes(handle)).toBe(0);
    expect(pieces(handle, pool)).toEqual([]);
  });

  test("continues in a file when the pool is full, and in the pool again when there is room", () => {
    const pool = poolOf(3);
    const spill = new SpillDirectory(spillDirectory(), 1).newFile();
    const builder = new BlockBuilder(pool, spill);
    builder.append(filled(2 * PAGE_BYTES, 1));
    for (let i = 2; i < 5; i++) builder.append(filled(2 * PAGE_BYTES, i));
    builder.append(filled(PAGE_BYTES, 5));
    expect(builder.spilledBytes).toBe(6 * PAGE_BYTES);
    spill.close();
    const handle = builder.finish();
    expect(handle).toMatchObject({ kind: "mixed", parts: [{ kind: "memory" }, { kind: "file" }, { kind: "memory" }] });
    expect(pieces(handle, pool)).toEqual([1, 2, 3, 4].map((byte) => [2 * PAGE_BYTES, byte]).concat([[PAGE_BYTES, 5]]));
    expect(handleBytes(handle)).toBe(9 * PAGE_BYTES);
    freeSlices(handle, pool);
    pool.close();
    expect(pool.usedBytes).toBe(0);
  });

  test("shares a spill file with the other blocks of its task", () => {
    const pool = poolOf(1);
    pool.allocate(PAGE_BYTES);
    const spill = new SpillDirectory(spillDirectory(), 1).newFile();
    const builders = [new BlockBuilder(pool, spill), new BlockBuilder(pool, spill)];
    for (let i = 0; i < 4; i++) builders[i % 2]?.append(filled(100 + i, i));
    const handles = builders.map((builder) => builder.finish());
    expect(handles.map((handle) => pieces(handle, pool))).toEqual([
      [
        [100, 0],
        [102, 2],
      ],
      [
        [101, 1],
        [103, 3],
      ],
    ]);
  });

  test("can be filled in place, in the pool and on disk", () => {
    const pool = poolOf(2);
    const builder = new BlockBuilder(pool, new SpillDirectory(spillDirectory(), 1).newFile());
    for (const byte of [1, 2]) {
      const reservation = builder.reserve(2 * PAGE_BYTES);
      reservation.target.fill(byte);
      reservation.commit();
    }
    expect(pieces(builder.finish(), pool)).toEqual([
      [2 * PAGE_BYTES, 1],
      [2 * PAGE_BYTES, 2],
    ]);
  });

  test("that is discarded leaves nothing behind", () => {
    const pool = poolOf(4);
    const directory = spillDirectory();
    const spill = new SpillDirectory(directory, 1).newFile();
    const builder = new BlockBuilder(pool, spill);
    builder.append(filled(2 * PAGE_BYTES, 1));
    builder.reserve(PAGE_BYTES + 1).cancel();
    builder.append(filled(3 * PAGE_BYTES, 1));
    builder.discard();
    spill.discard();
    expect(pool.usedBytes).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a spill file", () => {
  test("does not exist before something is appended", () => {
    const spill = new SpillDirectory(spillDirectory(), 1).newFile();
    spill.close();
    expect(existsSync(spill.path)).toBe(false);
    expect(spill.append(filled(3, 1))).toEqual({ path: spill.path, offset: 0, length: 3 });
    spill.discard();
    expect(existsSync(spill.path)).toBe(false);
  });

  test("that cannot be written is an error with path and remedy", () => {
    const directory = spillDirectory();
    writeFileSync(directory, "a file where the directory should be");
    const spill = new SpillDirectory(directory, 1).newFile();
    expect(() => spill.append(filled(3, 1))).toThrow(/^\[FILE_(EXISTS|WRONG_KIND)\] could not spill to .*spill-1-0/);
  });

  test("that was cut short fails the reader, for the parent stage to run again", () => {
    const pool = poolOf(1);
    const spill = new SpillDirectory(spillDirectory(), 1).newFile();
    const range = spill.append(filled(1000, 1));
    spill.close();
    truncateSync(spill.path, 400);
    expect(() => [...readHandle({ kind: "file", ...range }, pool)]).toThrow(
      expect.objectContaining({
        code: "BLOCK_LOST",
        retry: "parent-stage",
        message: expect.stringContaining("ends at byte 400"),
      }),
    );
    rmSync(spill.path);
    expect(() => [...readHandle({ kind: "file", ...range }, pool)]).toThrow("BLOCK_LOST");
  });
});
