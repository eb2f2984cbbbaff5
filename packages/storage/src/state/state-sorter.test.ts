import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { partitionOf } from "@millrace/codec";
import { locationFrom } from "@millrace/files";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import { type FoundKey, readState } from "./state-data.ts";
import { StateFiles } from "./state-files.ts";
import { removeLabs, StateLab } from "./state-lab.fixture.ts";
import { StateSorter, type UnsortedKey } from "./state-sorter.ts";

afterAll(removeLabs);

const version = { batch: epochMs(500), attempt: 0, epoch: 3 };

/** What is sorted with so little memory that there are many scratch files. */
async function sorted(rows: readonly UnsortedKey[], partitions: number, bufferBytes = 200) {
  const lab = new StateLab();
  const directory = locationFrom(join(lab.directory, "scratch"));
  const sorter = new StateSorter(new StateFiles({ files: new LocalFileSystem(), directory }), { bufferBytes });
  sorter.add("totals");
  let flushes = 0;
  for (const row of rows) {
    if (!sorter.put("totals", row)) continue;
    flushes += 1;
    await sorter.flush();
  }
  const twice = (key: unknown, first: number, again: number): Error => new Error(`${key} in ${first} and ${again}`);
  const to = { partitions, version, schema: 7, twice, onKeys: () => undefined };
  const heads = await sorter.write(lab.files, "totals", to);
  const found: (FoundKey & { readonly partition: number })[] = [];
  for (const [partition, head] of heads.heads.entries()) {
    const of = { operator: "totals", partition, partitions };
    for (const row of await readState(lab.files, of, head)) found.push({ ...row, partition });
  }
  return { found, heads, flushes };
}

const row = (key: unknown, place: number, updated?: number): UnsortedKey => ({ key, cell: place, updated, place });

describe("keys with their states, sorted on disk,", () => {
  test("are all there, once, in their partitions and in their order, however they came", async () => {
    const keys = fc.uniqueArray(fc.oneof(fc.string(), fc.integer(), fc.tuple(fc.string(), fc.boolean())), {
      selector: (key) => JSON.stringify(key),
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(keys, fc.integer({ min: 1, max: 40 }), async (all, partitions) => {
        const { found } = await sorted(
          all.map((key, at) => row(key, at)),
          partitions,
        );
        const placed = found.map(({ key, partition }) => [key, partition]);
        expect(placed).toEqual(placed.map(([key]) => [key, partitionOf(key, partitions)]));
        const inOrder = found.toSorted((a, b) => a.ordinal - b.ordinal);
        expect(inOrder.map(({ key, cell }) => [key, cell])).toEqual(all.map((key, at) => [key, at]));
      }),
      { numRuns: 25 },
    );
  });

  test("have no version in a partition without keys", async () => {
    const { heads } = await sorted([row("a", 0)], 4096);
    expect(heads.heads.filter((head) => head !== undefined)).toEqual([version]);
    expect((await sorted([], 2)).heads).toEqual({ batch: 500, partitions: 2, heads: [undefined, undefined] });
  });

  test("have times if one has, and those that have none are of the batch", async () => {
    const { found } = await sorted([row("a", 0, 70), row("b", 1)], 1);
    expect(found.map(({ key, updated, schema }) => [key, updated, schema])).toEqual([
      ["a", 70, 7],
      ["b", 500, 7],
    ]);
    expect((await sorted([row("b", 1)], 1)).found[0]?.updated).toBeUndefined();
  });

  test("are refused if one occurs twice, even in different scratch files", async () => {
    const many = Array.from({ length: 50 }, (_, at) => row(`k${at}`, at));
    await expect(sorted([...many, row("k3", 50)], 4)).rejects.toThrow("k3 in 3 and 50");
    expect((await sorted(many, 4)).flushes).toBeGreaterThan(3);
  });
});
