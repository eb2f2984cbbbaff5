import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { type Location, locationFrom, nameIn } from "@millrace/files";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import type { GroupRange } from "./file-names.ts";
import { StateFiles } from "./state-files.ts";

import { ALL, inOrder, removeLabs, StateLab, totals, writeState } from "./state-lab.fixture.ts";

afterAll(removeLabs);

describe("sweeping", () => {
  test("removes what two generations of slices have replaced, and attempts that were not committed", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    await lab.batch({ a: 666 }, { fails: true });
    await lab.batch({ a: 2 });
    const one = await lab.slice(-1);
    await lab.batch({ a: 3 });
    const two = await lab.slice(-1);
    const head = await lab.batch({ a: 4 });
    await lab.sweep(head);
    expect(lab.names).toEqual(["300-0-1.delta", one, "400-0-1.delta", two, "500-0-1.delta"].sort());
    lab.damage(two);
    expect(await lab.read()).toEqual([["a", 4]]);
  });

  test("keeps what an older version needs that may still be read", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    const oldest = await lab.batch({ a: 2 });
    for (let i = 0; i < 3; i++) {
      await lab.batch({ a: 3 + i });
      await lab.slice(-1);
    }
    await lab.sweep(oldest);
    expect(await lab.read(oldest)).toEqual([["a", 2]]);
    expect(lab.names).toHaveLength(8);
  });

  test("does not touch files that it does not know", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    const others = ["notes.txt", ".100-0-1.delta", "100.delta", "100-0-1.delta.bak", "100-0-1.slice.tmp"];
    for (const name of others) writeFileSync(join(lab.folder, name), "");
    for (let i = 0; i < 3; i++) {
      await lab.batch({ a: i });
      await lab.slice(-1);
    }
    await lab.sweep(await lab.batch({ a: 9 }));
    expect(lab.names).toEqual(expect.arrayContaining(others));
    expect(lab.names).not.toContain("100-0-1.delta");
  });

  test("removes what a write that was cut off has left, but not of a version that may still be written", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    const old = [".100-0-1.delta.7-0-1.tmp", "100-0-1.delta.7-0-2.tmp", ".100-0-1.0-4095.slice.7-12-1.tmp"];
    const recent = ".200-1-1.delta.7-0-1.tmp";
    for (const name of [...old, recent]) writeFileSync(join(lab.folder, name), "");
    await lab.sweep(await lab.batch({ a: 2 }));
    expect(lab.names).toEqual([recent, "100-0-1.delta", "200-0-1.delta"]);
  });

  test("of a chain that is known no further than it was read removes the same in the end", async () => {
    const lab = new StateLab();
    for (let i = 0; i < 6; i++) {
      await lab.batch({ a: i });
      await lab.slice(-1);
    }
    const head = await lab.batch({ a: 6 });
    const { chain } = await lab.files.open(totals, head, { take: () => undefined });
    expect(chain.length).toBeLessThan(4);
    await lab.files.sweep(totals, { chain, oldest: head.batch });
    expect(lab.names.map((name) => name.slice(0, 3))).toEqual(["500", "500", "600", "600", "700"]);
  });

  test("removes what was written for another number of partitions once no version of that is read", async () => {
    const lab = new StateLab();
    const version = { batch: epochMs(50), attempt: 0, epoch: 1 };
    const content = { version, schema: 0, timed: false, entries: [] };
    for (const partition of [0, 1]) await writeState(lab.files, { ...totals, partition, partitions: 2 }, content);
    await writeState(lab.files, { ...totals, partition: 2, partitions: 3 }, content);
    writeFileSync(join(lab.directory, "state/totals/3-2/notes.txt"), "");
    const first = await lab.batch({ a: 1 });
    await lab.files.sweep(totals, { chain: [first], oldest: epochMs(99) });
    expect(readdirSync(join(lab.directory, "state/totals"))).toHaveLength(4);
    await lab.files.sweep(totals, { chain: [first], oldest: epochMs(100) });
    expect(readdirSync(join(lab.directory, "state/totals")).sort()).toEqual(["1-0", "3-2"]);
    expect(readdirSync(join(lab.directory, "state/totals/3-2"))).toEqual(["notes.txt"]);
  });

  test("makes durable what stays, before it removes anything", async () => {
    const lab = new StateLab();
    for (let i = 0; i < 4; i++) {
      await lab.batch({ a: i });
      await lab.slice(-1);
    }
    const head = await lab.batch({ a: 4 });
    const done: string[] = [];
    class Recorded extends LocalFileSystem {
      override async sync(files: readonly Location[], root: Location): Promise<void> {
        await super.sync(files, root);
        done.push(...files.map((file) => `sync ${nameIn(file)}`));
      }
      override async remove(path: Location): Promise<void> {
        done.push(`remove ${nameIn(path)}`);
        await super.remove(path);
      }
    }
    const directory = locationFrom(lab.directory);
    const files = new StateFiles({ files: new Recorded(), directory, sync: true });
    const chain = lab.committed.map(({ version }) => version).reverse();
    await files.sweep(totals, { chain, oldest: head.batch });
    const firstRemoved = done.findIndex((one) => one.startsWith("remove"));
    expect(done.slice(0, firstRemoved).sort()).toEqual(["sync 300-0-1.0-4095.slice", "sync 400-0-1.0-4095.slice"]);
    expect(done.slice(firstRemoved).every((one) => one.startsWith("remove"))).toBe(true);
  });

  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("batch" as const),
        changes: fc.dictionary(fc.constantFrom(..."abcdefgh"), fc.option(fc.nat(9), { nil: undefined }), {
          maxKeys: 4,
        }),
        fails: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("slice" as const),
        back: fc.integer({ min: 1, max: 3 }),
        part: fc.constantFrom(0, 1, 2, 3),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("merge" as const),
        many: fc.integer({ min: 1, max: 5 }),
        newest: fc.integer({ min: 0, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("sweep" as const), back: fc.integer({ min: 1, max: 4 }) }) },
  );
  const PARTS: readonly GroupRange[] = [
    ALL,
    { first: 0, last: 1499 },
    { first: 1500, last: 2999 },
    { first: 3000, last: 4095 },
  ];

  test("leaves every version from the oldest on readable, without its newest slices and merged deltas too", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
        const lab = new StateLab();
        let oldest = 0;
        for (const one of steps) {
          const last = lab.committed.length;
          if (one.kind === "batch") await lab.batch(one.changes, one);
          else if (one.kind === "merge") await lab.merge(one.many, one.newest);
          else if (one.kind === "slice") {
            // Only the published version is written: the last one, or the one before it while a batch runs.
            if (last > oldest) await lab.slice(-1, PARTS[one.part]);
          } else if (last > 0) {
            oldest = Math.max(oldest, last - Math.min(one.back, last));
            const version = lab.committed[oldest]?.version;
            if (version !== undefined) await lab.sweep(version);
          }
        }
        for (const { version, content } of lab.committed.slice(oldest)) {
          expect(await lab.read(version)).toEqual(inOrder(content));
        }
        for (const { version, content } of lab.committed.slice(oldest).slice(-4)) {
          expect(await lab.readMerged(version)).toEqual(inOrder(content));
        }
        expect(lab.damaged).toEqual([]);
        for (const part of PARTS) {
          const newest = lab.names
            .filter((name) => name.endsWith(`.${part.first}-${part.last}.slice`))
            .sort()
            .at(-1);
          if (newest !== undefined) lab.damage(newest);
          if (newest !== undefined) break; // one at a time
        }
        const last = inOrder(lab.committed.at(-1)?.content ?? new Map());
        expect(await lab.read()).toEqual(last);
        for (const name of lab.names) if (/merged$|part$/.test(name)) lab.damage(name);
        expect(await lab.readMerged()).toEqual(last);
      }),
      { numRuns: 12 },
    );
  });
});
