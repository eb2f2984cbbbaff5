import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalFileSystem } from "@millrace/storage";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import {
  entriesOf,
  idleOf,
  keys,
  type LabOptions,
  removeLabs,
  SNAPSHOT_DELTAS,
  StoreLab,
} from "./store-lab.fixture.ts";

afterAll(removeLabs);

describe("the files of a partition", () => {
  test("have a bounded number, however many batches there were", async () => {
    const lab = new StoreLab();
    let most = 0;
    for (let i = 0; i < 300; i++) {
      await lab.batch(new Map([[`k${i % 7}`, i]]));
      await lab.store.saved();
      most = Math.max(most, lab.files.length);
    }
    // Deltas and slices of three rounds: the oldest one is removed when the third ends.
    const slices = 4 + 1;
    expect(most).toBeLessThanOrEqual(3 * (SNAPSHOT_DELTAS + slices) + 2);
    const before = await lab.entries();
    await lab.restart();
    expect(await lab.entries()).toEqual(before);
  });

  test("have no delta of a batch that changed nothing", async () => {
    const lab = new StoreLab();
    await lab.batch(new Map([["a", 1]]));
    await lab.batch(new Map());
    await lab.batch(new Map([["unknown", undefined]]));
    expect(lab.files).toEqual(["1-0-1.delta"]);
    expect(lab.ref().head).toEqual({ batch: 1, attempt: 0, epoch: 1 });
  });

  test("need no slice: one that cannot be written fails no batch, and is tried again", async () => {
    let refused = 0;
    class NoSlices extends LocalFileSystem {
      override async write(...[path, ...rest]: Parameters<LocalFileSystem["write"]>): Promise<void> {
        if (path.endsWith(".slice") && ++refused <= 2) throw new Error("the disk is full");
        await super.write(path, ...rest);
      }
    }
    const lab = new StoreLab();
    await lab.restart(new NoSlices());
    for (let i = 1; i <= 40; i++) {
      await lab.batch(new Map([["n", i]]));
      await lab.store.saved();
    }
    expect(refused).toBeGreaterThan(3);
    await lab.restart();
    expect(await lab.entries()).toEqual([["n", 40]]);
  });

  test("are written one slice a batch", async () => {
    const written: number[] = [];
    class Counted extends LocalFileSystem {
      override async write(...[path, ...rest]: Parameters<LocalFileSystem["write"]>): Promise<void> {
        if (path.endsWith(".slice")) written[written.length - 1] = (written.at(-1) ?? 0) + 1;
        await super.write(path, ...rest);
      }
    }
    const lab = new StoreLab();
    await lab.restart(new Counted());
    for (let i = 0; i < 60; i++) {
      written.push(0);
      await lab.batch(i === 0 ? keys(20, i) : new Map([["k3", i]]));
      await lab.store.saved();
    }
    expect(Math.max(...written)).toBe(1);
    expect(written.reduce((a, b) => a + b)).toBeGreaterThan(40);
  });

  test("are missing altogether: the error says what may be the reason", async () => {
    const lab = new StoreLab();
    await lab.batch(new Map([["a", 1]]));
    await lab.restart();
    rmSync(lab.folder, { recursive: true });
    await expect(lab.entries()).rejects.toThrow(
      /STATE_NOT_FOUND.*in version 1-0-1 is not in .*; the newest there is none/,
    );
  });

  test("are damaged: an older slice is read, and the operator is told", async () => {
    const lab = new StoreLab();
    for (let i = 0; i < 30; i++) {
      await lab.batch(i === 0 ? keys(6, 0) : new Map([[`k${i % 6}`, i]]));
      await lab.store.saved();
    }
    const before = await lab.entries();
    const newest =
      lab.files
        .filter((name) => name.endsWith(".slice"))
        .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
        .at(-1) ?? "";
    writeFileSync(join(lab.folder, newest), "torn");
    await lab.restart();
    expect(await lab.entries()).toEqual(before);
    expect(lab.troubles).toContainEqual(
      expect.objectContaining({
        code: "STATE_SLICE_DAMAGED",
        message: expect.stringContaining(newest),
      }),
    );
  });
});

describe("a state", () => {
  const batch = fc.record({
    changes: fc.uniqueArray(fc.tuple(fc.constantFrom(..."abcdefgh"), fc.option(fc.nat(9), { nil: undefined })), {
      selector: ([key]) => key,
      maxLength: 4,
    }),
    fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    restarts: fc.integer({ min: 0, max: 6 }).map((n) => n === 0),
  });

  test.each<[string, LabOptions]>([
    ["with idle keys", { timed: true }],
    ["visited", { everyKey: true }],
    ["touched", {}],
  ])("is the same as a map after any batches, failures and losses, in the same order: %s", async (_, options) => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 20, maxLength: 60 }), async (batches) => {
        const lab = new StoreLab(options);
        const model = new Map<string, number>();
        for (const { changes, fails, restarts } of batches) {
          await lab.batch(new Map(changes), { fails });
          if (!fails) {
            for (const [key, value] of changes) {
              if (value === undefined) model.delete(key);
              else model.set(key, value);
            }
          }
          if (!restarts) continue;
          const held = await lab.state();
          const before = [entriesOf(held), idleOf(held)];
          await lab.restart();
          if (options.timed !== true && options.everyKey !== true) continue; // it is read by the batches that follow
          const loaded = await lab.state();
          expect([entriesOf(loaded), idleOf(loaded)]).toEqual(before);
        }
        // Without times, a key that is put again keeps its place in a map as well.
        expect(await lab.entries()).toEqual([...model]);
      }),
      { numRuns: 7 }, // on each of two stores,
    );
  });
});
